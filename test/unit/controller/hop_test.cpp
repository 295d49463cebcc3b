// Whole migrations that go well, and what interrupts them before the commit.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "extender/controller/target_pod.h"
#include "shared/base/base64.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Kind = agent::AgentError::Kind;
namespace data = boost::unit_test::data;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(hop)

std::vector<std::string> names_of(const std::vector<Step>& steps) {
  std::vector<std::string> names;
  names.reserve(steps.size());
  for (const Step& one : steps)
    names.push_back(one.name);
  return names;
}

BOOST_AUTO_TEST_CASE(it_moves) {
  Scene scene;
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kTarget);
  const std::vector<std::string> steps{"Preparing",    "Placing",    "Freezing",  "Checkpointing",
                                       "Transferring", "Committing", "Restoring", "Finishing"};
  BOOST_TEST(names_of(status.steps) == steps, boost::test_tools::per_element());
  BOOST_CHECK(status.freeze == std::optional{milliseconds{300}});
  BOOST_CHECK(status.gap == std::optional{milliseconds{450}});
  BOOST_TEST(total_size(status).count == (20_MiB).count);
  BOOST_CHECK((status.source == PodPlace{"orders", "uid-source", "node-a"}));
  BOOST_TEST(status.target.node == "node-b");
  for (const char* type : {"Succeeded", "SourceGone"}) {
    BOOST_REQUIRE(find_condition(status, type) != nullptr);
    BOOST_TEST(find_condition(status, type)->value);
  }
  const std::vector<std::string> said{"MigrationStarted", "MigrationFrozen", "MigrationCommitted",
                                      "MigrationSucceeded"};
  BOOST_TEST(scene.events.reasons == said, boost::test_tools::per_element());
  BOOST_TEST(scene.metrics.moves == 1);
  BOOST_TEST(scene.metrics.phases == 8);
}

BOOST_AUTO_TEST_CASE(it_moves_and_keeps_its_name) {
  Scene scene{true};
  const MigrationStatus status = scene.run();
  scene.check_succeeded("orders");
  BOOST_TEST(status.target.pod == "orders");
  BOOST_TEST(status.placeholder == "");
  BOOST_TEST(std::count(scene.target.orders.begin(), scene.target.orders.end(), "prepare") == 1);
}

void ask_for_image(Scene& scene) {
  scene.cluster.change(Scene::path(), [](Json& object) {
    object["spec"]["restore"] = "Image";
    object["spec"]["accept"] = {"emptydir-loss"};
  });
}

BOOST_AUTO_TEST_CASE(it_moves_as_an_image) {
  Scene scene;
  ask_for_image(scene);
  bool was_committed = false;
  Json made;
  const auto place = scene.cluster.on_create;
  scene.cluster.on_create = [&](const kube::ResourcePath& where, Json& object) {
    if (where.plural == "pods" && where.name == kTarget) {
      was_committed = scene.source.record.state == agent::SourceState::committed;
      made = object;
    }
    place(where, object);
  };
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(was_committed);
  const std::vector<std::string> steps{"Preparing",  "Placing",  "Freezing",  "Checkpointing", "Transferring",
                                       "Committing", "Renaming", "Restoring", "Finishing"};
  BOOST_TEST(names_of(status.steps) == steps, boost::test_tools::per_element());
  BOOST_TEST(std::count(scene.target.orders.begin(), scene.target.orders.end(), "release") == 0);
  BOOST_TEST(scene.target.host_name == "o");
  BOOST_TEST(made["spec"]["containers"][0]["image"] == "127.0.0.1:10962/abc@sha256:00");
  BOOST_TEST(!made["spec"].contains("runtimeClassName"));
  const std::string secret = pull_secret_name(samples::migration(), 1);
  BOOST_TEST(made["spec"]["imagePullSecrets"][0]["name"] == secret);
  const auto kept = scene.cluster.look(kube::core("secrets", "shop", secret));
  BOOST_REQUIRE(kept);
  BOOST_TEST((*kept)["metadata"]["ownerReferences"][0]["uid"] == "uid-migration");
}

BOOST_AUTO_TEST_CASE(it_moves_as_an_image_and_keeps_its_name) {
  Scene scene{true};
  ask_for_image(scene);
  const MigrationStatus status = scene.run();
  scene.check_succeeded("orders");
  BOOST_TEST(status.placeholder == "");
}

BOOST_AUTO_TEST_CASE(a_node_that_restores_no_images_is_refused_before_the_freeze) {
  Scene scene;
  ask_for_image(scene);
  scene.restores_images = false;
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "NoImageRestore");
  BOOST_TEST(status.message.find("enable_experimental_restore_via_create = true") != std::string::npos, status.message);
  BOOST_TEST(std::count(scene.source.orders.begin(), scene.source.orders.end(), "freeze") == 0);
}

void ask_for_registry(Scene& scene, const char* repository = "r.example:5000/cp") {
  scene.cluster.change(Scene::path(), [&](Json& object) {
    object["spec"]["transfer"] = {{"via", "Registry"}, {"repository", repository}, {"secretName", "pull"}};
  });
  const std::string config = R"({"auths":{"r.example:5000":{"username":"someone","password":"secret"}}})";
  scene.cluster.put(kube::core("secrets", "shop", "pull"),
                    {{"type", "kubernetes.io/dockerconfigjson"},
                     {"data", {{".dockerconfigjson", to_base64(config)}, {"ca.crt", to_base64("an authority")}}}});
}

std::size_t times(const controller::fakes::Agent& agent, const char* order) {
  return static_cast<std::size_t>(std::count(agent.orders.begin(), agent.orders.end(), order));
}

BOOST_AUTO_TEST_CASE(its_archives_travel_through_a_registry) {
  Scene scene;
  ask_for_registry(scene);
  bool was_committed = false;
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "commit") was_committed = !scene.source.pushed.empty() && scene.target.pulled_as.has_value();
    return std::nullopt;
  };
  scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(was_committed);
  BOOST_TEST(scene.source.orders.at(1) == "check_registry");
  BOOST_TEST(times(scene.source, "push") == 1U);
  const agent::RegistryAccess used = scene.target.pulled_as->registry.value();
  BOOST_TEST(used.repository == "r.example:5000/cp");
  BOOST_TEST(used.user == "someone");
  BOOST_TEST(used.password == "secret");
  BOOST_TEST(used.ca_pem == "an authority");
  BOOST_TEST(!scene.target.pulled_as->as_image);
  // Gone from there with the rest; nothing of what is secret stands in the object.
  BOOST_TEST(scene.source.pushed.empty());
  BOOST_TEST(scene.cluster.look(Scene::path()).value().dump().find("\"secret\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_is_pulled_from_a_registry_as_an_image) {
  Scene scene;
  ask_for_image(scene);
  ask_for_registry(scene);
  Json made;
  const auto place = scene.cluster.on_create;
  scene.cluster.on_create = [&](const kube::ResourcePath& where, Json& object) {
    if (where.plural == "pods" && where.name == kTarget) made = object;
    place(where, object);
  };
  scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(made["spec"]["containers"][0]["image"] == "r.example:5000/cp@sha256:11");
  BOOST_TEST(made["spec"]["imagePullSecrets"][0]["name"] == "pull");
  BOOST_TEST(scene.target.pulled_as->images.at(0).id == "sha256:22");
  BOOST_TEST(times(scene.source, "push") == 1U);  // and not again behind the commit
  BOOST_TEST(!scene.cluster.look(kube::core("secrets", "shop", pull_secret_name(samples::migration(), 1))));
}

BOOST_AUTO_TEST_CASE(a_registry_that_keeps_what_was_pushed_is_told_of) {
  Scene scene;
  ask_for_registry(scene);
  scene.source.left = {"r.example:5000/cp@sha256:11 is left"};
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kTarget);
  BOOST_REQUIRE(status.warnings.size() == 1U);
  BOOST_TEST(status.warnings.front() == "r.example:5000/cp@sha256:11 is left; delete it there");
}

BOOST_AUTO_TEST_CASE(what_was_pushed_is_deleted_on_the_way_back) {
  Scene scene;
  ask_for_registry(scene);
  scene.target.before = [](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "it was altered"};
  };
  scene.run();
  scene.check_rolled_back();
  BOOST_TEST(times(scene.source, "push") == 1U);
  BOOST_TEST(scene.source.pushed.empty());
}

struct BadSecret {
  const char* what;
  std::function<void(Scene&)> spoil;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const BadSecret& one) { return out << one.what; }
};

const std::vector<BadSecret> kBadSecrets{
    {"none", [](Scene& scene) { scene.cluster.drop(kube::core("secrets", "shop", "pull")); }, "does not exist"},
    {"another type",
     [](Scene& scene) {
       scene.cluster.change(kube::core("secrets", "shop", "pull"), [](Json& object) { object["type"] = "Opaque"; });
     },
     "it is of type Opaque, not kubernetes.io/dockerconfigjson"},
    {"for another registry", [](Scene& scene) { ask_for_registry(scene, "other.example/cp"); },
     "has no credentials for other.example/cp"},
    {"refused",
     [](Scene& scene) {
       scene.source.before = [](const std::string& what) -> std::optional<agent::AgentError> {
         if (what != "check_registry") return std::nullopt;
         return agent::AgentError{agent::AgentError::Kind::refused, "the registry answered 401"};
       };
     },
     "the registry answered 401"},
};

BOOST_DATA_TEST_CASE(a_registry_that_cannot_be_used_is_refused_before_anything, data::make(kBadSecrets), bad) {
  Scene scene;
  ask_for_registry(scene);
  bad.spoil(scene);
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  BOOST_TEST(status.message.find(bad.says) != std::string::npos, status.message);
  BOOST_TEST(times(scene.source, "freeze") == 0U);
  BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(it_expires) {
  Scene scene;
  scene.run();
  scene.time.pass(24h);
  BOOST_TEST(!scene.once());
  BOOST_TEST(!scene.cluster.look(Scene::path()));
}

BOOST_AUTO_TEST_CASE(the_archives_wait_for_the_source_s_end) {
  Scene scene;
  scene.source.containers_gone = false;
  scene.run();
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded");
  BOOST_TEST(scene.source.has_archives);
  BOOST_TEST(scene.migration().has_finalizer);
  scene.source.containers_gone = true;
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(a_refusal_touches_nothing) {
  Scene scene;
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) { pod["spec"]["hostNetwork"] = true; });
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused");
  BOOST_TEST(status.reason == "HostNetwork");
  BOOST_TEST(scene.source.orders == std::vector<std::string>{"inspect"}, boost::test_tools::per_element());
  for (const std::string& write : scene.cluster.writes())
    BOOST_TEST((write.starts_with("patch migrations/orders-1/status") || write.find("leases/") != std::string::npos),
               write);
}

BOOST_AUTO_TEST_CASE(the_consumers_connections_are_closed_while_it_is_frozen) {
  Scene scene;
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
    pod["metadata"]["annotations"][kQueueAnnotation] = "orders";
    pod["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
  });
  scene.cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
  scene.broker->add_queue("orders");
  scene.broker->consume("orders", {"t1", "mine", "10.0.0.9"});
  scene.broker->consume("orders", {"t2", "a sibling's", "10.0.0.8"});
  scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(scene.broker->closed_connections() == std::vector<std::string>{"mine"}, boost::test_tools::per_element());
}

// What it does not answer, to the second question or to each, while the source is frozen.
BOOST_AUTO_TEST_CASE(a_broker_that_is_silent_for_seconds_is_waited_for_while_the_source_is_frozen) {
  for (const auto silence : {5s, 3'600s}) {
    Scene scene;
    scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
      pod["metadata"]["annotations"][kQueueAnnotation] = "orders";
      pod["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
    });
    scene.cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
    scene.broker->add_queue("orders");
    scene.broker->consume("orders", {"t1", "mine", "10.0.0.9"});
    std::optional<Instant> back;
    scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
      if (!back && scene.source.record.state == agent::SourceState::frozen) back = scene.now() + silence;
      if (back && scene.now() < *back) return Error{call + ": connection refused"};
      return std::nullopt;
    };
    const MigrationStatus status = scene.run();
    if (silence == 5s) {
      scene.check_succeeded(kTarget);
      BOOST_TEST(scene.broker->closed_connections().size() == 1U);
      continue;
    }
    // No longer than a frozen source's probes have patience.
    scene.check_rolled_back();
    BOOST_TEST(status.reason == "Broker");
    BOOST_TEST(status.message.find("connection refused") != std::string::npos, status.message);
    BOOST_REQUIRE(status.frozen_at && scene.source.record.ended_at);
    BOOST_TEST((*scene.source.record.ended_at - *status.frozen_at <= 25s));
  }
}

BOOST_AUTO_TEST_CASE(a_broker_that_is_down_is_found_out_before) {
  Scene scene;
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
    pod["metadata"]["annotations"][kQueueAnnotation] = "orders";
    pod["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
  });
  scene.cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
  scene.broker->is_down = true;
  BOOST_TEST(to_string(scene.run().phase) == "Refused");
}

// Every order before the commit, on either node, fails: back.
const std::vector<std::string> kSourceOrders{"freeze", "checkpoint", "commit"};
const std::vector<std::string> kTargetOrders{"prepare", "pull"};

BOOST_DATA_TEST_CASE(an_order_that_fails_leads_back, data::make(kSourceOrders) + data::make(kTargetOrders), order) {
  Scene scene;
  for (controller::fakes::Agent* agent : {&scene.source, &scene.target})
    agent->before = [&](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != order) return std::nullopt;
      return agent::AgentError{Kind::failed, "criu says no"};
    };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.message.find("criu says no") != std::string::npos, status.message);
}

BOOST_DATA_TEST_CASE(an_abort_at_any_order_leads_back,
                     data::make(kSourceOrders) + data::make(kTargetOrders) + data::make({std::string{"inspect"}}),
                     order) {
  if (order == "commit") return;  // too late, below
  for (const bool keep_name : {false, true}) {
    if (keep_name && order == "prepare") continue;  // comes after the commit
    Scene scene{keep_name};
    const auto abort_at = [&](const std::string& what) {
      if (what == order && !scene.migration().spec.abort) scene.abort();
    };
    for (controller::fakes::Agent* agent : {&scene.source, &scene.target})
      agent->before = [&](const std::string& what) {
        abort_at(what);
        return std::optional<agent::AgentError>{};
      };
    const MigrationStatus status = scene.run();
    scene.check_rolled_back();
    BOOST_TEST(status.reason == "Aborted");
  }
}

BOOST_AUTO_TEST_CASE(an_abort_after_the_commit_comes_too_late) {
  Scene scene;
  scene.source.before = [&](const std::string& what) {
    if (what == "commit") scene.abort();
    return std::optional<agent::AgentError>{};
  };
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(a_deleted_migration_goes_back_and_leaves_nothing) {
  Scene scene;
  scene.source.after = [&](const std::string& what) {
    if (what == "checkpoint")
      scene.edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  };
  while (scene.cluster.look(Scene::path()) && scene.once()) {
  }
  BOOST_TEST(!scene.cluster.look(Scene::path()));
  BOOST_CHECK(scene.source.record.state == agent::SourceState::thawed);
  BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_place_until_the_timeout) {
  Scene scene;
  scene.place_on.clear();
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "TimedOut");
  BOOST_TEST(status.message.find("too small") != std::string::npos, status.message);
  BOOST_TEST(scene.source.record.frozen_at.has_value() == false);
}

BOOST_AUTO_TEST_CASE(a_volume_that_only_one_node_can_hold_is_refused) {
  for (const bool attached : {true, false}) {
    Scene scene;
    scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
      pod["spec"]["volumes"].push_back({{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "data"}}}});
    });
    scene.cluster.put(kube::core("persistentvolumeclaims", "shop", "data"), {{"spec", {{"volumeName", "pv-1"}}}});
    scene.cluster.put(kube::core("persistentvolumes", "", "pv-1"),
                      {{"spec", {{"accessModes", {"ReadWriteOnce"}}, {"csi", {{"driver", "disks.example"}}}}}});
    if (!attached)
      scene.cluster.put({"storage.k8s.io", "v1", "csidrivers", "", "disks.example", ""},
                        {{"spec", {{"attachRequired", false}}}});
    const MigrationStatus status = scene.run();
    if (!attached) {
      scene.check_succeeded(kTarget);
      continue;
    }
    BOOST_TEST(to_string(status.phase) == "Refused");
    BOOST_TEST(status.reason == "LoneVolume");
    BOOST_TEST(status.message.find("volume pv-1 of disks.example") != std::string::npos, status.message);
  }
}

BOOST_AUTO_TEST_CASE(the_kubelet_s_checkpoint_is_forecast_with_the_image) {
  Scene scene;
  scene.edit([](Json& object) { object["spec"]["checkpoint"] = "Kubelet"; });
  scene.run();
  const auto without = scene.status().forecast_freeze.value();
  Scene with;
  with.edit([](Json& object) { object["spec"]["checkpoint"] = "Kubelet"; });
  with.source.facts.containers[0].image = 100_MiB;
  with.run();
  BOOST_CHECK(with.status().forecast_freeze.value() == without + 800ms);
}

BOOST_AUTO_TEST_CASE(stop_is_forecast_from_placing_to_finishing) {
  Scene scene;
  scene.run();
  const MigrationStatus status = scene.status();
  BOOST_CHECK(status.forecast_gap.value() == status.forecast_freeze.value() + status.forecast_restore.value());
  BOOST_CHECK(status.forecast_total.value() > status.forecast_gap.value());
}

BOOST_AUTO_TEST_CASE(a_target_deleted_before_the_commit_does_not_take_the_memory_along) {
  Scene scene;
  scene.target.after = [&](const std::string& what) {
    if (what == "pull") scene.cluster.drop(Scene::pod(kTarget));
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "TargetDeleted");
}

BOOST_AUTO_TEST_CASE(a_silent_source_node_is_not_committed) {
  Scene scene;
  scene.cluster.put({"coordination.k8s.io", "v1", "leases", "kube-node-lease", "node-a", ""},
                    {{"spec", {{"renewTime", "2025-12-31T23:59:30.000000Z"}}}});
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "SourceNodeSilent");
}

BOOST_AUTO_TEST_CASE(an_agent_that_thawed_by_itself_is_not_committed) {
  Scene scene;
  scene.target.after = [&](const std::string& what) {
    if (what != "pull") return;
    scene.source.record.state = agent::SourceState::thawed;
    scene.source.record.message = "its deadline passed";
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.message.find("its deadline passed") != std::string::npos, status.message);
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_away_for_a_moment_is_waited_for) {
  Scene scene;
  int left = 3;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull" || left-- <= 0) return std::nullopt;
    return agent::AgentError{Kind::unreachable, "connection refused"};
  };
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(an_agent_that_stays_away_leads_back_within_the_freeze_budget) {
  Scene scene;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull") return std::nullopt;
    return agent::AgentError{Kind::unreachable, "connection refused"};
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "TimedOut");
  BOOST_TEST(status.freeze.value_or(0ms).count() >= 17'000);
  BOOST_TEST(status.freeze.value_or(0ms).count() <= 19'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
