#include <boost/test/unit_test.hpp>
#include <set>
#include <tuple>

#include "extender/controller/phase_table.h"
#include "extender/controller/transition.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

constexpr Strategy kStrategies[] = {Strategy::stop, Strategy::live, Strategy::sequential};

// What follows what when all goes well.
std::vector<Phase> path_of(Strategy strategy) {
  std::vector<Phase> path{Phase::placing};
  while (const auto next = next_phase(path.back(), Event::done, strategy))
    path.push_back(*next);
  return path;
}

BOOST_AUTO_TEST_SUITE(phase_table_)

BOOST_AUTO_TEST_CASE(every_strategy_has_its_path_to_the_end) {
  using P = Phase;
  BOOST_CHECK((path_of(Strategy::stop) == std::vector<P>{P::placing, P::freezing, P::checkpointing, P::transferring,
                                                         P::committing, P::restoring, P::finishing, P::succeeded}));
  BOOST_CHECK((path_of(Strategy::live) == std::vector<P>{P::placing, P::mirroring, P::checkpointing, P::transferring,
                                                         P::shadowing, P::replaying, P::freezing, P::draining,
                                                         P::committing, P::switching, P::finishing, P::succeeded}));
  BOOST_CHECK((path_of(Strategy::sequential) ==
               std::vector<P>{P::placing, P::mirroring, P::checkpointing, P::transferring, P::freezing, P::committing,
                              P::restoring, P::switching, P::finishing, P::succeeded}));
}

BOOST_AUTO_TEST_CASE(every_row_once_and_nothing_after_the_end) {
  std::set<std::tuple<Phase, Event, Strategy>> seen;
  for (const Transition& row : phase_table()) {
    for (const Strategy strategy : kStrategies)
      if (holds_for(row, strategy))
        BOOST_TEST(seen.insert({row.from, row.event, strategy}).second, describe(row.from, row.event, row.to));
    BOOST_TEST(!is_final(row.from), describe(row.from, row.event, row.to));
  }
}

BOOST_AUTO_TEST_CASE(before_the_commit_everything_leads_back) {
  for (const Event event : {Event::failed, Event::aborted, Event::deadline}) {
    for (const Strategy strategy : kStrategies)
      for (const Phase phase :
           {Phase::placing, Phase::freezing, Phase::checkpointing, Phase::transferring, Phase::committing})
        BOOST_CHECK(next_phase(phase, event, strategy) == Phase::rolling_back);
    BOOST_CHECK(next_phase(Phase::mirroring, event, Strategy::sequential) == Phase::rolling_back);
    for (const Phase phase : {Phase::mirroring, Phase::shadowing, Phase::replaying, Phase::draining})
      BOOST_CHECK(next_phase(phase, event, Strategy::live) == Phase::rolling_back);
  }
}

BOOST_AUTO_TEST_CASE(after_the_commit_nothing_is_aborted) {
  for (const Strategy strategy : kStrategies)
    for (const Phase phase :
         {Phase::renaming, Phase::restoring, Phase::repeating, Phase::switching, Phase::finishing, Phase::in_doubt}) {
      BOOST_CHECK(!next_phase(phase, Event::aborted, strategy));
      BOOST_CHECK(next_phase(phase, Event::failed, strategy) != Phase::rolling_back);
    }
}

// The only ways back after the commit: no memory ran, by the word of its agent or of a person.
BOOST_AUTO_TEST_CASE(ways_back_after_the_commit) {
  for (const Transition& row : phase_table()) {
    if (!is_after_commit(row.from) || row.to != Phase::rolling_back) continue;
    BOOST_CHECK(row.event == Event::never_ran || row.event == Event::source_decided);
  }
}

// The source ends on the way back to it: a live one's archives lack what was replayed since.
BOOST_AUTO_TEST_CASE(a_way_back_that_is_closed_leads_to_the_archives_where_they_hold_everything) {
  BOOST_CHECK(next_phase(Phase::rolling_back, Event::unsure, Strategy::stop) == Phase::in_doubt);
  BOOST_CHECK(next_phase(Phase::rolling_back, Event::unsure, Strategy::sequential) == Phase::in_doubt);
  BOOST_CHECK(!next_phase(Phase::rolling_back, Event::unsure, Strategy::live));
  // A failure would take them with it one day.
  BOOST_CHECK(!next_phase(Phase::rolling_back, Event::failed, Strategy::stop));
  BOOST_CHECK(!next_phase(Phase::rolling_back, Event::failed, Strategy::sequential));
  BOOST_CHECK(next_phase(Phase::rolling_back, Event::failed, Strategy::live) == Phase::failed);
}

// Of a live one lost with what it had replayed; a sequential one's archives would go with its failure.
BOOST_AUTO_TEST_CASE(a_target_that_does_not_come_to_the_end_of_its_replay_is_a_doubt) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential})
    BOOST_CHECK(next_phase(Phase::switching, Event::unsure, strategy) == Phase::in_doubt);
  BOOST_CHECK(!next_phase(Phase::switching, Event::failed, Strategy::sequential));
}

// Or a set's name would be held for ever.
BOOST_AUTO_TEST_CASE(a_doubt_in_which_nothing_is_left_to_decide_can_end) {
  for (const Strategy strategy : kStrategies)
    BOOST_CHECK(next_phase(Phase::in_doubt, Event::failed, strategy) == Phase::failed);
}

// A target that is told to end as it is adopted: a person says what goes on.
BOOST_AUTO_TEST_CASE(a_target_that_is_lost_as_it_is_adopted_is_a_doubt) {
  for (const Strategy strategy : kStrategies)
    BOOST_CHECK(next_phase(Phase::finishing, Event::unsure, strategy) == Phase::in_doubt);
}

BOOST_AUTO_TEST_CASE(a_transition_ends_a_step_and_begins_the_next) {
  MigrationStatus status;
  const Instant began{1s};
  apply_transition(status, {}, Phase::preparing, began);
  apply_transition(status, {Event::done, "", "3 MiB"}, Phase::placing, began + 5ms);
  BOOST_REQUIRE(status.steps.size() == 2U);
  BOOST_CHECK((status.steps.front() == Step{"Preparing", began, began + 5ms, "3 MiB"}));
  BOOST_CHECK((status.steps.back() == Step{"Placing", began + 5ms, std::nullopt, ""}));
  BOOST_CHECK(status.started == began);
  apply_transition(status, {Event::aborted, "Aborted", "on request"}, Phase::rolling_back, began + 6ms);
  apply_transition(status, {}, Phase::rolled_back, began + 7ms);
  BOOST_TEST(status.reason == "Aborted");
  BOOST_TEST(status.message == "on request");
  BOOST_CHECK(status.finished == began + 7ms);
  BOOST_REQUIRE(find_condition(status, "RolledBack") != nullptr);
  BOOST_TEST(find_condition(status, "RolledBack")->value);
  BOOST_TEST(!find_condition(status, "Succeeded")->value);
}

// Nothing was touched: it is refused, or planned, and never rolled back.
BOOST_AUTO_TEST_CASE(a_dry_run_ends_before_anything_begins) {
  for (const Strategy strategy : kStrategies) {
    BOOST_CHECK(next_phase(Phase::preparing, Event::planned, strategy) == Phase::planned);
    BOOST_CHECK(next_phase(Phase::pending, Event::refused, strategy) == Phase::refused);
  }
  MigrationStatus status;
  apply_transition(status, {}, Phase::preparing, Instant{1s});
  apply_transition(status, {Event::planned, "", "Stop"}, Phase::planned, Instant{2s});
  BOOST_CHECK(status.finished == Instant{2s});
  BOOST_TEST(status.reason == "");
  BOOST_TEST(status.conditions.empty());
}

// Whatever it is refused for stands in its list of refusals as well.
BOOST_AUTO_TEST_CASE(a_refusal_is_one_of_the_refusals) {
  MigrationStatus status;
  apply_transition(status, {Event::refused, "AgentUnreachable", "it does not answer"}, Phase::refused, Instant{1s});
  BOOST_REQUIRE(status.refusals.size() == 1U);
  BOOST_CHECK((status.refusals[0] == RefusalNote{"AgentUnreachable", "it does not answer", ""}));
  status.refusals = {{"A", "a", ""}, {"B", "b", ""}};
  apply_transition(status, {Event::refused, "A", "a; b"}, Phase::refused, Instant{1s});
  BOOST_TEST(status.refusals.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_dry_run_is_told_to_nobody_else) {
  Migration migration;
  const auto said = [&] {
    return announcement(migration, Phase::preparing, {Event::refused, "R", "m"}, Phase::refused).has_value();
  };
  BOOST_TEST(said());
  migration.spec.dry_run = true;
  BOOST_TEST(!said());
}

BOOST_AUTO_TEST_CASE(doubt_ends_with_its_phase) {
  MigrationStatus status;
  apply_transition(status, {Event::unsure, "MemoryMayHaveRun", "?"}, Phase::in_doubt, Instant{1s});
  BOOST_TEST(find_condition(status, "InDoubt")->value);
  apply_transition(status, {Event::target_decided, "", ""}, Phase::finishing, Instant{2s});
  BOOST_TEST(!find_condition(status, "InDoubt")->value);
}

BOOST_AUTO_TEST_CASE(one_form_for_the_log) {
  BOOST_TEST(describe(Phase::freezing, Event::done, Phase::checkpointing) ==
             "on Event 'done', transition: 'Freezing' => 'Checkpointing'");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
