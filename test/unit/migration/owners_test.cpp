#include "shared/migration/owners.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace migrate;
using Json = nlohmann::json;

Json own_pod() {
  return Json::parse(R"({"metadata": {"name": "orders", "namespace": "shop", "uid": "uid-source"}})");
}

Migration migration_of_orders() {
  Migration made;
  made.namespace_ = "shop";
  made.name = "orders-1";
  made.uid = "uid-migration";
  return made;
}

Json of_set(const char* kind = "StatefulSet") {
  Json pod = own_pod();
  pod["metadata"]["ownerReferences"] = {{{"apiVersion", "apps/v1"},
                                         {"kind", kind},
                                         {"name", "orders"},
                                         {"uid", "uid-set"},
                                         {"controller", true},
                                         {"blockOwnerDeletion", true}}};
  return pod;
}

BOOST_AUTO_TEST_SUITE(owners_)

BOOST_AUTO_TEST_CASE(who_controls_it_owns_it) {
  BOOST_CHECK((owner_of(of_set()) == OwnerRef{"StatefulSet", "orders", "uid-set"}));
  BOOST_CHECK((owner_of(of_set("ReplicaSet")) == OwnerRef{"ReplicaSet", "orders", "uid-set"}));
  BOOST_CHECK(!owner_of(own_pod()));
  BOOST_CHECK(!owner_of(of_set("DaemonSet")));
  Json other = of_set();
  other["metadata"]["ownerReferences"][0]["controller"] = false;
  BOOST_CHECK(!owner_of(other));
  Json foreign = of_set();
  foreign["metadata"]["ownerReferences"][0]["apiVersion"] = "apps.kruise.io/v1beta1";
  BOOST_CHECK(!owner_of(foreign));
}

BOOST_AUTO_TEST_CASE(lent_it_has_both_and_one_controller) {
  const Migration migration = migration_of_orders();
  Json pod = of_set();
  const Json own = pod["metadata"]["ownerReferences"];
  pod["metadata"]["ownerReferences"] = lent_owners(pod, migration);
  const Json& lent = pod["metadata"]["ownerReferences"];
  BOOST_REQUIRE(lent.size() == 2U);
  BOOST_TEST(lent[0]["uid"] == "uid-set");
  BOOST_TEST(lent[0]["controller"] == false);
  BOOST_TEST(lent[0]["blockOwnerDeletion"] == true);
  BOOST_TEST(lent[1]["kind"] == "Migration");
  BOOST_TEST(lent[1]["uid"] == "uid-migration");
  BOOST_TEST(lent[1]["controller"] == true);
  BOOST_TEST(is_lent_to(pod, migration));
  BOOST_TEST(!borrower_of(of_set()));
  BOOST_CHECK((borrower_of(pod) == OwnerRef{"Migration", "orders-1", "uid-migration"}));
  // It is the set's all the same, and is given back as it was.
  BOOST_CHECK((owner_of(pod) == OwnerRef{"StatefulSet", "orders", "uid-set"}));
  BOOST_TEST(own_owners(pod) == own);
}

// A shadow is lent to the first hop when the second one takes it for its source.
BOOST_AUTO_TEST_CASE(what_is_lent_already_is_lent_on) {
  const Migration first = migration_of_orders();
  Migration second = first;
  second.name = "orders-1-name-1";
  second.uid = "uid-second";
  Json shadow = of_set();
  shadow["metadata"]["ownerReferences"] = lent_owners(shadow, first);
  BOOST_TEST(!is_lent_to(shadow, second));
  const Json lent = lent_owners(shadow, second);
  BOOST_REQUIRE(lent.size() == 2U);
  BOOST_TEST(lent[0]["controller"] == false);
  BOOST_TEST(lent[1]["uid"] == "uid-second");
}

BOOST_AUTO_TEST_CASE(a_pod_of_its_own_is_lent_to_nobody) {
  BOOST_TEST(lent_owners(own_pod(), migration_of_orders()).empty());
  BOOST_TEST(own_owners(own_pod()).empty());
  // Of a Job it is refused; until then there is one controller.
  const Json of_job = of_set("Job");
  BOOST_TEST(lent_owners(of_job, migration_of_orders()) == of_job["metadata"]["ownerReferences"]);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
