// A sequential migration's target that does not come to the end of its replay: as long as there are archives nothing
// has failed, and a person is told what each way out gives and loses.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <optional>

#include "test/unit/controller/live.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(unfinished)

constexpr std::size_t kRest = 2;

// Of the messages in its mirror two are left when something becomes of it. Where it only waits
// from then on, each look takes some seconds.
struct Broken : Replay {
  explicit Broken(bool keep_name = false) : Replay(Strategy::sequential, keep_name) {
    target.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != "release") return std::nullopt;
      // Another process than before.
      if (reads && broker->has_queue(*reads)) broker->cancel(*reads, "t3");
      reads.reset();
      obeys = !is_broken;
      return std::nullopt;
    };
    broker->on_call = [this](const std::string&) -> std::optional<Error> {
      if (is_broken && !on_break && !time.is_ticking() && status().phase == Phase::switching && !obeys) time.pass(4s);
      if (is_broken || status().phase != Phase::switching || reads != mirror()) return std::nullopt;
      is_broken = true;
      obeys = false;
      for (std::size_t i = 0; i < kRest; ++i)
        broker->arrive("", mirror(), {"rest"});
      if (on_break) on_break();
      return std::nullopt;
    };
  }
  // What is started in its place knows nothing, and looks well.
  void die() {
    broker->cancel(mirror(), "t3");
    kubelet_says_it_ended(status().target.pod);
  }
  void decide(const char* what) {
    broker->on_call = nullptr;
    is_broken = false;
    edit([&](Json& object) { object["spec"]["resolve"] = what; });
    run();
  }
  void check_says(const std::string& part, bool is_said = true) const {
    const std::string message = status().message;
    BOOST_TEST((message.find(part) != std::string::npos) == is_said, part << " in " << message);
  }
  void check_doubt(const char* reason) const {
    check_said(status(), "InDoubt", reason, "the archives hold the memory of the checkpoint");
    BOOST_TEST(!status().finished.has_value());  // nor does it end by itself, after a day
    BOOST_TEST(source.has_archives);
    BOOST_TEST(std::count(events.reasons.begin(), events.reasons.end(), "MigrationInDoubt") == 1);
  }

  bool is_broken = false;
  std::function<void()> on_break;
};

// It has read before anybody looked, so that to see no reader is to have missed an end: whoever is started in its place
// is told to replay before it can take from the queue that the source may want back.
BOOST_AUTO_TEST_CASE(a_target_that_dies_before_anybody_looks_has_its_successor_told_to_replay) {
  Replay scene{Strategy::sequential};
  std::optional<Instant> died;
  std::optional<Instant> told;
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!died && scene.status().phase == Phase::switching) {
      died = scene.now();
      scene.obeys = false;
      if (scene.reads) scene.broker->cancel(scene.mirror(), "t3");
      scene.broker->arrive("", scene.mirror(), {"rest"});
    }
    if (died && !told && call.find("START_REPLAY") != std::string::npos) {
      told = scene.now();
      scene.kubelet_says_it_ended(scene.status().target.pod);
    }
    return std::nullopt;
  };
  check_said(scene.run(1), "InDoubt", "TargetDied", "the archives hold the memory of the checkpoint");
  BOOST_TEST(scene.messages().backlog_at_cut.value_or(0) > 1U);
  BOOST_REQUIRE(told.has_value());
  BOOST_TEST((*told - *died < 100ms));
}

BOOST_DATA_TEST_CASE(a_target_that_dies_is_a_doubt, data::make({false, true}), keep_name) {
  Broken scene{keep_name};
  scene.on_break = [&] { scene.die(); };
  scene.run(1);
  scene.check_doubt("TargetDied");
  scene.check_says(std::to_string(kRest) + " of the " + std::to_string(scene.status().messages->mirrored.value_or(0)) +
                   " messages that came since are left in queue " + scene.mirror());
  scene.check_says("goes on without what that container had in memory");
  scene.check_says("queue orders holds what the source has not handled", !keep_name);
  // Its Pod runs; that does not end it.
  scene.run(3);
  scene.check_doubt("TargetDied");
}

// Its memory is newer than the archives'.
BOOST_AUTO_TEST_CASE(the_source_goes_on_where_it_was) {
  Broken scene;
  scene.on_break = [&] { scene.die(); };
  scene.run(1);
  scene.decide("Source");
  scene.check_rolled_back();
  scene.check_queues_gone();
  scene.check_complete();
  BOOST_TEST(scene.source.thawed_after_commit);
}

BOOST_DATA_TEST_CASE(the_archives_can_be_restored, data::make({false, true}), keep_name) {
  Broken scene{keep_name};
  scene.on_break = [&] { scene.die(); };
  scene.run(1);
  scene.decide("Checkpoint");
  const MigrationStatus now = scene.status();
  BOOST_TEST(to_string(now.phase) == "Succeeded", now.message + scene.log.text());
  BOOST_REQUIRE(now.messages && now.messages->mirrored && now.messages->lost);
  BOOST_TEST(*now.messages->lost + kRest == *now.messages->mirrored);
  BOOST_TEST(std::any_of(now.warnings.begin(), now.warnings.end(), [](const std::string& one) {
    return one.find("were taken by a copy that was given up") != std::string::npos;
  }));
}

BOOST_AUTO_TEST_CASE(a_target_that_is_gone_leaves_source_and_archives) {
  Broken scene;
  scene.on_break = [&] {
    scene.broker->cancel(scene.mirror(), "t3");
    scene.cluster.drop(Scene::pod(kShadow));
  };
  scene.run(1);
  scene.check_doubt("TargetDeleted");
  scene.check_says("decided for the target", false);
  scene.decide("Checkpoint");
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded", scene.status().message + scene.log.text());
}

BOOST_AUTO_TEST_CASE(a_mirror_that_is_deleted_leaves_the_target_what_it_has) {
  Broken scene;
  scene.on_break = [&] { BOOST_TEST(scene.broker->remove_queue(scene.mirror(), {}).has_value()); };
  scene.run(1);
  scene.check_doubt("MirrorLost");
  scene.check_says("a copy restored from them lacks all messages that came since");
  scene.check_says("goes on without what it had not replayed");
  scene.run(3);
  scene.check_doubt("MirrorLost");
  scene.obeys = true;
  scene.decide("Target");
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded", scene.status().message + scene.log.text());
}

// It reads, and does not come to the end in half an hour: the doubt is over when it has.
BOOST_AUTO_TEST_CASE(a_rest_that_takes_too_long_is_a_doubt_until_it_is_replayed) {
  Broken scene;
  scene.run(1);
  scene.check_doubt("ReplayNotFinished");
  scene.check_says(std::to_string(kRest) + " messages of the mirror are not replayed");
  scene.check_says("is waited for once more");
  scene.run(3);
  scene.check_doubt("ReplayNotFinished");
  scene.obeys = true;
  scene.run();
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded", scene.status().message + scene.log.text());
  BOOST_TEST(scene.status().messages->lost.value_or(99) == 0U);
}

// Longer than is waited for behind the commit.
BOOST_AUTO_TEST_CASE(a_broker_that_stays_away_is_a_doubt_until_it_is_back) {
  Broken scene;
  bool is_away = false;
  const auto breaks = scene.broker->on_call;
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!is_away) (void)breaks(call);
    if (is_away) return Error{call + ": connection refused"};
    return std::nullopt;
  };
  scene.on_break = [&] { is_away = true; };
  scene.run(1);
  scene.check_doubt("Broker");
  scene.check_says("lacks what was taken from queue " + scene.mirror());
  scene.run(3);
  scene.check_doubt("Broker");
  is_away = false;
  scene.obeys = true;
  scene.run();
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded", scene.status().message + scene.log.text());
}

// It has been told that the replay is over, in the queue that its successor looks into as well.
BOOST_AUTO_TEST_CASE(what_the_copy_before_was_told_is_not_its_successor_s_to_read) {
  Broken scene{true};
  std::optional<std::vector<std::string>> found;
  scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (scene.is_broken || !begins(call, "publish ") || call.find("END_REPLAY") == std::string::npos ||
        scene.status().phase != Phase::switching)
      return std::nullopt;
    scene.is_broken = true;
    scene.obeys = false;
    scene.die();
    return std::nullopt;
  };
  scene.run(1);
  check_said(scene.status(), "InDoubt", "TargetDied", "the archives hold the memory of the checkpoint");
  BOOST_TEST(scene.broker->ready(kOwnControl).size() == 2U);  // and START_REPLAY behind it
  const auto releases = scene.target.before;
  scene.target.before = [&](const std::string& what) {
    if (what == "release") found = scene.broker->ready(kOwnControl);
    return releases(what);
  };
  scene.decide("Checkpoint");
  BOOST_REQUIRE(found.has_value());
  BOOST_REQUIRE(found->size() == 1U);
  BOOST_TEST(found->front().find("START_REPLAY") != std::string::npos, found->front());
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded", scene.status().message + scene.log.text());
}

// What was decided for the copy before does not count for the one that is restored in its place.
BOOST_AUTO_TEST_CASE(a_copy_that_dies_after_another_was_decided_for_is_a_doubt_as_well) {
  Broken scene;
  scene.run(1);
  scene.edit([](Json& object) { object["spec"]["resolve"] = "Target"; });
  scene.run(1);  // half an hour more
  check_said(scene.status(), "InDoubt", "ReplayNotFinished", "are not replayed");
  scene.is_broken = false;
  scene.on_break = [&] { scene.die(); };
  scene.edit([](Json& object) { object["spec"]["resolve"] = "Checkpoint"; });
  scene.run(1);
  check_said(scene.status(), "InDoubt", "TargetDied", "the archives hold the memory of the checkpoint");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
