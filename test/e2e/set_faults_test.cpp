// What may go wrong while a StatefulSet's Pod moves, where it concerns its owner and its name: one Pod has the name and
// is the set's, its siblings notice nothing. Every combination is in all_set_faults_test.
#include "test/e2e/play_set_rows.h"

BOOST_AUTO_TEST_SUITE(set_faults)

BOOST_AUTO_TEST_CASE(whatever_fails_one_pod_has_the_name_and_is_the_sets) {
  harness::play_set_rows("set-faults", harness::covering_set_rows());
}

BOOST_AUTO_TEST_SUITE_END()
