#include "node/runtime/create.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>

namespace {

using namespace migrate::runtime;
using namespace std::chrono_literals;
using migrate::failure;
using migrate::Result;
using Folder = Observation::Folder;

// A node in memory: marks as they are set, a clock that only waiting moves, and a list of what was done.
class FakeWorld : public RestoreWorld {
 public:
  Observation seen;
  milliseconds time{0};
  milliseconds step{10};
  std::map<std::string, std::string> fails;                     // step -> error
  std::map<std::string, std::function<void(FakeWorld&)>> when;  // step -> what happens meanwhile
  std::function<void(FakeWorld&)> at_wait;
  std::vector<std::string> done;
  std::optional<bool> resumed = false;
  std::optional<FailureReport> report;
  std::vector<std::string> notes;
  std::vector<bool> waiting;  // announced, withdrawn

  milliseconds elapsed() override { return time; }
  Observation observe() override { return seen; }
  void wait_for_change(milliseconds at_most) override {
    time += std::min(at_most, step);
    if (at_wait) at_wait(*this);
  }
  void announce_waiting() override { waiting.push_back(true); }
  void withdraw_waiting() override { waiting.push_back(false); }
  Result<void> prepare() override { return act("prepare"); }
  Result<void> claim() override {
    auto done_now = act("claim");
    if (done_now) seen.claimed = Mark::this_boot;
    return done_now;
  }
  Result<void> restore() override { return act("restore"); }
  Result<void> answer_start() override { return act("answer_start"); }
  Result<void> mark_used() override {
    auto done_now = act("mark_used");
    if (done_now) seen.used = true;
    return done_now;
  }
  std::optional<bool> tasks_resumed() override { return resumed; }
  void report_failure(const FailureReport& failed) override { report = failed; }
  void note(const std::string& text) override { notes.push_back(text); }

 private:
  Result<void> act(const std::string& name) {
    done.push_back(name);
    if (when.contains(name)) when[name](*this);
    if (fails.contains(name)) return failure(fails[name]);
    return {};
  }
};

struct Fixture {
  FakeWorld world;
  Request request{"m-1", {Identity::Kind::container, "uid-1", "shop/orders-0", "app", ""}};
  Fixture() {
    world.seen.folder = Folder::prepared;
    world.seen.expected = {"m-1", 1s};
  }
  void released() { world.seen.go = Mark::this_boot; }
  void did(const std::vector<std::string>& expected) {
    BOOST_TEST(world.done == expected, boost::test_tools::per_element());
  }
  std::string refused() {
    const auto outcome = create_container(request, world);
    BOOST_REQUIRE(!outcome);
    return outcome.error().message;
  }
  void says(const std::string& text, const std::string& part) {
    BOOST_TEST(text.find(part) != std::string::npos, text);
  }
};

const std::vector<std::string> kAll{"prepare", "claim", "restore", "answer_start", "mark_used"};

BOOST_FIXTURE_TEST_SUITE(create, Fixture)

BOOST_AUTO_TEST_CASE(a_released_container_is_restored_step_by_step) {
  released();
  BOOST_TEST((create_container(request, world).value() == Outcome::restored));
  did(kAll);
  BOOST_TEST(!world.report);
  BOOST_TEST(world.waiting.empty());  // it did not
}

BOOST_AUTO_TEST_CASE(after_that_every_create_is_an_ordinary_one) {
  released();
  BOOST_REQUIRE(create_container(request, world));
  BOOST_TEST((create_container(request, world).value() == Outcome::exec_runc));
  did(kAll);
}

BOOST_AUTO_TEST_CASE(without_the_annotation_and_for_the_sandbox_it_is_runcs) {
  request.migration.reset();
  BOOST_TEST((create_container(request, world).value() == Outcome::exec_runc));
  request.migration = "m-1";
  request.identity.kind = Identity::Kind::sandbox;
  BOOST_TEST((create_container(request, world).value() == Outcome::exec_runc));
  did({});
}

BOOST_AUTO_TEST_CASE(it_waits_for_the_release) {
  world.at_wait = [](FakeWorld& w) {
    if (w.time >= 11s) w.seen.go = Mark::this_boot;
  };
  BOOST_TEST((create_container(request, world).value() == Outcome::restored));
  did(kAll);
  says(world.notes.front(), "waited 11000 ms");
  BOOST_TEST(world.waiting == (std::vector<bool>{true}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_abort_ends_the_wait_at_the_next_look) {
  world.at_wait = [](FakeWorld& w) {
    if (w.time >= 5s) w.seen.abort = true;
  };
  says(refused(), "aborted");
  BOOST_TEST((world.time == 5s));
  BOOST_TEST(world.waiting == (std::vector<bool>{true, false}), boost::test_tools::per_element());
  did({});
}

BOOST_AUTO_TEST_CASE(it_gives_up_when_nothing_could_begin_any_more) {
  says(refused(), "did not come in time");
  BOOST_TEST((world.time > 88s && world.time <= 90s));
  did({});
}

BOOST_AUTO_TEST_CASE(a_second_create_after_one_that_was_cancelled_in_its_wait_restores) {
  says(refused(), "in time");
  world.time = 0ms;
  released();
  BOOST_TEST((create_container(request, world).value() == Outcome::restored));
}

BOOST_AUTO_TEST_CASE(a_second_create_after_a_failed_restore_is_refused_and_resumes_nothing) {
  released();
  world.fails["restore"] = "criu failed";
  says(refused(), "criu failed");
  did({"prepare", "claim", "restore"});
  world.fails.clear();
  says(refused(), "not resumed a second time");
  did({"prepare", "claim", "restore"});
}

BOOST_AUTO_TEST_CASE(a_failed_preparation_leaves_nothing_in_doubt) {
  released();
  world.fails["prepare"] = "no archive";
  says(refused(), "no archive");
  did({"prepare"});
  BOOST_TEST(!world.report);
  world.fails.clear();
  BOOST_TEST((create_container(request, world).value() == Outcome::restored));
}

BOOST_AUTO_TEST_CASE(who_loses_the_race_for_the_claim_does_not_restore) {
  released();
  world.fails["claim"] = "create claimed: File exists";
  says(refused(), "File exists");
  did({"prepare", "claim"});
}

BOOST_AUTO_TEST_CASE(an_abort_during_the_preparation_is_obeyed_before_the_claim) {
  released();
  world.when["prepare"] = [](FakeWorld& w) { w.seen.abort = true; };
  says(refused(), "aborted");
  did({"prepare"});
}

BOOST_AUTO_TEST_CASE(an_abort_beside_the_claim_is_obeyed_and_reported_as_never_ran) {
  released();
  world.when["claim"] = [](FakeWorld& w) { w.seen.abort = true; };
  says(refused(), "aborted");
  did({"prepare", "claim"});
  BOOST_REQUIRE(world.report);
  BOOST_TEST(world.report->tasks_resumed.value() == false);
}

BOOST_AUTO_TEST_CASE(a_preparation_that_took_too_long_does_not_go_on) {
  released();
  world.when["prepare"] = [](FakeWorld& w) { w.time += 89s; };
  says(refused(), "too late");
  did({"prepare"});
}

BOOST_AUTO_TEST_CASE(a_release_taken_back_meanwhile_does_not_go_on) {
  released();
  world.when["prepare"] = [](FakeWorld& w) { w.seen.go = Mark::none; };
  refused();
  did({"prepare"});
}

BOOST_DATA_TEST_CASE(a_failed_restore_reports_what_criu_s_log_knows,
                     boost::unit_test::data::make(std::vector<int>{0, 1, -1}), known) {
  released();
  world.fails["restore"] = "criu failed";
  world.resumed = known < 0 ? std::nullopt : std::optional<bool>(known == 1);
  refused();
  BOOST_REQUIRE(world.report);
  BOOST_TEST((world.report->tasks_resumed == world.resumed));
  BOOST_TEST(!world.seen.used);
}

BOOST_AUTO_TEST_CASE(a_start_that_cannot_be_answered_is_a_failure_of_memory_that_ran) {
  released();
  world.fails["answer_start"] = "disk full";
  says(refused(), "disk full");
  BOOST_TEST(world.report->tasks_resumed.value() == true);
  BOOST_TEST(!world.seen.used);
}

BOOST_AUTO_TEST_CASE(a_container_that_runs_is_not_failed_for_want_of_its_mark) {
  released();
  world.fails["mark_used"] = "disk full";
  BOOST_TEST((create_container(request, world).value() == Outcome::restored));
  says(world.notes.back(), "next start will be refused: disk full");
  says(refused(), "not resumed a second time");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
