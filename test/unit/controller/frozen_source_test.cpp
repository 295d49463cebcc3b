// Behind the commit the source's Pod does not outlive what its liveness probes allow: its kubelet would start it
// without its memory, beside the target.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "extender/controller/target_pod.h"
#include "shared/base/time.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using agent::RestoreState;
using Kind = agent::AgentError::Kind;
namespace data = boost::unit_test::data;

const std::string kTarget = target_name(samples::migration(), 1);

// By the sample's probe, (3 - 1) * 10 s less 2 s.
constexpr std::chrono::seconds kAllowed{18};

struct Watched : Scene {
  Watched() {
    cluster.before_write = [this](const std::string& verb,
                                  const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (verb == "delete" && where.plural == "pods" && where.name == "orders" && !removed_at) removed_at = now();
      return std::nullopt;
    };
  }
  // The target comes to life so long after the freeze.
  void restore_after(std::chrono::seconds span) {
    target.outcome = RestoreState::claimed;
    target.before = [this, span](const std::string& what) -> std::optional<agent::AgentError> {
      if (what == "restore_states" && frozen_for() >= span) {
        for (auto& [uid, state] : target.targets)
          state = RestoreState::used;
        run_containers();
      }
      return std::nullopt;
    };
  }
  [[nodiscard]] std::chrono::microseconds frozen_for() const {
    const auto at = source.record.frozen_at;
    return at ? now() - *at : std::chrono::microseconds{0};
  }
  [[nodiscard]] std::chrono::microseconds removed_after() const {
    BOOST_REQUIRE(removed_at.has_value());
    return *removed_at - *source.record.frozen_at;
  }
  void check_removed_in_time(std::chrono::seconds allowed = kAllowed) const {
    const auto after = removed_after();
    BOOST_TEST((after >= allowed && after < allowed + 300ms), std::chrono::duration<double>(after).count());
    const MigrationStatus seen = status();
    const Condition* gone = find_condition(seen, "SourceGone");
    BOOST_REQUIRE(gone != nullptr);
    BOOST_REQUIRE(!seen.warnings.empty());
    BOOST_TEST(
        seen.warnings.back().find("was removed before its liveness probes would have it started") != std::string::npos,
        seen.warnings.back());
    BOOST_TEST(std::count(events.reasons.begin(), events.reasons.end(), "MigrationSourceRemoved") == 1);
  }
  void decide(const char* what) {
    edit([&](Json& object) { object["spec"]["resolve"] = what; });
  }
  [[nodiscard]] bool has_pod(const std::string& name) const { return cluster.look(pod(name)).has_value(); }

  std::optional<Instant> removed_at;
};

BOOST_AUTO_TEST_SUITE(frozen_source)

BOOST_FIXTURE_TEST_CASE(a_long_restore_outlasts_its_source, Watched) {
  restore_after(40s);
  run();
  check_succeeded(kTarget);
  check_removed_in_time();
}

// Nobody answers the order itself, which is given again and again.
BOOST_FIXTURE_TEST_CASE(an_agent_that_is_away_does_not_hold_it_up, Watched) {
  target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "release" || frozen_for() >= 40s) return std::nullopt;
    return agent::AgentError{Kind::unreachable, "connection refused"};
  };
  run();
  check_succeeded(kTarget);
  check_removed_in_time();
}

// The API server does not take the removal at first.
BOOST_FIXTURE_TEST_CASE(a_removal_that_fails_is_tried_again, Watched) {
  restore_after(60s);
  int refused = 0;
  const auto note = cluster.before_write;
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "delete" && where.name == "orders" && frozen_for() < 30s) {
      ++refused;
      return controller::fakes::Cluster::error(kube::ApiError::Kind::server, "etcd has no leader");
    }
    return note(verb, where);
  };
  run();
  check_succeeded(kTarget);
  BOOST_TEST(refused > 3);
  BOOST_TEST((removed_after() >= 30s && removed_after() < 33s));
}

struct Probe {
  const char* probe;  // of liveness; empty: none
  std::chrono::seconds allowed;
  friend std::ostream& operator<<(std::ostream& out, const Probe& one) { return out << one.probe; }
};
const Probe kProbes[] = {
    {R"({"grpc": {"port": 80}, "periodSeconds": 20, "failureThreshold": 4})", 58s},
    // The kernel answers until nobody knows when.
    {R"({"tcpSocket": {"port": 80}, "periodSeconds": 1, "failureThreshold": 3})", 60s},
    {R"({"exec": {"command": ["true"]}, "periodSeconds": 1, "failureThreshold": 3})", 0s},
    {"", 0s},
};

BOOST_DATA_TEST_CASE(what_its_probe_is_says_how_long_it_stays, data::make(kProbes), one) {
  Watched scene;
  scene.cluster.change(Scene::pod("orders"), [&](Json& pod) {
    Json& container = pod["spec"]["containers"][0];
    container.erase("livenessProbe");
    if (*one.probe != 0) container["livenessProbe"] = Json::parse(one.probe);
  });
  scene.restore_after(100s);
  scene.run();
  scene.check_succeeded(kTarget);
  if (one.allowed > 0s) return scene.check_removed_in_time(one.allowed);
  BOOST_TEST((scene.removed_after() >= 100s));
  BOOST_TEST(scene.status().warnings.empty());
}

// What came to life at the target cannot be found out.
struct Doubt : Watched {
  Doubt() {
    target.outcome = RestoreState::failed;
    run(1);
    BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
  }
  void check_refused(const std::string& why) {
    const MigrationStatus seen = status();
    BOOST_TEST(to_string(seen.phase) == "InDoubt");
    BOOST_TEST(seen.message.find("it cannot be resolved for the source: " + why) != std::string::npos, seen.message);
    BOOST_TEST((migration().spec.resolve == Resolution::none));
    BOOST_TEST(std::count(events.reasons.begin(), events.reasons.end(), "MigrationNotResolved") == 1);
    BOOST_TEST(std::count(source.orders.begin(), source.orders.end(), "thaw") == 0);
    BOOST_TEST(has_pod(kTarget));
  }
};

BOOST_FIXTURE_TEST_CASE(a_doubt_says_how_long_the_memory_is_there, Doubt) {
  const MigrationStatus seen = status();
  const std::string until = to_rfc3339(*seen.frozen_at + kAllowed).substr(11, 8);
  BOOST_TEST(seen.message.find("frozen on node node-a with its memory until " + until + " UTC") != std::string::npos,
             seen.message);
}

BOOST_FIXTURE_TEST_CASE(a_doubt_outlasts_its_source_and_is_resumed_from_the_archives, Doubt) {
  run(20);
  check_removed_in_time();
  BOOST_TEST(status().message.find("the archives alone hold its memory") != std::string::npos, status().message);
  decide("Source");
  run(1);
  check_refused("its memory is gone");
  // It stays to be read.
  run(2);
  check_refused("its memory is gone");
  target.outcome = RestoreState::used;
  decide("Checkpoint");
  run();
  check_succeeded(target_name(samples::migration(), 2));
}

BOOST_FIXTURE_TEST_CASE(with_too_little_time_left_the_target_is_not_removed_for_it, Doubt) {
  time.pass(std::chrono::duration_cast<std::chrono::milliseconds>(kAllowed - 4s - frozen_for()));
  decide("Source");
  once();
  check_refused("the target's Pod would have to be removed first");
}

BOOST_FIXTURE_TEST_CASE(without_the_word_of_its_agent_the_target_is_not_removed_for_it, Doubt) {
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "inspect") return std::nullopt;
    return agent::AgentError{Kind::failed, "containerd does not answer"};
  };
  decide("Source");
  run(1);
  check_refused("nobody says whether it can be thawed: look at the source at the agent of node node-a: containerd");
}

// A restart of its runtime ends what is paused, whatever its probes are.
BOOST_FIXTURE_TEST_CASE(a_source_that_ended_is_removed_at_once, Doubt) {
  source.has_lost_source = true;
  run(1);
  BOOST_TEST((removed_after() < 10s));
  BOOST_TEST(status().message.find("was removed as it had ended") != std::string::npos, status().message);
  decide("Source");
  run(1);
  check_refused("its memory is gone");
}

BOOST_FIXTURE_TEST_CASE(a_source_that_ends_while_the_target_is_removed_for_it_leaves_the_archives, Doubt) {
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "thaw") source.has_lost_source = true;
    return std::nullopt;
  };
  decide("Source");
  run(2);
  BOOST_TEST(to_string(status().phase) == "InDoubt");
  BOOST_TEST(status().reason == "SourceLost");
  BOOST_TEST((migration().spec.resolve == Resolution::none));
  BOOST_TEST(!has_pod("orders"));
  BOOST_TEST(target.has_archives);
  target.outcome = RestoreState::used;
  decide("Checkpoint");
  run();
  check_succeeded(target_name(samples::migration(), 2));
}

// The target took until then to be removed: what runs again would be killed in a moment, and start without its memory.
BOOST_FIXTURE_TEST_CASE(what_its_kubelet_is_about_to_kill_is_not_thawed, Doubt) {
  target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "cancel") time.pass(20s);
    return std::nullopt;
  };
  decide("Source");
  run(2);
  BOOST_TEST(to_string(status().phase) == "InDoubt");
  BOOST_TEST(status().reason == "SourceLost");
  BOOST_TEST(!has_pod("orders"));
  BOOST_TEST(std::count(source.orders.begin(), source.orders.end(), "thaw") == 0);
}

// When no restore succeeds the source is the last resort, if it is there to be thawed; else the archives on its node.
BOOST_FIXTURE_TEST_CASE(a_source_that_ended_is_no_last_resort, Watched) {
  target.outcome = RestoreState::failed;
  target.resumed = false;
  source.after = [&](const std::string& what) {
    if (what == "commit") source.has_lost_source = true;
    if (what == "release") run_containers();
  };
  target.after = [&](const std::string& what) {
    if (what == "cancel" && std::count(target.orders.begin(), target.orders.end(), "release") == 3)
      next_node = "node-a";
  };
  const MigrationStatus seen = run();
  check_succeeded(target_name(samples::migration(), 4));
  BOOST_TEST(seen.target.node == "node-a");
  BOOST_TEST(std::count(source.orders.begin(), source.orders.end(), "thaw") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
