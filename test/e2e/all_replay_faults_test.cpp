// Every step of live and sequential migrations with every fault that can happen in it. Starts and ends a cluster of its
// own.
#include "test/e2e/play_rows.h"

BOOST_AUTO_TEST_SUITE(all_replay_faults)

BOOST_AUTO_TEST_CASE(every_step_with_every_fault) {
  const harness::Cluster cluster;
  cluster.must({"up"});
  harness::play_rows("all-replay-faults", harness::plays_of(harness::all_replay_rows()), harness::start_for_replay);
  cluster.must({"down"});
}

BOOST_AUTO_TEST_SUITE_END()
