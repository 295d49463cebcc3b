// Room for a target that no scheduler places: counted of the Pods that can be seen, and asked of the kubelet.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <utility>

#include "test/unit/controller/local.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

// For two, and somebody has come since.
struct Crowded : Local {
  Crowded() {
    cluster.change(kube::core("nodes", "", "node-a"), [](Json& node) { node["status"]["allocatable"]["cpu"] = "2"; });
    Json other = samples::pod();
    other["metadata"]["uid"] = "uid-batch";
    cluster.put(kBatch, other);
  }
  // What is asked for without a namespace is every namespace's.
  void see_own_namespace_only() {
    cluster.before_list = [](const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (where.plural != "pods" || where.namespace_ == "shop") return std::nullopt;
      return controller::fakes::Cluster::error(kube::ApiError::Kind::forbidden, "not in all namespaces");
    };
  }
  // As long as that Pod is there.
  void refuse_as_kubelet(const char* reason, const char* message) {
    cluster.before_write = [=, this](const std::string&,
                                     const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (where.subresource != "binding") return std::nullopt;
      ++bindings;
      if (cluster.look(kBatch))
        cluster.change(pod("home"), [=](Json& object) {
          object.erase("status");
          object["status"]["phase"] = "Failed";
          object["status"]["reason"] = reason;
          object["status"]["message"] = message;
        });
      return std::nullopt;
    };
  }
  void check_waits(const std::string& what) const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "Placing", now.reason + ": " + now.message + "\n" + log.text());
    BOOST_TEST(now.steps.back().message.find("waits for room: " + what) == 0U, now.steps.back().message);
    BOOST_TEST(!cluster.look(pod("home")).has_value());
  }

  const kube::ResourcePath kBatch = kube::pod("elsewhere", "batch");
  int bindings = 0;
};

BOOST_AUTO_TEST_SUITE(room)

BOOST_FIXTURE_TEST_CASE(a_hop_within_a_node_waits_for_room, Crowded) {
  run(3);
  check_waits("node node-a has 2 cpu, of which its Pods ask for 2, and this one would for 1 more");
  const auto writes = cluster.writes();
  BOOST_TEST(std::count(writes.begin(), writes.end(), "create pods/home") == 0);
  cluster.drop(kBatch);
  run();
  check_succeeded("home");
}

BOOST_FIXTURE_TEST_CASE(what_it_cannot_see_the_kubelet_knows, Crowded) {
  see_own_namespace_only();
  refuse_as_kubelet("OutOfcpu", "Node didn't have enough resource: cpu");
  run(5);  // more often than other refusals lead back
  check_waits("the kubelet of node node-a says: Node didn't have enough resource: cpu");
  BOOST_TEST(bindings == 5);
  cluster.drop(kBatch);
  run();
  check_succeeded("home");
}

// Who makes the room needs a thread as well.
struct Unheld : Crowded {
  // What drive() answers, and how long it took.
  std::pair<std::optional<milliseconds>, milliseconds> drive_once() {
    std::stop_source stop;
    Signals signals{stop.get_token()};
    const Instant before = now();
    const auto again = drive(world, signals, "shop", "orders-1");
    return {again, std::chrono::duration_cast<milliseconds>(now() - before)};
  }
};

BOOST_FIXTURE_TEST_CASE(nobody_is_held_while_room_is_waited_for, Unheld) {
  const auto [again, took] = drive_once();
  BOOST_TEST((again == 3s));
  BOOST_TEST((took < 1s), took.count());
}

BOOST_FIXTURE_TEST_CASE(nor_after_a_refusal_which_is_not_asked_for_soon_again, Unheld) {
  see_own_namespace_only();
  refuse_as_kubelet("OutOfcpu", "Node didn't have enough resource: cpu");
  const auto [again, took] = drive_once();
  BOOST_TEST((again == 10s));
  BOOST_TEST((took < 3s), took.count());
  BOOST_TEST(bindings == 1);
}

BOOST_FIXTURE_TEST_CASE(room_is_waited_for_until_the_time_is_over, Crowded) {
  run(1'000);
  BOOST_TEST(status().reason == "TimedOut");
  BOOST_TEST(status().message.find("no room in time: node node-a has 2 cpu") != std::string::npos, status().message);
  cluster.drop(kBatch);
  check_rolled_back();
}

BOOST_FIXTURE_TEST_CASE(who_waits_for_room_may_be_aborted, Crowded) {
  run(2);
  abort();
  run();
  BOOST_TEST(status().reason == "Aborted");
  cluster.drop(kBatch);
  check_rolled_back();
}

// The next controller finds it bound, and does not count it against itself.
BOOST_FIXTURE_TEST_CASE(a_target_that_was_bound_waits_for_no_room, Crowded) {
  cluster.drop(kBatch);
  source.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "prepare" || ++bindings > 1) return std::nullopt;
    die();
    return agent::AgentError{agent::AgentError::Kind::unreachable, "gone"};
  };
  run();
  check_succeeded("home");
  BOOST_TEST(bindings > 1);
}

BOOST_FIXTURE_TEST_CASE(a_kubelet_that_refuses_for_another_reason_leads_back, Crowded) {
  see_own_namespace_only();
  refuse_as_kubelet("NodeAffinity", "Predicate NodeAffinity failed");
  const MigrationStatus now = run();
  BOOST_TEST(now.message.find("3 times: Predicate NodeAffinity failed") != std::string::npos, now.message);
  cluster.drop(kBatch);
  check_rolled_back();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
