#include <thread>

#include "test/unit/agent/hop.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;
using test::write_text;

BOOST_FIXTURE_TEST_SUITE(marks_and_cancel, Hop)

BOOST_AUTO_TEST_CASE(states_follow_the_marks) {
  BOOST_TEST((state() == RestoreState::none));
  prepare();
  mark("waiting");
  BOOST_TEST((state() == RestoreState::waiting));
  node.clock.tick(runtime::kPatience);  // whoever waited was killed
  BOOST_TEST((state() == RestoreState::prepared));
  good(pull());
  good(release());
  mark("claimed");
  BOOST_TEST((state() == RestoreState::claimed));
  mark("used");
  BOOST_TEST((state() == RestoreState::used));
}

BOOST_AUTO_TEST_CASE(who_was_given_the_memory_is_told) {
  prepare();
  BOOST_TEST(good(target->states(pod("pod-2"), {"main"}, {}, call)).at(0).container_id.empty());
  mark("claimed");
  BOOST_TEST(good(target->states(pod("pod-2"), {"main"}, {}, call)).at(0).container_id == "c9");
  mark("used");
  BOOST_TEST(good(target->states(pod("pod-2"), {"main"}, {}, call)).at(0).container_id == "c9");
}

BOOST_AUTO_TEST_CASE(a_failed_restore_says_what_criu_said) {
  prepare();
  mark("claimed");
  report(false);
  const auto states = good(target->states(pod("pod-2"), {"main"}, {RestoreState::claimed}, call));
  BOOST_TEST((states.at(0).state == RestoreState::failed));
  BOOST_TEST(states.at(0).message == "CRIU failed");
  BOOST_TEST(states.at(0).resumed.value() == false);
}

BOOST_AUTO_TEST_CASE(a_claim_of_an_earlier_boot_is_a_failure_nobody_can_judge) {
  prepare();
  mark("claimed");
  node.boot_id = "boot-2";
  restart();
  const auto states = good(target->states(pod("pod-2"), {"main"}, {RestoreState::claimed}, call));
  BOOST_TEST((states.at(0).state == RestoreState::failed));
  BOOST_TEST(!states.at(0).resumed);
}

BOOST_AUTO_TEST_CASE(states_wait_for_a_change_and_no_longer_than_they_may) {
  prepare();
  call.timeout = 60ms;
  BOOST_TEST((good(target->states(pod("pod-2"), {"main"}, {RestoreState::prepared}, call)).at(0).state ==
              RestoreState::prepared));
  call.timeout = 60s;
  const std::jthread other{[this] {
    std::this_thread::sleep_for(50ms);
    write_text(folder() / "waiting", runtime::mark_text(node.boot_id, "c9", node.clock.time));
  }};
  BOOST_TEST((good(target->states(pod("pod-2"), {"main"}, {RestoreState::prepared}, call)).at(0).state ==
              RestoreState::waiting));
}

BOOST_AUTO_TEST_CASE(cancelled_before_the_claim_nothing_runs) {
  prepare();
  good(pull());
  good(release());
  BOOST_TEST(good(target->cancel(order(), pod("pod-2"), call)));
  BOOST_TEST(its().observe().abort);
  fails(target->prepare(order(), {pod("pod-2"), {"main"}, 1ms}), Kind::precondition, "cancelled");
  fails(release(), Kind::precondition, "cancelled");
  BOOST_TEST(good(target->cancel(order(), pod("pod-2"), call)));
  BOOST_TEST(good(target->cancel(order(), pod("never-prepared"), call)));
}

BOOST_AUTO_TEST_CASE(cancelled_after_the_claim_memory_may_have_run) {
  prepare();
  mark("claimed");
  call.timeout = 50ms;
  BOOST_TEST(!good(target->cancel(order(), pod("pod-2"), call)));
  report(false);
  BOOST_TEST(good(target->cancel(order(), pod("pod-2"), call)));
}

BOOST_AUTO_TEST_CASE(a_claim_beside_the_abort_is_waited_for) {
  prepare();
  mark("claimed");
  call.timeout = 10s;
  const auto folder = its();
  const std::string report = runtime::report_text({"CRIU failed", false}, node.clock.time);
  const std::jthread create{[&folder, &report] {  // sees the abort after its claim
    std::this_thread::sleep_for(50ms);
    (void)folder.mark("failed", report);  // Boost.Test's own log is for one thread
  }};
  BOOST_TEST(good(target->cancel(order(), pod("pod-2"), call)));
}

BOOST_AUTO_TEST_CASE(what_runs_or_may_cannot_be_cancelled) {
  prepare();
  mark("claimed");
  report(std::nullopt);
  BOOST_TEST(!good(target->cancel(order(), pod("pod-2"), call)));
  mark("used");
  BOOST_TEST(!good(target->cancel(order(), pod("pod-2"), call)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
