// Every step of the move of a Deployment's Pod with every fault that concerns its ReplicaSet. Starts and ends a cluster
// of its own.
#include "test/e2e/play_replica_set_rows.h"

BOOST_AUTO_TEST_SUITE(all_deployment_faults)

BOOST_AUTO_TEST_CASE(every_step_with_every_fault) {
  const harness::Cluster cluster;
  cluster.must({"up"});
  harness::play_replica_set_rows("all-deployment-faults", harness::all_replica_set_rows());
  cluster.must({"down"});
}

BOOST_AUTO_TEST_SUITE_END()
