#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>

#include "extender/controller/set_refusals.h"
#include "test/unit/controller/one_refusal.h"
#include "test/unit/controller/samples.h"

namespace {

using namespace migrate;
using namespace migrate::controller;

struct Case {
  Migration migration = samples::migration();
  Json pod = samples::pod();
  Json set = Json::parse(R"({"apiVersion": "apps/v1", "kind": "StatefulSet",
    "metadata": {"name": "orders", "uid": "uid-set", "generation": 3}, "spec": {"replicas": 3},
    "status": {"observedGeneration": 3, "replicas": 3, "currentRevision": "r1", "updateRevision": "r1"}})");
  Json deployment;
  Case() {
    migration.spec.pod = "orders-2";
    pod["metadata"]["name"] = "orders-2";
    pod["metadata"]["labels"]["controller-revision-hash"] = "r1";
    migration.status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
  }
  void of_partition(int partition, int updated) {
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"}, {"rollingUpdate", {{"partition", partition}}}};
    set["status"]["updateRevision"] = "r2";
    set["status"]["updatedReplicas"] = updated;
  }
  void of_replica_set() {
    migration.status.owner->kind = "ReplicaSet";
    set["kind"] = "ReplicaSet";
    deployment = Json::parse(R"({"kind": "Deployment", "metadata": {"name": "web", "generation": 1},
      "status": {"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3}})");
  }
};

struct Row {
  std::string reason;  // empty: nothing speaks against it
  std::function<void(Case&)> change;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.reason << " " << row.says; }
};

const std::vector<Row> kRows{
    {"", [](Case&) {}, ""},
    {"SetDeleting", [](Case& c) { c.set = Json{}; }, "is not there any more"},
    {"SetDeleting", [](Case& c) { c.set["metadata"]["uid"] = "made anew"; }, "is not there any more"},
    {"SetDeleting", [](Case& c) { c.set["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; },
     "StatefulSet shop/orders of Pod orders-2 is being deleted"},
    {"SetRollingOut", [](Case& c) { c.set["status"]["updateRevision"] = "r2"; }, "rollout status statefulset/orders"},
    {"SetRollingOut", [](Case& c) { c.set["metadata"]["generation"] = 4; }, "rolling out"},
    {"SetRollingOut", [](Case& c) { c.pod["metadata"]["labels"]["controller-revision-hash"] = "r0"; }, "of r0"},
    // a set that deletes nothing by itself
    {"",
     [](Case& c) {
       c.set["spec"]["updateStrategy"]["type"] = "OnDelete";
       c.set["status"]["updateRevision"] = "r2";
     },
     ""},
    // below the partition, whose rest is done
    {"", [](Case& c) { c.of_partition(/*partition=*/3, /*updated=*/0); }, ""},
    {"SetRollingOut", [](Case& c) { c.of_partition(/*partition=*/2, /*updated=*/0); }, "of r1"},
    {"SetRollingOut", [](Case& c) { c.of_partition(/*partition=*/2, /*updated=*/1); }, "of r1"},
    {"",
     [](Case& c) {
       c.of_partition(/*partition=*/2, /*updated=*/1);
       c.pod["metadata"]["labels"]["controller-revision-hash"] = "r2";
     },
     ""},
    {"OrdinalOutOfRange", [](Case& c) { c.set["spec"]["replicas"] = 2; }, "has 2 replicas from ordinal 0 on"},
    {"OrdinalOutOfRange", [](Case& c) { c.set["spec"]["ordinals"]["start"] = 3; }, "from ordinal 3 on"},
    {"",
     [](Case& c) {
       c.set["spec"] = {{"replicas", 1}, {"ordinals", {{"start", 2}}}};
     },
     ""},
    // the second hop, whose source has no ordinal
    {"",
     [](Case& c) {
       c.migration.spec.pod = "orders-2-mig-abcde";
       c.migration.spec.target_name = "orders-2";
     },
     ""},
    {"", [](Case& c) { c.of_replica_set(); }, ""},
    {"",
     [](Case& c) {
       c.of_replica_set();
       c.deployment = Json{};
     },
     ""},
    {"NameOfReplicaSet",
     [](Case& c) {
       c.of_replica_set();
       c.migration.spec.keep_name = true;
     },
     "--keep-name"},
    {"SetRollingOut",
     [](Case& c) {
       c.of_replica_set();
       c.set["status"]["replicas"] = 2;
     },
     "has 2 of 3 Pods"},
    {"SetRollingOut",
     [](Case& c) {
       c.of_replica_set();
       c.deployment["status"]["updatedReplicas"] = 1;
     },
     "rollout status deployment/web"},
    {"SetDeleting",
     [](Case& c) {
       c.of_replica_set();
       c.deployment["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
     },
     "Deployment web, which is being deleted"},
};

BOOST_AUTO_TEST_SUITE(set_refusals_)

BOOST_DATA_TEST_CASE(rows, boost::unit_test::data::make(kRows), row) {
  Case given;
  row.change(given);
  const auto found = set_refusals(given.migration, given.pod, {given.set, given.deployment});
  check_refusal(found, row.reason, row.says);
}

BOOST_AUTO_TEST_CASE(a_set_with_a_keeper_of_its_own_is_a_warning) {
  Case given;
  BOOST_TEST(set_warnings({given.set, given.deployment}).empty());
  given.set["metadata"]["ownerReferences"] = {{{"kind", "Kafka"}, {"name", "events"}, {"controller", true}}};
  const auto found = set_warnings({given.set, given.deployment});
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found.front().find("Kafka events") != std::string::npos, found.front());
}

BOOST_AUTO_TEST_CASE(two_of_a_kind_in_one_zone) {
  Case given;
  given.pod["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
      Json::parse(R"([{"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "orders"}}}])");
  NodeState source = samples::node("node-a", {});
  NodeState target = samples::node("node-b", {});
  BOOST_TEST(affinity_refusals(given.pod, source, target).empty());
  source.labels["zone"] = "east";
  target.labels["zone"] = "west";
  BOOST_TEST(affinity_refusals(given.pod, source, target).empty());
  target.labels["zone"] = "east";
  const auto found = affinity_refusals(given.pod, source, target);
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found.front().reason == "AntiAffinity");
  given.pod["metadata"]["labels"]["app"] = "others";
  BOOST_TEST(affinity_refusals(given.pod, source, target).empty());
}

BOOST_AUTO_TEST_CASE(services_that_ask_nobody) {
  const Case given;
  const Json services = Json::parse(R"({"items": [
    {"metadata": {"name": "peers"}, "spec": {"publishNotReadyAddresses": true, "selector": {"app": "orders"}}},
    {"metadata": {"name": "usual"}, "spec": {"selector": {"app": "orders"}}},
    {"metadata": {"name": "external"}, "spec": {"publishNotReadyAddresses": true}},
    {"metadata": {"name": "others"}, "spec": {"publishNotReadyAddresses": true, "selector": {"app": "bills"}}}]})");
  const auto found = services_of_unready(services, given.pod);
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found.front() == "peers");
  Surroundings around = samples::around();
  BOOST_TEST(live_trouble(around).empty());
  around.unready_services = found;
  BOOST_TEST(live_trouble(around).find("Service peers") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
