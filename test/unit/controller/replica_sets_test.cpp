// Pods of ReplicaSets: what their ReplicaSet has at every moment of a move.
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/of_replica_set.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(replica_sets_)

BOOST_FIXTURE_TEST_CASE(a_replica_set_has_its_pod_before_it_loses_one, OfReplicaSet) {
  std::vector<std::string> at_the_end;
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb != "delete" || where.name != kPod) return std::nullopt;
    const std::string name = status().target.pod;
    const Json made = cluster.look(pod(name)).value();
    const Json old = cluster.look(pod(kPod)).value();
    BOOST_TEST(made["metadata"]["ownerReferences"] == owners);
    BOOST_TEST(old["metadata"]["ownerReferences"] == owners);
    BOOST_TEST(old["metadata"]["annotations"][kCost] == "-2147483648");
    BOOST_TEST(made["metadata"]["annotations"][kCost] == "2147483647");
    BOOST_TEST(made["metadata"]["finalizers"] == Json::array({kFinalizer}));
    at_the_end.push_back(name);
    return std::nullopt;
  };
  run();
  const std::string name = status().target.pod;
  check_succeeded(name);
  BOOST_TEST(!at_the_end.empty());
  check_is_sets(name);
  const Json made = cluster.look(pod(name)).value();
  BOOST_TEST(!made["metadata"]["annotations"].contains(kCost));
  BOOST_TEST(made["metadata"]["finalizers"].empty());
  BOOST_TEST(!went_through(status(), Phase::orphaning));
}

// Not in time, so that the frozen source goes first. Adopted as it is it would be the one too many.
BOOST_FIXTURE_TEST_CASE(a_replica_set_gets_no_target_that_is_not_ready, OfReplicaSet) {
  int late_looks = 0;
  cluster.on_wait = [&] {
    const auto frozen = status().frozen_at;
    if (!frozen || !cluster.look(pod(kTargetOfSet))) return;
    if (now() - *frozen > 5min) {
      cluster.change(pod(kTargetOfSet), [](Json& object) {
        object["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
      });
      return;
    }
    if (cluster.look(pod(kPod))) return;
    ++late_looks;
    BOOST_TEST(to_string(status().phase) == "Finishing");
    const Json lent = owners_now(kTargetOfSet);
    BOOST_TEST((lent.size() == 2U && lent[0]["controller"] == false && lent[1]["uid"] == "uid-migration"), lent.dump());
  };
  std::string shown;
  cluster.before_write = [&](const std::string&, const kube::ResourcePath&) -> std::optional<kube::ApiError> {
    if (late_looks > 0 && shown.empty() && !status().steps.empty()) shown = status().steps.back().message;
    return std::nullopt;
  };
  run();
  check_succeeded(kTargetOfSet);
  check_is_sets(kTargetOfSet);
  BOOST_TEST(late_looks >= 2);
  BOOST_TEST(shown.find("is not ready, and its ReplicaSet has it once it is") != std::string::npos, shown);
}

// Nobody would start it anew: an API server that was away for a minute is no reason to have one Pod too few.
BOOST_FIXTURE_TEST_CASE(a_source_without_liveness_probes_is_its_replica_set_s_until_the_target_is_ready, OfReplicaSet) {
  cluster.change(pod(kPod), [](Json& object) { object["spec"]["containers"][0].erase("livenessProbe"); });
  int looks = 0;
  int looks_without = 0;
  cluster.on_wait = [&] {
    const auto frozen = status().frozen_at;
    if (!frozen || status().phase != Phase::finishing) return;
    if (now() - *frozen > 5min) {
      cluster.change(pod(kTargetOfSet), [](Json& object) {
        object["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
      });
      return;
    }
    ++looks;
    if (!cluster.look(pod(kPod))) ++looks_without;
  };
  run();
  check_succeeded(kTargetOfSet);
  check_is_sets(kTargetOfSet);
  BOOST_TEST(looks >= 2);
  BOOST_TEST(looks_without == 0);
}

// Whose Migration is deleted in foreground loses its reference while it is restored, and is nobody's then.
BOOST_FIXTURE_TEST_CASE(a_replica_set_knows_its_target_only_once_it_adopts_it, OfReplicaSet) {
  cluster.change(pod(kPod), [](Json& object) { object["metadata"]["labels"]["pod-template-hash"] = "7d4b9"; });
  target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "release") return std::nullopt;
    cluster.change(pod(kTargetOfSet), [](Json& object) {
      BOOST_TEST(!object["metadata"]["labels"].contains("pod-template-hash"));
      BOOST_TEST(object["metadata"]["labels"]["app"] == "orders");
      Json& lent = object["metadata"]["ownerReferences"];
      BOOST_REQUIRE(lent.size() == 2U);
      lent.erase(1);
    });
    return std::nullopt;
  };
  run();
  check_succeeded(kTargetOfSet);
  check_is_sets(kTargetOfSet);
  BOOST_TEST(cluster.look(pod(kTargetOfSet)).value()["metadata"]["labels"]["pod-template-hash"] == "7d4b9");
}

// The restore takes longer than the frozen source's liveness probe allows. Of what the ReplicaSet makes in its place
// there is one too many at once, before it works.
BOOST_FIXTURE_TEST_CASE(a_replica_set_that_loses_its_source_early_has_the_target_in_its_place, OfReplicaSet) {
  target.outcome = agent::RestoreState::claimed;
  Json adopted;
  std::optional<Json> left;
  target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    const auto frozen_at = status().frozen_at;
    if (what != "restore_states" || !frozen_at || now() - *frozen_at < 30s) return std::nullopt;
    if (adopted.is_null()) {
      adopted = cluster.look(pod(kTargetOfSet)).value()["metadata"];
      left = cluster.look(pod(kPod));
    }
    for (auto& [uid, state] : target.targets)
      state = agent::RestoreState::used;
    run_containers();
    return std::nullopt;
  };
  run();
  BOOST_TEST(!left.has_value());
  BOOST_REQUIRE(!adopted.is_null());
  BOOST_TEST(adopted["ownerReferences"] == owners);
  BOOST_TEST(adopted["annotations"][kCost] == "2147483647");
  BOOST_TEST(adopted.value("finalizers", Json::array()).empty());
  const auto writes = cluster.writes();
  const auto removed = std::find(writes.begin(), writes.end(), std::string{"delete pods/"} + kPod);
  BOOST_REQUIRE((removed != writes.end()));
  BOOST_REQUIRE((removed + 1 != writes.end()));
  BOOST_TEST(*(removed + 1) == std::string{"patch pods/"} + kTargetOfSet);
  check_succeeded(kTargetOfSet);
  check_is_sets(kTargetOfSet);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
