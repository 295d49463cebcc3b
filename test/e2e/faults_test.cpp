// Each step of a migration and each fault at least once; every combination is in all_faults_test.
#include "test/e2e/play_rows.h"

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(whatever_fails_in_any_step_the_consumer_goes_on_and_nothing_is_left_behind) {
  harness::play_rows("faults", harness::plays_of(harness::covering_rows()), harness::start_for_stop);
}

BOOST_AUTO_TEST_SUITE_END()
