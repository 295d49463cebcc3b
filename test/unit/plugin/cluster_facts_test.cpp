#include "plugin/cluster_facts.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

Json lease(const std::string& holder, const std::string& renewed) {
  return {{"spec", {{"holderIdentity", holder}, {"renewTime", renewed}, {"leaseDurationSeconds", 15}}}};
}

Json deployment(int wanted, int available) {
  return {{"metadata", {{"name", "migrate-extender"}}},
          {"spec", {{"replicas", wanted}}},
          {"status", {{"availableReplicas", available}}}};
}

Json event(const std::string& message, const std::string& time) {
  return {{"reason", "FailedScheduling"},
          {"message", message},
          {"involvedObject", {{"kind", "Pod"}, {"name", "orders-mig-ab12c"}}},
          {"eventTime", time}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_facts)

BOOST_AUTO_TEST_CASE(a_field_that_the_schema_lacks_would_be_dropped) {
  const Json schema = Json::parse(R"({"properties": {
    "metadata": {"type": "object"},
    "labels": {"additionalProperties": {"type": "string"}},
    "spec": {"properties": {"pod": {"properties": {"name": {}}}, "accept": {"type": "array"}}}}})");
  const Json sent = Json::parse(R"({
    "metadata": {"name": "x"}, "labels": {"a": "b"},
    "spec": {"pod": {"name": "orders", "uid": "u"}, "accept": ["a"], "dryRun": true}})");
  const std::vector<std::string> wanted = {"spec.dryRun", "spec.pod.uid"};
  BOOST_TEST(missing_fields(schema, sent, "") == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(all_that_may_be_asked_for_is_looked_for) {
  const Json all = fullest_migration();
  for (const char* place :
       {"/spec/dryRun", "/spec/gapBudget", "/spec/maxTotal", "/spec/target/nodeSelector", "/spec/accept",
        "/spec/messages/broker/secretName", "/spec/messages/cutoff", "/spec/transfer/secretName", "/spec/keepName"})
    BOOST_TEST(all.contains(Json::json_pointer{place}), place);
}

BOOST_AUTO_TEST_CASE(a_deployment_is_as_good_as_its_replicas) {
  const std::string all = "Deployment migrate-extender: ";
  BOOST_TEST((deployment_check(deployment(2, 2)) == Check{Mark::ok, all + "2 of 2 replicas are available"}));
  BOOST_TEST((deployment_check(deployment(2, 1)).mark == Mark::note));
  BOOST_TEST((deployment_check(deployment(2, 0)).mark == Mark::failed));
  const Check none = deployment_check(deployment(0, 0));
  BOOST_TEST((none.mark == Mark::failed));
  check_says(none.why, "kubectl -n kubectl-migrate scale deploy/migrate-extender --replicas=2");
}

BOOST_AUTO_TEST_CASE(a_lease_is_held_and_renewed) {
  const Instant now = at(0s);
  BOOST_TEST(is_fresh(lease("a", "2026-01-01T11:59:50.000000Z"), now));
  BOOST_TEST(is_fresh(lease("a", "2026-01-01T12:00:05.000000Z"), now));
  BOOST_TEST(!is_fresh(lease("a", "2026-01-01T11:59:40.000000Z"), now));
  BOOST_TEST(!is_fresh(lease("a", "2026-01-01T12:00:40.000000Z"), now));
  BOOST_TEST(!is_fresh(lease("", "2026-01-01T11:59:50.000000Z"), now));
  BOOST_TEST(!is_fresh(Json::object(), now));
  BOOST_TEST(is_renewed(lease("a", "1"), lease("b", "2")));
  BOOST_TEST(!is_renewed(lease("a", "1"), lease("a", "1")));
  BOOST_TEST(!is_renewed(lease("a", "1"), lease("", "2")));
}

BOOST_AUTO_TEST_CASE(endpoints_that_are_ready_are_counted) {
  const Json slices = Json::parse(R"([
    {"endpoints": [{"conditions": {"ready": true}}, {"conditions": {"ready": false}}]},
    {"endpoints": [{"conditions": {}}]}, {"endpoints": null}])");
  BOOST_TEST(ready_endpoints(slices) == 2U);
  BOOST_TEST(ready_endpoints(Json::array()) == 0U);
}

BOOST_AUTO_TEST_CASE(what_the_scheduler_says_of_the_extender) {
  const std::string trouble = R"(Post "https://migrate-extender.kubectl-migrate.svc:9443/filter": connection refused)";
  const auto said = extender_trouble(Json::array({event(trouble, "2026-01-01T11:58:00.000000Z")}), at(0s));
  BOOST_REQUIRE(said);
  BOOST_TEST(*said == "the scheduler said of Pod orders-mig-ab12c, 2m ago: " + trouble);
  BOOST_TEST(!extender_trouble(Json::array({event(trouble, "2026-01-01T11:40:00.000000Z")}), at(0s)));
  BOOST_TEST(!extender_trouble(Json::array({event("0/3 nodes are available", "2026-01-01T11:58:00.000000Z")}), at(0s)));
}

BOOST_AUTO_TEST_CASE(the_policies_are_those_of_the_manifests) {
  const char* source = std::getenv("MIGRATE_SOURCE");
  BOOST_REQUIRE_MESSAGE(source != nullptr, "MIGRATE_SOURCE is not set: run by ctest");
  std::ifstream stream{std::string(source) + "/manifests/base/policies.yaml"};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  std::set<std::string> there;
  const std::regex name{R"(policyName: (\S+))"};
  for (std::sregex_iterator found{text.begin(), text.end(), name}, end; found != end; ++found)
    there.insert((*found)[1].str());
  const std::set<std::string> known{policy_names().begin(), policy_names().end()};
  BOOST_TEST(there == known, boost::test_tools::per_element());
  const Json objects = {{{"metadata", {{"name", "kubectl-migrate-name-is-held"}}}}};
  BOOST_TEST(absent(policy_names(), objects).size() == known.size() - 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
