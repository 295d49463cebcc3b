// The name of a set's Pod that moves live is freed as its source is removed: only while something holds it, or where
// there is none to hold.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <utility>

#include "test/unit/controller/shadowed.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using MaybeError = std::optional<kube::ApiError>;

// It was proven before the freeze, which may be days ago when the name is to be free.
struct Unheld : Shadowed {
  Unheld() {
    on_switching = [this] { is_installed = false; };
  }
  [[nodiscard]] std::string uid_of_source() const {
    return text_at(cluster.look(pod(kPod)).value_or(Json::object()), {"metadata", "uid"});
  }
  [[nodiscard]] bool is_held() const {
    const MigrationStatus now = status();
    const Condition* held = find_condition(now, kNameHeldCondition);
    return held != nullptr && held->value;
  }
  [[nodiscard]] bool warns_of_name() const {
    const auto warnings = status().warnings;
    return std::any_of(warnings.begin(), warnings.end(),
                       [](const std::string& one) { return one.find(kNamePolicy) != std::string::npos; });
  }
};

// Something happens as its source is about to go, which no liveness probe makes urgent, unless there is one.
struct Finishing : Unheld {
  explicit Finishing(bool is_probed = false) {
    if (!is_probed)
      cluster.change(pod(kPod), [](Json& object) { object["spec"]["containers"][0].erase("livenessProbe"); });
    cluster.before_read = [this, before = cluster.before_read](const kube::ResourcePath& where) -> MaybeError {
      look();
      return is_refused(where) ? forbidden("cannot get") : before(where);
    };
    cluster.before_write = [this, before = cluster.before_write](const std::string& verb,
                                                                 const kube::ResourcePath& where) -> MaybeError {
      look();
      if (is_refused(where)) return forbidden("cannot " + verb);
      if (verb == "delete" && where.name == kPod) is_source_removed = true;
      return before(verb, where);
    };
    cluster.deny = [this, before = cluster.deny](const kube::ResourcePath& where, const Json& object) -> MaybeError {
      if (where.namespace_ == "shop" && is_terminating)
        return forbidden("unable to create new content in namespace shop because it is being terminated");
      if (is_account_gone && text_at(object, {"spec", "serviceAccountName"}) == "orders")
        return forbidden("error looking up service account shop/orders: serviceaccount \"orders\" not found");
      return before(where, object);
    };
  }
  void look() {
    if (!on_finishing || !cluster.look(path()) || status().phase != Phase::finishing) return;
    const auto happen = std::exchange(on_finishing, nullptr);
    happen();
  }
  [[nodiscard]] bool is_refused(const kube::ResourcePath& where) const {
    return are_rights_gone && (where.plural == "pods" || where.plural == "statefulsets");
  }
  static kube::ApiError forbidden(const std::string& why) {
    return controller::fakes::Cluster::error(kube::ApiError::Kind::forbidden, why);
  }
  // The shadow ends at once, and the kubelet cannot end what is frozen.
  void delete_namespace() {
    cluster.change(kube::core("namespaces", "", "shop"), [](Json& object) {
      object["metadata"]["finalizers"] = Json::array({"kubernetes"});
      object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    });
    is_terminating = true;
    cluster.drop(pod(kTargetOfSet));
    ask_for_deletion();
  }

  std::function<void()> on_finishing;
  bool is_terminating = false;
  bool are_rights_gone = false;
  bool is_account_gone = false;
  bool is_source_removed = false;  // by us
};

BOOST_AUTO_TEST_SUITE(set_name_freed)

BOOST_FIXTURE_TEST_CASE(a_name_is_not_freed_that_nothing_holds_any_more, Unheld) {
  cluster.change(pod(kPod), [](Json& object) { object["spec"]["containers"][0].erase("livenessProbe"); });
  run_on(10);
  const MigrationStatus waiting = status();
  BOOST_TEST(to_string(waiting.phase) == "Finishing", waiting.message + log.text());
  BOOST_TEST(uid_of_source() == "uid-source");
  BOOST_TEST(!is_held());
  BOOST_REQUIRE(!waiting.steps.empty());
  BOOST_TEST(waiting.steps.back().message.find(kNamePolicy) != std::string::npos, waiting.steps.back().message);
  on_switching = nullptr;
  is_installed = true;
  run_on(1);
  BOOST_TEST(uid_of_source() != "uid-source");
  run_on();
  check_came_home();
  BOOST_TEST(!warns_of_name());
}

// Waited for any longer it would be started cold.
BOOST_FIXTURE_TEST_CASE(its_source_goes_before_its_liveness_probes_all_the_same, Unheld) {
  std::optional<Instant> removed;
  cluster.before_write = [&](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
    if (verb == "delete" && where.name == kPod && !removed) removed = now();
    return std::nullopt;
  };
  run_on();
  check_came_home();
  const MigrationStatus end = status();
  BOOST_REQUIRE((removed && end.frozen_at));
  BOOST_TEST((*removed - *end.frozen_at < 20s));  // when the third probe in a row is missed
  BOOST_TEST((*removed - *switched >= 3s));
  BOOST_TEST(warns_of_name());
}

// Where migrations are enabled everywhere the rights outlive it.
BOOST_DATA_TEST_CASE(a_name_goes_with_its_namespace, data::make({false, true}) * data::make({false, true}), is_probed,
                     keeps_rights) {
  Finishing scene{is_probed};
  bool has_begun = false;
  scene.on_finishing = [&] {
    has_begun = true;
    scene.are_rights_gone = !keeps_rights;
    scene.delete_namespace();
  };
  scene.run_on(80);
  BOOST_TEST(has_begun);
  BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
  BOOST_TEST(scene.is_source_removed == keeps_rights);
}

// There is a namespace to wait in.
BOOST_FIXTURE_TEST_CASE(a_deletion_alone_frees_no_name_that_nothing_holds, Finishing) {
  on_finishing = [this] { ask_for_deletion(); };
  run_on(10);
  BOOST_REQUIRE(cluster.look(path()).has_value());
  BOOST_TEST(to_string(status().phase) == "Finishing", status().message + log.text());
  BOOST_TEST(uid_of_source() == "uid-source");
}

BOOST_FIXTURE_TEST_CASE(a_source_that_is_gone_has_no_name_to_free, Finishing) {
  on_finishing = [this] { cluster.drop(pod(kPod)); };
  run_on();
  check_came_home();
  BOOST_TEST(!warns_of_name());
}

// It is looked up before any policy is asked.
BOOST_FIXTURE_TEST_CASE(a_name_is_held_without_its_service_account_too, Finishing) {
  on_switching = nullptr;
  on_finishing = [this] { is_account_gone = true; };
  run_on();
  BOOST_TEST(is_account_gone);
  check_came_home();
  BOOST_TEST(!warns_of_name());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
