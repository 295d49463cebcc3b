// Every step of the move of a StatefulSet's Pod with every fault that concerns the set. Starts and ends a cluster of
// its own.
#include "test/e2e/play_set_rows.h"

BOOST_AUTO_TEST_SUITE(all_set_faults)

BOOST_AUTO_TEST_CASE(every_step_with_every_fault) {
  const harness::Cluster cluster;
  cluster.must({"up"});
  harness::play_set_rows("all-set-faults", harness::all_set_rows());
  cluster.must({"down"});
}

BOOST_AUTO_TEST_SUITE_END()
