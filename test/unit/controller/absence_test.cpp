// An application that ignores its control queue: refused where that shows before anything is touched, and behind a
// sequential migration's commit a doubt that ends when it comes to itself.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/live.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

using Words = std::vector<std::string>;

const std::string kDepthOfControl = std::string("depth ") + kOwnControl;
const std::string kEnd = R"({"type":"END_REPLAY"})";

bool has_step(const MigrationStatus& status, const std::string& name) {
  const auto names = names_of(status.steps);
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_untouched(const Replay& scene) {
  BOOST_CHECK(scene.source.record.state == agent::SourceState::none);
  BOOST_TEST(!scene.broker->has_queue(scene.mirror()));
}

BOOST_AUTO_TEST_SUITE(absence)

BOOST_AUTO_TEST_CASE(a_control_queue_that_nobody_looks_into_is_refused) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential}) {
    Replay scene{strategy};
    scene.broker->cancel(kOwnControl, kLooker);
    check_said(scene.run(), "Refused", "ControlQueueUnread",
               std::string("nobody looks into control queue ") + kOwnControl);
    check_untouched(scene);
    BOOST_TEST(scene.broker->ready(kOwnControl).empty());
  }
}

// It reads word by word, as it may, and is asked by one.
BOOST_AUTO_TEST_CASE(an_application_that_fetches_from_its_control_queue_follows_the_protocol) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential}) {
    Replay scene{strategy};
    scene.broker->cancel(kOwnControl, kLooker);
    Words words;
    scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
      if (call != kDepthOfControl || has_step(scene.status(), "Placing")) return std::nullopt;
      scene.broker->consume(kOwnControl, {"c1", "mine", "10.0.0.9", 1});
      scene.handle(kOwnControl, "c1", words);
      scene.broker->cancel(kOwnControl, "c1");
      return std::nullopt;
    };
    scene.run();
    scene.check_succeeded(kShadow);
    scene.check_queues_gone();
    BOOST_TEST(words == Words{kEnd}, boost::test_tools::per_element());
  }
}

// An earlier migration's, in the queue of an application that has been replaced by one that does not look.
BOOST_FIXTURE_TEST_CASE(a_word_that_was_left_unread_is_enough, Live) {
  broker->cancel(kOwnControl, kLooker);
  broker->arrive("", kOwnControl, {"left"});
  check_said(run(), "Refused", "ControlQueueUnread", "was not taken within 10 s");
  check_untouched(*this);
  BOOST_TEST(broker->ready(kOwnControl) == Words{"left"}, boost::test_tools::per_element());
  BOOST_TEST(count(std::string("publish ") + kOwnControl + " " + kEnd) == 0U);
}

// What stays there then says nothing.
BOOST_FIXTURE_TEST_CASE(a_word_that_may_not_be_taken_back_hinders_no_refusal, Live) {
  broker->cancel(kOwnControl, kLooker);
  broker->on_call = [](const std::string& call) -> std::optional<Error> {
    if (begins(call, "purge ")) return Error{"ACCESS_REFUSED", true};
    return std::nullopt;
  };
  check_said(run(), "Refused", "ControlQueueUnread", "use --strategy stop");
  BOOST_TEST(broker->ready(kOwnControl) == Words{kEnd}, boost::test_tools::per_element());
}

// It may be replaying, and would take the word for the end of that.
BOOST_FIXTURE_TEST_CASE(who_consumes_nothing_is_told_nothing, Live) {
  broker->cancel(kOwnControl, kLooker);
  int looks = 0;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call != kDepthOfControl || ++looks != 2) return std::nullopt;
    broker->cancel("orders", "t1");
    abort();  // it has been looked at; what would come of it is nothing here
    return std::nullopt;
  };
  run();
  check_rolled_back();
  BOOST_TEST(looks == 2);
  BOOST_TEST(count(std::string("publish ") + kOwnControl + " " + kEnd) == 0U);
}

// It leaves nothing behind, and no word either: what it cannot see so it does not speak of.
BOOST_FIXTURE_TEST_CASE(a_dry_run_puts_no_word_into_a_control_queue, Live) {
  broker->cancel(kOwnControl, kLooker);
  edit([](Json& object) { object["spec"]["dryRun"] = true; });
  run();
  BOOST_CHECK(status().phase == Phase::planned);
  BOOST_TEST(count(std::string("publish ") + kOwnControl + " " + kEnd) == 0U);
}

// The target is restored and lives, and looks into no control queue.
struct Deaf : Replay {
  Deaf() : Replay(Strategy::sequential) { obeys = false; }

  void patient_probes() {
    cluster.change(pod("orders"), [](Json& object) {
      for (Json& container : object["spec"]["containers"])
        container.erase("livenessProbe");
    });
  }
  void decide(const char* what, int most) {
    edit([&](Json& object) { object["spec"]["resolve"] = what; });
    run(most);
  }
};

BOOST_FIXTURE_TEST_CASE(a_target_that_does_not_replay_behind_the_commit_is_a_doubt, Deaf) {
  patient_probes();
  check_said(run(1), "InDoubt", "ReplayNotStarted",
             "did not start replaying within 20 s: nobody reads queue " + mirror() + ", the mirror of orders");
  const MigrationStatus now = status();
  for (const std::string& part :
       {"START_REPLAY stands unread in its control queue " + messages().control_queue, std::string{"kubectl logs "},
        std::string{"docs/app-contract.md"}, std::string{"is frozen on node node-a with its memory"}})
    BOOST_TEST(now.message.find(part) != std::string::npos, part << " is missing in " << now.message);
  BOOST_TEST(std::count(events.reasons.begin(), events.reasons.end(), "MigrationInDoubt") == 1);
  const Condition* doubt = find_condition(now, "InDoubt");
  BOOST_REQUIRE(doubt != nullptr);
  BOOST_TEST(doubt->value);
  const auto switched =
      std::find_if(now.steps.begin(), now.steps.end(), [](const Step& one) { return one.name == "Switching"; });
  BOOST_REQUIRE(switched != now.steps.end());
  BOOST_TEST((*switched->finished - switched->started < 22s));
  BOOST_TEST(broker->ready(mirror()).size() == static_cast<std::size_t>(mirrored));
}

BOOST_FIXTURE_TEST_CASE(what_it_takes_from_the_queue_itself_is_told, Deaf) {
  broker->on_call = [this](const std::string& call) -> std::optional<Error> {
    if (call == "depth " + mirror() && status().phase == Phase::switching && !reads) {
      reads = "orders";
      broker->consume("orders", {"t3", "shadow", "10.0.0.20", 5});
    }
    return std::nullopt;
  };
  check_said(run(1), "InDoubt", "ReplayNotStarted", "somebody takes messages from queue orders itself");
}

BOOST_FIXTURE_TEST_CASE(the_doubt_ends_by_itself_when_it_replays, Deaf) {
  check_said(run(3), "InDoubt", "ReplayNotStarted", "did not start replaying");
  obeys = true;
  run();
  check_succeeded(kShadow);
  check_queues_gone();
  check_complete();
  const MigrationStatus now = status();
  const Condition* doubt = find_condition(now, "InDoubt");
  BOOST_REQUIRE(doubt != nullptr);
  BOOST_TEST(!doubt->value);
}

BOOST_FIXTURE_TEST_CASE(the_source_may_be_kept, Deaf) {
  patient_probes();
  run(1);
  BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
  decide("Source", 30);
  check_rolled_back();
  check_queues_gone();
  check_complete();
  BOOST_TEST(source.thawed_after_commit);
}

// The mirror is never thrown away by us while there is something in it.
BOOST_FIXTURE_TEST_CASE(the_target_may_be_kept_without_what_it_did_not_replay, Deaf) {
  run(1);
  BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
  decide("Target", 1);
  check_said(status(), "InDoubt", "ReplayNotStarted", "if queue " + mirror() + " was deleted before");
  BOOST_CHECK(migration().spec.resolve == Resolution::none);
  BOOST_REQUIRE(broker->remove_queue(mirror(), {}).has_value());
  decide("Target", 30);
  check_succeeded(kShadow);
  const auto& warnings = status().warnings;
  BOOST_TEST(std::any_of(warnings.begin(), warnings.end(),
                         [](const std::string& one) { return one.find("what it held is lost") != std::string::npos; }));
}

BOOST_FIXTURE_TEST_CASE(one_that_stops_to_replay_is_a_doubt_as_well, Deaf) {
  obeys = true;
  int looks = 0;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call != "depth " + mirror() || time.is_ticking() || status().phase != Phase::switching) return std::nullopt;
    if (reads != mirror()) return std::nullopt;
    obeys = false;
    if (++looks == 1)
      for (int i = 0; i < 3; ++i)
        broker->arrive("", mirror(), {"rest"});
    if (looks == 3) broker->cancel(mirror(), "t3");
    return std::nullopt;
  };
  check_said(run(1), "InDoubt", "ReplayNotStarted", "stopped replaying 20 s ago");
}

// Whoever could not come to the broker either has all its patience when that is back.
BOOST_FIXTURE_TEST_CASE(the_time_in_which_the_broker_is_away_does_not_count, Deaf) {
  std::optional<Instant> began;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!began && status().phase == Phase::switching) began = now();
    if (!began) return std::nullopt;
    const auto since = now() - *began;
    if (since >= 50s) obeys = true;
    if (since >= 5s && since < 35s) return Error{call + ": connection refused"};
    return std::nullopt;
  };
  run();
  check_succeeded(kShadow);
  check_complete();
  BOOST_TEST(!has_step(status(), "InDoubt"));
}

// The source's queue has been emptied for the mirror: nobody could go back to it, so it is told and waited for.
BOOST_FIXTURE_TEST_CASE(with_a_purged_primary_it_is_told_and_waited_for, Deaf) {
  edit([](Json& object) { object["spec"]["messages"]["purgePrimary"] = true; });
  std::optional<Instant> began;
  broker->on_call = [&](const std::string&) -> std::optional<Error> {
    if (!began && status().phase == Phase::switching) began = now();
    if (began && now() - *began >= 60s) obeys = true;
    return std::nullopt;
  };
  run();
  check_succeeded(kShadow);
  check_complete();
  BOOST_TEST(!has_step(status(), "InDoubt"));
  BOOST_TEST(std::count(events.reasons.begin(), events.reasons.end(), "MigrationNotReplayed") == 1);
  const auto& warnings = status().warnings;
  BOOST_TEST(std::any_of(warnings.begin(), warnings.end(), [](const std::string& one) {
    return one.find("did not start replaying within 20 s") != std::string::npos;
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
