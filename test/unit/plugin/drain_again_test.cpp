// When a drain tries something again, and when it may give up a Pod's memory.
#include "plugin/drain_again.h"

#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {
namespace {

Migration ended(Phase phase, const std::string& reason = "") {
  Migration migration = migration_in(phase);
  migration.status.reason = reason;
  return migration;
}

// After so many of each.
Tries after(unsigned refused, unsigned rolled_back) {
  return {.waits = refused, .rolled_back = rolled_back, .disturbed = 0};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_again)

BOOST_AUTO_TEST_CASE(what_is_tried_again) {
  struct Row {
    Migration ended;
    Tries tries;
    bool again;
  };
  Migration both = ended(Phase::refused);
  both.status.refusals = {{"SetRollingOut", "", ""}, {"HostPath", "", ""}};
  const std::vector<Row> rows = {
      {ended(Phase::refused, "PodNotReady"), after(1, 0), true},
      {ended(Phase::refused, "PodNotReady"), after(6, 0), false},
      {ended(Phase::refused, "PodNotReady"), after(1, 3), true},
      {ended(Phase::refused, "HostPath"), after(0, 0), false},
      {both, after(0, 0), false},
      {ended(Phase::rolled_back, "CheckpointFailed"), after(0, 2), true},
      {ended(Phase::rolled_back, "CheckpointFailed"), after(0, 3), false},
      {ended(Phase::rolled_back, "CheckpointFailed"), after(5, 1), true},
      {ended(Phase::rolled_back, "Broker"), after(0, 3), false},
      {ended(Phase::rolled_back, "Aborted"), after(0, 1), false},
      {ended(Phase::failed, "RestoreFailed"), after(0, 0), false},
      {ended(Phase::in_doubt, "NodeLost"), after(0, 0), false},
      {ended(Phase::succeeded), after(0, 0), false},
  };
  for (const Row& row : rows)
    BOOST_TEST(again_after(row.ended, row.tries).has_value() == row.again,
               to_string(row.ended.status.phase)
                   << " " << row.ended.status.reason << " " << row.tries.waits << " " << row.tries.rolled_back);
}

BOOST_AUTO_TEST_CASE(refusals_and_rollbacks_are_counted_apart) {
  Tries tries;
  for (const Migration& one : {ended(Phase::refused, "SetRollingOut"), ended(Phase::refused, "SetRollingOut"),
                               ended(Phase::refused, "HostPath"), ended(Phase::rolled_back, "CheckpointFailed"),
                               ended(Phase::rolled_back, "Broker"), ended(Phase::succeeded)})
    count_end(one, tries);
  BOOST_TEST(tries.waits == 2U);
  BOOST_TEST(tries.rolled_back == 2U);
  BOOST_TEST(tries.disturbed == 1U);
}

// What does not answer for a moment is refused with that as one more reason, or leads back.
BOOST_AUTO_TEST_CASE(an_outage_is_no_reason_to_give_up_memory) {
  for (const char* reason : {"ApiError", "DeadlineExceeded", "NoConsumer", "Registry", "AgentDown", "Broker"}) {
    Migration refused = ended(Phase::refused);
    refused.status.refusals = {{"PodNotReady", "", ""}, {reason, "", ""}};
    BOOST_TEST(only_had_to_wait(refused), reason);
    BOOST_TEST(!may_be_evicted(refused, {}), reason);
  }
  for (const char* reason : {"TimedOut", "Broker", "ApiError", "SourceNodeSilent", "TransferFailed", "CommitFailed"}) {
    Tries tries;
    for (int i = 0; i < 3; ++i)
      count_end(ended(Phase::rolled_back, reason), tries);
    BOOST_TEST(!may_be_evicted(ended(Phase::rolled_back, reason), tries), reason);
    // Nor is the last one alone the judge.
    BOOST_TEST(!may_be_evicted(ended(Phase::rolled_back, "CheckpointFailed"), tries), reason);
  }
  BOOST_TEST(may_be_evicted(ended(Phase::refused, "HostPath"), {}));
  BOOST_TEST(may_be_evicted(ended(Phase::rolled_back, "CheckpointFailed"), after(4, 3)));
  BOOST_TEST(!may_be_evicted(ended(Phase::rolled_back, "Aborted"), after(0, 1)));
  BOOST_TEST(!may_be_evicted(ended(Phase::failed, "RestoreFailed"), {}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
