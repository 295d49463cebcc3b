// What goes wrong at the broker and in the application while a copy replays: nothing is lost by it, and it is said.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "extender/controller/attendance.h"
#include "shared/messages/mirror.h"
#include "shared/migration/forecast.h"
#include "shared/migration/names.h"
#include "test/unit/controller/live.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(replay_faults)

const Error kNoRight{"ACCESS_REFUSED; user shop needs the right to configure", true};

struct Right {
  const char* call;
  Strategy strategy = Strategy::live;
  bool keep_name = false;
  bool purges = false;
  friend std::ostream& operator<<(std::ostream& out, const Right& right) { return out << right.call; }
};
const std::vector<Right> kRights{{"remove_queue ms2m.replay."},
                                 {"unbind ms2m.replay."},
                                 {"remove_queue ms2m.control."},
                                 {"may_publish"},
                                 {"may_read ms2m.control.o", Strategy::sequential, true},
                                 {"declare_queue ms2m.control.o", Strategy::sequential, true},
                                 {"may_read orders", Strategy::live, false, true}};

BOOST_DATA_TEST_CASE(a_right_that_is_missing_is_found_out_before_anything_happens, data::make(kRights), right) {
  Replay scene{right.strategy, right.keep_name};
  scene.edit([&](Json& object) { object["spec"]["messages"]["purgePrimary"] = right.purges; });
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (begins(call, right.call)) return kNoRight;
    return std::nullopt;
  };
  check_said(scene.run(), "Refused", "BrokerRights", "needs the right to configure; or use --strategy stop");
  for (const std::string& call : scene.broker->calls())
    BOOST_TEST(call != "declare_queue " + scene.mirror());
}

// Nobody needs them: whoever lacks them is not refused for it.
BOOST_AUTO_TEST_CASE(rights_that_are_not_needed_are_not_asked_for) {
  Live scene;
  scene.run();
  scene.check_succeeded(kShadow);
  for (const std::string& call : scene.broker->calls())
    BOOST_TEST(!begins(call, "may_read"), call);
}

BOOST_AUTO_TEST_CASE(a_shared_control_queue_that_was_declared_otherwise_is_refused_for_what_it_is) {
  Replay scene{Strategy::sequential, true};
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call == std::string("declare_queue ") + kOwnControl) return Error{"PRECONDITION_FAILED"};
    return std::nullopt;
  };
  check_said(scene.run(), "Refused", "Broker", "the control queue, which source and target share: PRECONDITION_FAILED");
}

BOOST_FIXTURE_TEST_CASE(an_application_without_a_control_queue_is_refused, Live) {
  BOOST_REQUIRE(broker->remove_queue(kOwnControl, {}));
  check_said(run(), "Refused", "NoControlQueue", std::string("has declared no control queue ") + kOwnControl);
}

// The word for the copy would reach the source, which works beside it.
BOOST_FIXTURE_TEST_CASE(a_control_queue_that_all_instances_share_is_refused, Live) {
  broker->add_queue("orders.control");
  broker->consume("orders.control", {kLooker, "mine", "10.0.0.9", 1});
  cluster.change(pod("orders"),
                 [](Json& object) { object["metadata"]["annotations"][kControlQueueAnnotation] = "orders.control"; });
  check_said(run(), "Refused", "SharedControlQueue", "put {pod} or {hostname} into it, or use --strategy sequential");
  BOOST_TEST(broker->ready("orders.control").empty());
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

// Nobody can ask that broker any more, and nothing else is held up by it.
BOOST_FIXTURE_TEST_CASE(a_secret_that_is_gone_in_the_end_holds_up_nobody, Live) {
  target.before = [&](const std::string& what) {
    if (what == "release") abort();
    return std::optional<agent::AgentError>{};
  };
  source.after = [&](const std::string& what) {
    if (what == "thaw") cluster.drop(kube::core("secrets", "shop", "rabbit"));
  };
  run();
  check_rolled_back();
  BOOST_TEST(broker->has_queue(mirror()));
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

// What is in doubt at the commit may have been done: then the copy is restored, and goes by what it finds in the queue
// that was the source's. With the end of a replay there it would take newer messages before those in the mirror.
BOOST_AUTO_TEST_CASE(a_commit_that_was_not_heard_of_leaves_the_word_for_the_copy) {
  Replay scene{Strategy::sequential, true};
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "snapshot") scene.in_memory = scene.in_source.size();
    if (what != "commit") return std::nullopt;
    scene.source.record.state = agent::SourceState::committed;
    scene.source.record.ended_at = scene.now();
    return agent::AgentError{agent::AgentError::Kind::failed, "cut off"};
  };
  std::vector<std::string> found;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "release") found = scene.broker->ready(kOwnControl);
    return std::nullopt;
  };
  scene.run();
  scene.check_succeeded("orders");
  const std::vector<std::string> wanted{messages::start_replay(scene.mirror())};
  BOOST_TEST(found == wanted, boost::test_tools::per_element());
  scene.check_complete();
  BOOST_TEST(std::is_sorted(scene.in_target.begin(), scene.in_target.end(),
                            [](const auto& one, const auto& other) { return std::stoi(one) < std::stoi(other); }));
}

// To wait for the right would keep the source frozen, or its name held, for as long as nobody gives it.
struct Refused {
  const char* call;
  std::vector<std::string> words;  // that are left in the control queue
  const char* warned;
  friend std::ostream& operator<<(std::ostream& out, const Refused& one) { return out << one.call; }
};
const std::vector<Refused> kRefused{
    {"purge ms2m.control.", {"START_REPLAY", "END_REPLAY"}, "so the application reads it and END_REPLAY behind it"},
    {R"(publish ms2m.control.o {"type":"END_REPLAY")", {}, R"(until {"type":"END_REPLAY"} is published into it)"}};

BOOST_DATA_TEST_CASE(a_right_that_is_missing_holds_up_no_way_back, data::make(kRefused), refused) {
  Replay scene{Strategy::sequential, true};
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "snapshot") scene.in_memory = scene.in_source.size();
    if (what != "commit") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "no"};
  };
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (begins(call, refused.call)) return kNoRight;
    return std::nullopt;
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_CHECK(scene.source.record.state == agent::SourceState::thawed);
  const auto left = scene.broker->ready(kOwnControl);
  BOOST_REQUIRE(left.size() == refused.words.size());
  for (std::size_t i = 0; i < left.size(); ++i)
    BOOST_TEST(left[i].find(refused.words[i]) != std::string::npos, left[i]);
  BOOST_REQUIRE(!status.warnings.empty());
  BOOST_TEST(status.warnings.back().find(refused.warned) != std::string::npos, status.warnings.back());
}

// Its kubelet would refuse the Pod that is to have the name, beside the shadow, for as long as it was tried.
BOOST_AUTO_TEST_CASE(who_takes_a_port_of_its_node_does_not_come_back_beside_itself) {
  for (const Strategy strategy : {Strategy::live, Strategy::automatic}) {
    Replay scene{strategy, true};
    scene.cluster.change(Scene::pod("orders"), [](Json& object) {
      object["spec"]["containers"][0]["ports"] = {{{"containerPort", 8081}, {"hostPort", 9081}}};
    });
    const MigrationStatus status = scene.run();
    if (strategy == Strategy::live)
      check_said(status, "Refused", "NoRoomToReturn", "whose port 9081 container app takes");
    else
      BOOST_CHECK(status.strategy != Strategy::live);
  }
}

// It does not come by itself, and the source may stand frozen meanwhile.
BOOST_AUTO_TEST_CASE(a_right_that_is_taken_away_meanwhile_is_not_waited_for) {
  Replay scene{Strategy::sequential, true};
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (begins(call, R"(publish ms2m.control.o {"type":"START_REPLAY")")) return kNoRight;
    return std::nullopt;
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  check_said(status, "RolledBack", "BrokerRights", "needs the right to configure");
  BOOST_REQUIRE(status.frozen_at && scene.source.record.ended_at);
  BOOST_TEST((*scene.source.record.ended_at - *status.frozen_at < 5s));
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
    if (what == "freeze") end_copy();
    return std::nullopt;
  };
  const MigrationStatus status = run();
  check_rolled_back();
  check_queues_gone();
  check_said(status, "RolledBack", "TargetDied", "ended while it replayed");
}

// Another process may have been started in its place before anybody looks, found the word, and read an empty mirror.
BOOST_AUTO_TEST_CASE(who_reads_after_nobody_looked_is_believed_once_the_kubelet_could_have_told) {
  const Steady now{10s};
  Attendance attendance{now, true};
  BOOST_TEST(attendance.is_settled(now));
  attendance.missed(now);
  BOOST_CHECK(attendance.look(now, 1) == Attendance::Verdict::fine);
  BOOST_TEST(!attendance.is_settled(now));
  BOOST_TEST(!attendance.is_settled(now + Attendance::kKubeletsWord - 1ms));
  BOOST_TEST(attendance.is_settled(now + Attendance::kKubeletsWord));
}

BOOST_AUTO_TEST_CASE(its_agent_is_asked_who_reads_once_for_each_absence) {
  const Steady now{10s};
  Attendance attendance{now, true};
  attendance.look(now, 1);
  BOOST_TEST(!attendance.begin_asking(1));
  attendance.look(now, 0);
  BOOST_TEST(!attendance.begin_asking(0));
  BOOST_TEST(attendance.begin_asking(1));
  BOOST_TEST(!attendance.begin_asking(1));
  BOOST_TEST(!attendance.is_settled(now));
  attendance.vouched();
  BOOST_TEST(attendance.is_settled(now));
  BOOST_TEST(!attendance.has_left());
  attendance.look(now, 1);
  attendance.look(now, 0);
  BOOST_TEST(!attendance.is_settled(now));
  BOOST_TEST(attendance.begin_asking(1));
}

struct Rest {
  const char* what;
  int messages;
  bool is_probed;
  bool is_committed;
  friend std::ostream& operator<<(std::ostream& out, const Rest& rest) { return out << rest.what; }
};
const std::vector<Rest> kRests{{"a short one", 10, true, true},
                               {"one that the liveness probes do not wait for", 5'000, true, false},
                               {"a long one, and no probes", 5'000, false, true}};

// Behind the commit nothing thaws a source that its probes are about to have started anew.
BOOST_DATA_TEST_CASE(a_rest_that_outlasts_the_freeze_is_not_committed_to, data::make(kRests), rest) {
  Live scene;
  scene.cluster.change(Scene::pod("orders"), [&](Json& object) {
    object["metadata"]["annotations"][kServiceTimeAnnotation] = "50ms";
    if (!rest.is_probed) object["spec"]["containers"][0].erase("livenessProbe");
  });
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "snapshot") scene.in_memory = scene.in_source.size();
    if (what != "freeze") return std::nullopt;
    // It is slow from now on.
    scene.obeys = false;
    for (int i = 0; i < rest.messages; ++i)
      scene.broker->arrive("shop", "", {std::to_string(scene.sent++)});
    return std::nullopt;
  };
  scene.source.after = [&](const std::string& what) {
    if (what == "commit") scene.obeys = true;
  };
  const MigrationStatus status = scene.run();
  if (rest.is_committed) {
    scene.check_succeeded(kShadow);
  } else {
    scene.check_rolled_back();
    check_said(status, "RolledBack", "TimedOut", "liveness probes");
    BOOST_TEST(std::count(scene.source.orders.begin(), scene.source.orders.end(), "commit") == 0);
  }
  scene.check_queues_gone();
  scene.check_complete();
}

BOOST_AUTO_TEST_CASE(liveness_probes_bound_what_is_replayed_in_the_freeze) {
  const auto planned = [](bool is_probed) {
    Live scene;
    scene.cluster.change(Scene::pod("orders"), [&](Json& object) {
      object["metadata"]["annotations"][kServiceTimeAnnotation] = "50ms";
      if (!is_probed) object["spec"]["containers"][0].erase("livenessProbe");
    });
    scene.time.pass(2s);
    const MigrationStatus status = scene.run();
    scene.check_succeeded(kShadow);
    return static_cast<double>(status.messages.value_or(MessagesStatus{}).cutoff_planned.value_or(0ms).count());
  };
  // 18 s, less what the cut and the commit take.
  const auto left = static_cast<double>((18s - FixedPhases{}.cutting - kCommitReserve) / 1ms);
  BOOST_TEST(planned(true) > 0);
  BOOST_TEST(std::abs(planned(true) * 30'000 / left - planned(false)) < 100);
}

// The frozen source may have read it through a connection of its own, which ends with its process.
BOOST_FIXTURE_TEST_CASE(the_sources_control_queue_goes_with_the_source, Live) {
  broker->consume(kOwnControl, {"c1", "the source's second", "10.0.0.9", 1});
  int tries = 0;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call == std::string("remove_queue ") + kOwnControl && ++tries == 2) broker->cancel(kOwnControl, "c1");
    return std::nullopt;
  };
  run();
  check_succeeded(kShadow);
  BOOST_TEST(tries == 2);
  BOOST_TEST(!broker->has_queue(kOwnControl));
}

BOOST_AUTO_TEST_CASE(a_purge_that_is_not_allowed_costs_repeats_and_nothing_else) {
  Live scene;
  scene.cluster.change(scene.path(), [](Json& object) { object["spec"]["messages"]["purgePrimary"] = true; });
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call == "purge orders") return Error{"ACCESS_REFUSED; user shop needs the right to read queue orders"};
    return std::nullopt;
  };
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kShadow);
  scene.check_complete();
  BOOST_REQUIRE(!status.warnings.empty());
  BOOST_TEST(status.warnings.back().find("comes once more: ACCESS_REFUSED") != std::string::npos);
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
