// What speaks against a migration, found in one go; and dry runs, which are answered and touch nothing.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "shared/migration/names.h"
#include "shared/migration/pod_patch.h"
#include "test/unit/controller/live.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(dry_runs)

void ask_for_dry_run(Scene& scene) {
  scene.edit([](Json& object) { object["spec"]["dryRun"] = true; });
}

Words reasons_of(const MigrationStatus& status) {
  Words reasons;
  for (const RefusalNote& one : status.refusals)
    reasons.push_back(one.reason);
  return reasons;
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// But for questions, and the object's own status.
void check_untouched(const Scene& scene) {
  for (const std::string& write : scene.cluster.writes())
    BOOST_TEST((write == "patch migrations/orders-1/status" || write.find("leases/") != std::string::npos), write);
  for (const std::string& order : scene.source.orders)
    BOOST_TEST((order == "inspect" || order.starts_with("check_")), order);
  BOOST_TEST(scene.target.orders.empty());
  for (const std::string& call : scene.broker->calls())
    BOOST_TEST((!begins(call, "declare_queue") && !begins(call, "bind") && !begins(call, "close_connection")), call);
  const Json object = scene.cluster.look(Scene::path()).value();
  BOOST_TEST(!object["metadata"].contains("annotations"), object["metadata"].dump());
  BOOST_TEST(!scene.migration().has_finalizer);
  BOOST_TEST(scene.events.reasons.empty());
  BOOST_TEST(scene.metrics.began + scene.metrics.ended + scene.metrics.phases + scene.metrics.failures == 0);
}

BOOST_AUTO_TEST_CASE(nothing_speaks_against_it) {
  Scene scene;
  ask_for_dry_run(scene);
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Planned", status.message);
  BOOST_TEST(status.refusals.empty());
  BOOST_TEST(to_string(status.strategy) == "Stop");
  BOOST_TEST(status.source.node == "node-a");
  BOOST_REQUIRE(status.plan.has_value());
  BOOST_TEST(status.plan->because.find("Stop: its gap is forecast at 630 ms") == 0U, status.plan->because);
  BOOST_TEST(status.plan->steps.front().name == "Preparing");
  BOOST_REQUIRE(status.alternatives.size() == 3U);
  BOOST_TEST((status.alternatives.front() == Alternative{Strategy::stop, 410ms, 630ms, 1'980ms, {}}));
  BOOST_TEST(!status.alternatives.back().against.empty());
  BOOST_TEST(!status.alternatives.back().gap);
  BOOST_TEST((status.forecast_gap == 630ms));
  BOOST_TEST((status.forecast_gap_range == Range{315ms, 1'260ms}));
  BOOST_TEST((status.forecast_freeze_range == Range{205ms, 820ms}));
  BOOST_TEST((status.forecast_total_range == Range{990ms, 3'960ms}));
  check_untouched(scene);
}

Json target_by(const Scene& scene, const MigrationStatus& status) {
  BOOST_REQUIRE(status.plan.has_value());
  const auto target = patched_target(scene.cluster.look(Scene::pod("orders")).value(), status.plan->target);
  BOOST_REQUIRE_MESSAGE(target, status.plan->target);
  return *target;
}

BOOST_AUTO_TEST_CASE(the_target_is_told_as_it_would_be_made) {
  Scene scene;
  ask_for_dry_run(scene);
  const Json target = target_by(scene, scene.run());
  TargetPlan plan{target_name(samples::migration(), 1), {"migrate-scheduler"}};
  plan.drop_init_containers = true;
  BOOST_TEST(target == target_pod(samples::pod(), scene.migration(), plan));
  Live live;
  ask_for_dry_run(live);
  const Json shadow = target_by(live, live.run());
  BOOST_TEST(shadow["spec"]["readinessGates"][0]["conditionType"] == kLiveGate);
  Scene begun;
  BOOST_TEST(begun.run().plan.value_or(Plan{"", {}, "?"}).target == "");
}

BOOST_AUTO_TEST_CASE(with_replay_the_cut_is_told) {
  Live scene;
  ask_for_dry_run(scene);
  scene.broker->publish_rate = 10;
  scene.cluster.change(Scene::pod("orders"),
                       [](Json& object) { object["metadata"]["annotations"][kServiceTimeAnnotation] = "50ms"; });
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Planned", status.message);
  BOOST_TEST(status.plan.value_or(Plan{}).because == "Live was asked for");
  // 18 s that the liveness probe allows, less the cut and a reserve, at twice the rate of arrivals.
  BOOST_TEST((status.forecast_cutoff == 2 * (18'000ms - 90ms - 3'000ms)));
  BOOST_TEST(status.forecast_backlog.value_or(99) == 1U);
  check_untouched(scene);
}

// Of a strategy that was named, the others are told as well: nobody moves meanwhile who would wait for that.
BOOST_AUTO_TEST_CASE(every_strategy_is_looked_at) {
  for (const bool is_dry_run : {true, false}) {
    Replay scene{Strategy::stop};
    if (is_dry_run) ask_for_dry_run(scene);
    scene.broker->publish_rate = 10;
    scene.cluster.change(Scene::pod("orders"),
                         [](Json& object) { object["metadata"]["annotations"][kServiceTimeAnnotation] = "50ms"; });
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == (is_dry_run ? "Planned" : "Succeeded"), status.message);
    BOOST_REQUIRE(status.alternatives.size() == 3U);
    BOOST_TEST(status.alternatives[1].gap.has_value() == is_dry_run);
    BOOST_TEST(status.alternatives[1].against.empty() == is_dry_run);
  }
}

struct Way {
  bool is_dry_run;
  friend std::ostream& operator<<(std::ostream& out, const Way& way) { return out << "dry run: " << way.is_dry_run; }
};
const std::vector<Way> kWays{{true}, {false}};

// Of the Pod, its spec, its queue, its registry, its kubelet, its node and the node that was asked for.
BOOST_DATA_TEST_CASE(all_that_speaks_against_it_is_found_at_once, data::make(kWays), way) {
  Live scene;
  if (way.is_dry_run) ask_for_dry_run(scene);
  scene.edit([](Json& object) {
    object["spec"]["checkpoint"] = "Kubelet";
    object["spec"]["target"]["node"] = "node-b";
    object["spec"]["transfer"] =
        Json::parse(R"({"via": "Registry", "repository": "r.example/cp", "secretName": "pull"})");
    object["spec"]["gapBudget"] = "1ms";
  });
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
    pod["spec"]["hostNetwork"] = true;
    pod["spec"]["initContainers"] = Json::parse(R"([{"name": "setup"}])");
    pod["spec"]["volumes"].push_back(Json::parse(R"({"name": "data", "nfs": {"server": "s", "path": "/"}})"));
    pod["spec"]["containers"][0]["volumeMounts"].push_back(Json::parse(R"({"name": "data", "mountPath": "/data"})"));
  });
  scene.report = [](NodeFacts& facts) {
    if (facts.node == "node-b") facts.cpu_features = {"sse2"};
  };
  scene.source.facts.containers.front().shm_entries = 1;
  scene.source.before = [](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "check_kubelet") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "it answered 403"};
  };
  BOOST_REQUIRE(scene.broker->remove_queue(kOwnControl, {}));
  scene.broker->listed_policies = {broker::Policy{"short", ".*", false, 0, false, true}};
  scene.broker->on_call = [](const std::string& call) -> std::optional<Error> {
    if (!begins(call, "may_publish")) return std::nullopt;
    return Error{"ACCESS_REFUSED", true};
  };
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  const Words reasons = reasons_of(status);
  for (const char* reason :
       {"HostNetwork", "InitContainers", "WritableVolume", "NoControlQueue", "BrokerRights", "MirrorLengthLimit",
        "SharedMemory", "CpuFeatures", "GapBudget", "KubeletCheckpoint", "RegistrySecret"})
    BOOST_TEST(has(reasons, reason), reason << " is missing in " << status.message);
  // The first one names it, and all are in the message.
  BOOST_TEST(status.reason == reasons.front());
  for (const RefusalNote& one : status.refusals) {
    BOOST_TEST(status.message.find(one.message) != std::string::npos, one.message);
    BOOST_TEST(one.accept == (one.reason == "InitContainers" ? "init-containers" : ""));
  }
  BOOST_TEST(!status.plan.has_value());
  if (way.is_dry_run) check_untouched(scene);
}

BOOST_AUTO_TEST_CASE(a_broker_that_is_down_hides_nothing_else) {
  Replay scene{Strategy::live};
  scene.broker->is_down = true;
  scene.source.facts.containers.front().runtime = "crun";
  const Words reasons = reasons_of(scene.run());
  BOOST_TEST(has(reasons, "Broker"));
  BOOST_TEST(has(reasons, "OciRuntime"));
}

BOOST_AUTO_TEST_CASE(a_risk_that_is_accepted_is_no_refusal_but_a_warning) {
  Scene scene;
  ask_for_dry_run(scene);
  scene.edit([](Json& object) { object["spec"]["accept"] = {"init-containers"}; });
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) { pod["spec"]["initContainers"] = {{{"name", "setup"}}}; });
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Planned", status.message);
  BOOST_REQUIRE(status.warnings.size() == 1U);
  BOOST_TEST(status.warnings.front().find("accepted: Pod shop/orders: init container setup") == 0U);
}

// Its ground is missing: nobody is asked about a Pod that is not there, in a namespace that is not enabled, or at an
// agent that is silent.
struct Groundless {
  const char* reason;
  std::function<void(Scene&)> spoil;
  friend std::ostream& operator<<(std::ostream& out, const Groundless& one) { return out << one.reason; }
};
const std::vector<Groundless> kGroundless{
    {"PodUnknown", [](Scene& scene) { scene.cluster.drop(Scene::pod("orders")); }},
    {"PodRecreated",
     [](Scene& scene) { scene.edit([](Json& object) { object["spec"]["pod"]["uid"] = "uid-earlier"; }); }},
    {"NamespaceNotEnabled",
     [](Scene& scene) {
       scene.cluster.change(kube::core("namespaces", "", "shop"),
                            [](Json& space) { space["metadata"]["labels"].erase(kEnabledLabel); });
     }},
    {"PodNotRunning",
     [](Scene& scene) {
       scene.cluster.change(Scene::pod("orders"), [](Json& pod) { pod["status"]["phase"] = "Pending"; });
     }},
    {"NoAgent", [](Scene& scene) { scene.unreported = {"node-a"}; }},
};

BOOST_DATA_TEST_CASE(what_has_no_ground_is_not_asked, data::make(kGroundless), row) {
  Scene scene;
  ask_for_dry_run(scene);
  row.spoil(scene);
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  BOOST_TEST(status.reason == row.reason);
  BOOST_TEST(scene.source.orders.empty());
  BOOST_TEST(!status.forecast_freeze);
  BOOST_TEST(status.alternatives.empty());
}

BOOST_AUTO_TEST_CASE(an_agent_that_does_not_answer_is_an_answer_and_soon) {
  Scene scene;
  ask_for_dry_run(scene);
  scene.source.before = [](const std::string&) -> std::optional<agent::AgentError> {
    return agent::AgentError{agent::AgentError::Kind::unreachable, "connection refused"};
  };
  const Instant began = scene.now();
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  BOOST_TEST(status.reason == "AgentUnreachable");
  BOOST_TEST((reasons_of(status) == Words{"AgentUnreachable"}));
  BOOST_TEST((status.finished.value() - began <= 25s));
}

// A migration is still one that was begun, and may be tried again.
BOOST_AUTO_TEST_CASE(an_agent_that_does_not_answer_is_no_refusal_of_a_migration) {
  Scene scene;
  scene.source.before = [](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "inspect") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "containerd says no"};
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "InspectFailed");
}

BOOST_AUTO_TEST_CASE(an_abort_and_a_deletion_are_answered_too) {
  for (const bool from_the_beginning : {true, false}) {
    Scene scene;
    ask_for_dry_run(scene);
    if (from_the_beginning) scene.abort();
    scene.source.before = [&](const std::string&) {
      scene.abort();
      return std::optional<agent::AgentError>{};
    };
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == "Refused", status.message);
    BOOST_TEST(status.reason == "Aborted");
    check_untouched(scene);
  }
}

BOOST_AUTO_TEST_CASE(the_next_leader_does_it_again) {
  Scene scene;
  ask_for_dry_run(scene);
  int inspected = 0;
  scene.source.before = [&](const std::string&) {
    if (++inspected == 1) scene.die();
    return std::optional<agent::AgentError>{};
  };
  const MigrationStatus status = scene.run();
  BOOST_TEST(inspected == 2);
  BOOST_TEST(to_string(status.phase) == "Planned", status.message);
  BOOST_TEST(status.refusals.empty());
  check_untouched(scene);
}

Migration another(bool is_dry_run, Phase phase) {
  Migration other = samples::migration();
  other.name = "earlier";
  other.uid = "uid-earlier";
  other.spec.dry_run = is_dry_run;
  other.status.phase = phase;
  return other;
}

void put(Scene& scene, const Migration& other) {
  Json object = Scene::object_of(other);
  object["metadata"]["creationTimestamp"] = "2025-01-01T00:00:00Z";
  object["status"] = to_json(other.status);
  scene.cluster.put(migration_path("shop", other.name), object);
}

BOOST_AUTO_TEST_CASE(it_is_answered_while_a_migration_of_the_pod_is_at_work) {
  Scene scene;
  ask_for_dry_run(scene);
  put(scene, another(false, Phase::freezing));
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  BOOST_TEST((reasons_of(status) == Words{"OtherMigration"}));
  BOOST_TEST((status.forecast_gap == 630ms));
  check_untouched(scene);
}

// In the middle of an upgrade: this replica leads, and another one of a newer version did before.
BOOST_AUTO_TEST_CASE(a_migration_that_cannot_be_read_is_taken_for_one_at_work) {
  Scene scene;
  put(scene, another(false, Phase::freezing));
  scene.cluster.change(migration_path("shop", "earlier"),
                       [](Json& object) { object["status"]["phase"] = "OfANewerVersion"; });
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  BOOST_TEST((reasons_of(status) == Words{"OtherMigration"}));
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_a_dry_run) {
  Scene scene;
  put(scene, another(true, Phase::preparing));
  scene.run();
  scene.check_succeeded(target_name(samples::migration(), 1));
}

BOOST_AUTO_TEST_CASE(it_expires_like_any_other) {
  Scene scene;
  scene.edit([](Json& object) {
    object["spec"]["dryRun"] = true;
    object["spec"]["ttlAfterFinished"] = "5m";
  });
  scene.run();
  scene.time.pass(5min);
  BOOST_TEST(!scene.once());
  BOOST_TEST(!scene.cluster.look(Scene::path()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
