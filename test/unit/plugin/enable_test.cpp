#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

using Lines = std::vector<std::string>;

kube::ResourcePath rbac(const std::string& plural, const std::string& namespace_, const std::string& name) {
  return {.group = "rbac.authorization.k8s.io",
          .version = "v1",
          .plural = plural,
          .namespace_ = namespace_,
          .name = name,
          .subresource = {}};
}

std::string label_of(const Scene& scene, const std::string& namespace_) {
  const Json* found = scene.cluster.find(kube::core("namespaces", "", namespace_));
  BOOST_REQUIRE(found != nullptr);
  const Json::json_pointer label = Json::json_pointer{"/metadata/labels"} / kEnabledLabel;
  return found->contains(label) ? found->at(label).get<std::string>() : "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(enabling)

BOOST_AUTO_TEST_CASE(a_namespace_gets_rights_first_and_the_label_last) {
  Scene scene;
  scene.cluster.put(kube::core("namespaces", "", "fresh"), Json::object());
  BOOST_TEST(scene.run({"enable", "-n", "fresh", "--broker-secret=a", "--broker-secret=b"}) == 0, scene.err.str());
  const Lines wanted = {"apply rolebindings.rbac.authorization.k8s.io \"kubectl-migrate\" in fresh",
                        "apply roles.rbac.authorization.k8s.io \"kubectl-migrate-secrets\" in fresh",
                        "apply rolebindings.rbac.authorization.k8s.io \"kubectl-migrate-secrets\" in fresh",
                        "patch namespaces \"fresh\""};
  BOOST_TEST(scene.cluster.written == wanted, boost::test_tools::per_element());
  BOOST_TEST(label_of(scene, "fresh") == "true");
  const Json* binding = scene.cluster.find(rbac("rolebindings", "fresh", "kubectl-migrate"));
  BOOST_REQUIRE(binding != nullptr);
  BOOST_TEST(binding->at("roleRef").at("kind") == "ClusterRole");
  BOOST_TEST(binding->at("roleRef").at("name") == "kubectl-migrate-namespace");
  BOOST_TEST(binding->at("subjects").at(0).at("name") == "migrate-extender");
  BOOST_TEST(binding->at("subjects").at(0).at("namespace") == "kubectl-migrate");
  const Json* role = scene.cluster.find(rbac("roles", "fresh", "kubectl-migrate-secrets"));
  BOOST_REQUIRE(role != nullptr);
  BOOST_TEST((role->at("rules").at(0).at("resourceNames") == Json{"a", "b"}));
  BOOST_TEST((role->at("rules").at(0).at("verbs") == Json{"get"}));
}

BOOST_AUTO_TEST_CASE(without_secrets_none_may_be_read) {
  Scene scene;
  BOOST_TEST(scene.run({"enable"}) == 0);
  BOOST_TEST(scene.cluster.find(rbac("roles", "shop", "kubectl-migrate-secrets")) == nullptr);
}

BOOST_AUTO_TEST_CASE(errors_name_namespace_and_right) {
  Scene unknown;
  BOOST_TEST(unknown.run({"enable", "-n", "shopp"}) == 1);
  BOOST_TEST(unknown.err.str() ==
             "Error from server (NotFound): namespaces \"shopp\" not found\nDid you mean shop?\n"
             "kubectl get namespaces shows what there is\n");
  BOOST_TEST(unknown.cluster.written.empty());
  Scene forbidden;
  forbidden.cluster.put(kube::core("namespaces", "", "shop"), Json::object());
  forbidden.cluster.forbid("apply rolebindings");
  BOOST_TEST(forbidden.run({"enable"}) == 1);
  check_says(forbidden.err.str(), "rolebindings.rbac.authorization.k8s.io in namespace shop is missing");
  BOOST_TEST(label_of(forbidden, "shop").empty());
}

BOOST_AUTO_TEST_CASE(all_namespaces_are_those_of_now_but_the_clusters_own) {
  Scene scene;
  scene.cluster.put(kube::core("namespaces", "", "fresh"), Json::object());
  scene.cluster.put(kube::core("namespaces", "", "kube-system"), Json::object());
  BOOST_TEST(scene.run({"enable", "--all-namespaces"}) == 0, scene.err.str());
  const Lines wanted = {"apply clusterrolebindings.rbac.authorization.k8s.io \"kubectl-migrate\"",
                        "patch namespaces \"fresh\""};
  BOOST_TEST(scene.cluster.written == wanted, boost::test_tools::per_element());
  check_says(scene.out.str(), "A namespace made later needs: kubectl migrate enable -n NAMESPACE");
}

BOOST_AUTO_TEST_CASE(disable_takes_the_label_first_and_all_rights) {
  Scene scene;
  BOOST_TEST(scene.run({"enable", "--broker-secret=a"}) == 0);
  scene.put(migration_in(Phase::succeeded));
  scene.cluster.written.clear();
  BOOST_TEST(scene.run({"disable"}) == 0, scene.err.str());
  BOOST_TEST(scene.cluster.written.front() == "patch namespaces \"shop\"");
  BOOST_TEST(label_of(scene, "shop").empty());
  for (const auto& path :
       {rbac("rolebindings", "shop", "kubectl-migrate"), rbac("roles", "shop", "kubectl-migrate-secrets"),
        rbac("rolebindings", "shop", "kubectl-migrate-secrets")})
    BOOST_TEST(scene.cluster.find(path) == nullptr, kube::describe(path));
  BOOST_TEST(scene.run({"disable"}) == 0);  // again: nothing to do
}

BOOST_AUTO_TEST_CASE(rights_do_not_go_away_under_a_migration) {
  Scene scene;
  scene.put(migration_in(Phase::restoring));
  for (const std::vector<std::string>& arguments : {Lines{"disable"}, Lines{"disable", "-A"}}) {
    BOOST_TEST(scene.run(arguments) == 3);
    check_says(scene.err.str(), "shop/orders-x7k2p");
  }
  BOOST_TEST(scene.cluster.written.empty());
}

struct FailedOne {
  const char* what;
  bool is_sets;
  bool has_finalizer;
  bool is_refused;
  friend std::ostream& operator<<(std::ostream& out, const FailedOne& one) { return out << one.what; }
};
const std::vector<FailedOne> kFailedOnes{
    {"it holds a name and has archives", true, true, true},
    {"it holds a name", true, false, true},
    {"it has archives", false, true, true},
    {"nothing is left of it", false, false, false},
};

// A set would fill the name, and nobody clean up.
BOOST_DATA_TEST_CASE(nor_under_one_that_failed_and_is_to_be_let_go, boost::unit_test::data::make(kFailedOnes), one) {
  Scene scene;
  Migration failed = migration_in(Phase::failed);
  failed.has_finalizer = one.has_finalizer;
  if (one.is_sets) failed.status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
  scene.put(failed);
  BOOST_TEST(scene.run({"disable"}) == (one.is_refused ? 3 : 0), scene.err.str());
  BOOST_TEST(label_of(scene, "shop") == (one.is_refused ? "true" : ""));
  if (!one.is_refused) return;
  check_says(scene.err.str(), "shop/orders-x7k2p");
  check_says(scene.err.str(), "kubectl delete migration NAME -n NAMESPACE");
  BOOST_TEST(scene.err.str().find("under way") == std::string::npos, scene.err.str());
  BOOST_TEST(scene.cluster.written.empty());
}

// Its source's containers may take a while to end.
BOOST_DATA_TEST_CASE(nor_while_one_that_is_over_is_cleaned_up, boost::unit_test::data::make({false, true}), is_back) {
  Scene scene;
  Migration over = migration_in(is_back ? Phase::rolled_back : Phase::succeeded);
  over.has_finalizer = true;
  scene.put(over);
  for (const std::vector<std::string>& arguments : {Lines{"disable"}, Lines{"disable", "-A"}}) {
    BOOST_TEST(scene.run(arguments) == 3);
    check_says(scene.err.str(), "being cleaned up, which needs the rights: shop/orders-x7k2p");
    check_says(scene.err.str(), "Wait some seconds and run this again");
    BOOST_TEST(scene.err.str().find("kubectl delete") == std::string::npos, scene.err.str());
  }
  BOOST_TEST(scene.cluster.written.empty());
  over.has_finalizer = false;
  scene.put(over);
  BOOST_TEST(scene.run({"disable"}) == 0, scene.err.str());
  BOOST_TEST(label_of(scene, "shop").empty());
}

BOOST_AUTO_TEST_CASE(a_dry_run_needs_no_rights_for_long) {
  Scene scene;
  Migration looked_at = migration_in(Phase::preparing);
  looked_at.spec.dry_run = true;
  scene.put(looked_at);
  BOOST_TEST(scene.run({"disable"}) == 0, scene.err.str());
  BOOST_TEST(label_of(scene, "shop").empty());
}

BOOST_AUTO_TEST_CASE(disable_everywhere) {
  Scene scene;
  scene.cluster.put(kube::core("namespaces", "", "other"), Json::object());
  BOOST_TEST(scene.run({"disable", "-A"}) == 0, scene.err.str());
  BOOST_TEST(label_of(scene, "shop").empty());
  BOOST_TEST(scene.cluster.written.back() ==
             "delete clusterrolebindings.rbac.authorization.k8s.io \"kubectl-migrate\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
