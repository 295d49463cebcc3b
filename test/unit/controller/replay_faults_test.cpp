// What goes wrong at the broker and in the application while a copy replays: nothing is lost by it, and it is said.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/replay_scene.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

constexpr const char* kShadow = "orders-mig-a6pfz";
constexpr const char* kShadowControl = "ms2m.control.orders-mig-a6pfz";

void check_said(const MigrationStatus& status, const char* phase, const char* reason, const std::string& part) {
  BOOST_TEST(to_string(status.phase) == phase, status.reason + ": " + status.message);
  BOOST_TEST(status.reason == reason);
  BOOST_TEST(status.message.find(part) != std::string::npos, status.message);
}

bool begins(const std::string& call, const char* with) {
  return call.starts_with(with);
}

struct Live : Replay {
  Live() : Replay(Strategy::live) {}

  // When the copy has come to life.
  std::function<void()> on_release;
  void arm() {
    target.after = [this](const std::string& what) {
      if (what != "release") return;
      run_containers();
      if (on_release) on_release();
    };
  }
  void kubelet_says_it_ended() {
    cluster.change(pod(kShadow), [](Json& object) {
      object["status"]["containerStatuses"][0]["lastState"] = {
          {"terminated", {{"exitCode", 137}, {"reason", "Error"}, {"startedAt", "2026-01-01T00:00:00Z"}}}};
    });
  }
  [[nodiscard]] std::size_t count(const std::string& call) const {
    const auto calls = broker->calls();
    return static_cast<std::size_t>(std::count(calls.begin(), calls.end(), call));
  }
};

BOOST_AUTO_TEST_SUITE(replay_faults)

const std::vector<const char*> kRights{"remove_queue ms2m.replay.", "unbind ms2m.replay."};

BOOST_DATA_TEST_CASE(a_right_that_is_missing_is_found_out_before_anything_happens, data::make(kRights), needed) {
  Live scene;
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (begins(call, needed)) return Error{"ACCESS_REFUSED; user shop needs the right to configure"};
    return std::nullopt;
  };
  check_said(scene.run(), "Refused", "BrokerRights", "needs the right to configure; or use --strategy stop");
  BOOST_TEST(scene.count("declare_queue " + scene.mirror()) == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_application_without_a_control_queue_is_refused, Live) {
  BOOST_REQUIRE(broker->remove_queue(kOwnControl, {}));
  check_said(run(), "Refused", "NoControlQueue", std::string("has declared no control queue ") + kOwnControl);
}

// What it took from there would be lost, message by message.
BOOST_FIXTURE_TEST_CASE(a_copy_that_takes_from_the_primary_is_given_up_at_once, Live) {
  obeys = false;
  Instant born{};
  on_release = [&] {
    born = now();
    broker->consume("orders", {"t3", "shadow", "10.0.0.20", 5});
  };
  arm();
  const MigrationStatus status = run();
  check_rolled_back();
  check_queues_gone();
  check_said(status, "RolledBack", "ReplayNotStarted", "takes messages from queue orders itself");
  const auto replaying = std::find_if(status.steps.begin(), status.steps.end(),
                                      [](const Step& one) { return one.name == to_string(Phase::replaying); });
  BOOST_REQUIRE(replaying != status.steps.end());
  BOOST_TEST((*replaying->finished - born < 1s));
}

BOOST_FIXTURE_TEST_CASE(a_limit_that_is_set_while_it_replays_is_no_success, Live) {
  on_release = [&] { broker->listed_policies = {broker::Policy{"short", ".*", true, 0, false, true}}; };
  arm();
  const MigrationStatus status = run();
  check_rolled_back();
  check_queues_gone();
  check_said(status, "RolledBack", "MirrorLengthLimit", "operator policy short");
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_set_while_archives_travel_is_no_success) {
  Replay scene{Strategy::sequential};
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "pull") scene.broker->listed_policies = {broker::Policy{"short", ".*", false, 0, false, true}};
    return std::nullopt;
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  check_said(status, "RolledBack", "MirrorLengthLimit", "policy short");
}

// A copy that comes to life all the same must find where to read.
BOOST_FIXTURE_TEST_CASE(the_word_to_a_copy_stands_as_long_as_the_copy_may_live, Live) {
  target.before = [&](const std::string& what) {
    if (what == "release") abort();
    return std::optional<agent::AgentError>{};
  };
  run();
  check_rolled_back();
  check_queues_gone();
  BOOST_TEST(count(std::string("purge ") + kShadowControl) == 0U);
}

BOOST_AUTO_TEST_CASE(a_word_in_the_sources_own_queue_is_taken_back_and_the_replay_ended) {
  Replay scene{Strategy::sequential, true};
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "snapshot") scene.in_memory = scene.in_source.size();
    if (what != "commit") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "no"};
  };
  scene.run();
  scene.check_rolled_back();
  BOOST_REQUIRE(scene.broker->has_queue(kOwnControl));
  BOOST_TEST(scene.broker->ready(kOwnControl) == std::vector<std::string>{R"({"type":"END_REPLAY"})"},
             boost::test_tools::per_element());
}

// Its process ended. The kubelet starts another, with no memory: that one must not find an empty control queue.
BOOST_FIXTURE_TEST_CASE(a_copy_that_died_is_told_again_at_once_and_given_up, Live) {
  int looks = 0;
  Instant died{};
  std::optional<Instant> told;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call == "depth " + mirror() && broker->has_queue(mirror()) && reads && *reads == mirror() && ++looks == 2) {
      died = now();
      obeys = false;
      broker->cancel(mirror(), "t3");
    }
    if (looks >= 2 && !told && begins(call, "publish ms2m.control.")) {
      told = now();
      broker->consume(mirror(), {"t3", "cold", "10.0.0.20", 5});
      kubelet_says_it_ended();
    }
    return std::nullopt;
  };
  const MigrationStatus status = run();
  check_rolled_back();
  check_queues_gone();
  check_said(status, "RolledBack", "TargetDied", "ended while it replayed");
  BOOST_REQUIRE(told.has_value());
  BOOST_TEST((*told - died < 500ms));
}

// The mirror is empty and nobody reads it: no sign that all was handled.
BOOST_FIXTURE_TEST_CASE(a_copy_that_died_in_the_end_is_not_committed_to, Live) {
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "snapshot") in_memory = in_source.size();
    if (what == "freeze") {
      obeys = false;
      broker->cancel(mirror(), "t3");
      kubelet_says_it_ended();
    }
    return std::nullopt;
  };
  const MigrationStatus status = run();
  check_rolled_back();
  check_queues_gone();
  check_said(status, "RolledBack", "TargetDied", "ended while it replayed");
}

// The source is frozen, and committed, and has lost nothing: a person may decide for it.
BOOST_FIXTURE_TEST_CASE(a_copy_that_dies_behind_the_commit_is_a_doubt_and_the_source_an_answer, Live) {
  broker->on_call = [&](const std::string&) -> std::optional<Error> {
    if (obeys && status().phase == Phase::switching) {
      obeys = false;
      broker->cancel(mirror(), "t3");
      kubelet_says_it_ended();
    }
    return std::nullopt;
  };
  MigrationStatus status = run(1);
  BOOST_TEST(to_string(status.phase) == "InDoubt");
  BOOST_TEST(status.reason == "TargetDied");
  BOOST_TEST(status.message.find("is frozen on node node-a with its memory") != std::string::npos, status.message);
  broker->on_call = nullptr;
  edit([](Json& object) { object["spec"]["resolve"] = "Source"; });
  run();
  check_rolled_back();
  check_queues_gone();
  BOOST_TEST(source.thawed_after_commit);
}

// Nobody decides until its liveness probe would have the source started without its memory, which would take messages.
BOOST_FIXTURE_TEST_CASE(a_source_that_nobody_decides_for_in_time_is_removed, Live) {
  broker->on_call = [&](const std::string&) -> std::optional<Error> {
    if (obeys && status().phase == Phase::switching) {
      obeys = false;
      broker->cancel(mirror(), "t3");
      kubelet_says_it_ended();
    }
    return std::nullopt;
  };
  run(20);
  BOOST_TEST(!cluster.look(pod("orders")));
  edit([](Json& object) { object["spec"]["resolve"] = "Source"; });
  const MigrationStatus status = run(1);
  check_said(status, "InDoubt", "TargetDied",
             "nothing holds its memory any more; it cannot be resolved for the source");
  BOOST_TEST(!source.thawed_after_commit);
  BOOST_TEST((migration().spec.resolve == Resolution::none));
}

// The broker is away for so long that the source had to go. Then there is nothing to decide any more.
BOOST_FIXTURE_TEST_CASE(a_copy_that_dies_when_its_source_is_removed_has_failed, Live) {
  std::optional<Instant> back;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!back && status().phase == Phase::switching) back = now() + 30s;
    if (back && now() < *back) return Error{call + ": connection refused"};
    if (back && obeys) {
      obeys = false;
      broker->cancel(mirror(), "t3");
      kubelet_says_it_ended();
    }
    return std::nullopt;
  };
  check_said(run(), "Failed", "TargetDied", "nothing holds its memory any more");
  BOOST_TEST(status().message.find("--keep source") == std::string::npos, status().message);
  BOOST_TEST(!cluster.look(pod("orders")));
}

// Behind the commit there is only forward. The frozen source is not waited with longer than its liveness probe allows.
BOOST_FIXTURE_TEST_CASE(a_broker_that_is_away_for_a_minute_behind_the_commit_is_waited_for, Live) {
  std::optional<Instant> back;
  std::optional<Instant> removed;
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "delete" && where.name == "orders" && !removed) removed = now();
    return std::nullopt;
  };
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!back && status().phase == Phase::switching) back = now() + 60s;
    if (back && now() < *back) return Error{call + ": connection refused"};
    return std::nullopt;
  };
  run();
  BOOST_TEST(back.has_value());
  BOOST_REQUIRE(removed.has_value());
  BOOST_TEST((*removed < *back - 30s));
  BOOST_TEST((*removed - *status().frozen_at >= 18s));
  check_succeeded(kShadow);
  check_queues_gone();
  check_complete();
}

BOOST_FIXTURE_TEST_CASE(a_mirror_stays_until_its_last_reader_has_ended, Live) {
  bool in_use = false;
  on_release = [&] { abort(); };
  arm();
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call == "remove_queue " + mirror() && broker->has_queue(mirror())) {
      if (!in_use) broker->consume(mirror(), {"last", "last", "10.0.0.20", 5});
      if (in_use && broker->has_queue(mirror())) broker->cancel(mirror(), "last");
      in_use = true;
    }
    return std::nullopt;
  };
  run();
  check_rolled_back();
  check_queues_gone();
  BOOST_TEST(in_use);
  BOOST_TEST(count("remove_queue " + mirror()) >= 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
