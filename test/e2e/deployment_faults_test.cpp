// What may go wrong while a Deployment's Pod moves, where it concerns its ReplicaSet: that never has fewer Pods than it
// wants nor more than one too many, makes none itself and removes none that has moved. Every row is in
// all_deployment_faults_test.
#include "test/e2e/play_replica_set_rows.h"

BOOST_AUTO_TEST_SUITE(deployment_faults)

BOOST_AUTO_TEST_CASE(whatever_fails_the_replica_set_has_its_pods) {
  harness::play_replica_set_rows("deployment-faults", harness::covering_replica_set_rows());
}

BOOST_AUTO_TEST_SUITE_END()
