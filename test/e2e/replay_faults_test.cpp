// Live and sequential migrations: the steps that only these have and what may go wrong in them, and some faults of the
// broker and the application. Every combination is in all_replay_faults_test and broker_faults_test.
#include "test/e2e/broker_faults.h"
#include "test/e2e/play_rows.h"

BOOST_AUTO_TEST_SUITE(replay_faults)

BOOST_AUTO_TEST_CASE(whatever_fails_nothing_is_lost_and_nothing_is_left_behind) {
  auto plays = harness::plays_of(harness::covering_replay_rows());
  for (const harness::BrokerRow& row : harness::quick_broker_rows())
    plays.push_back({row.name, [row](harness::Scene& scene) { return harness::play(scene, row); }});
  harness::play_rows("replay-faults", plays, harness::start_for_replay);
}

BOOST_AUTO_TEST_SUITE_END()
