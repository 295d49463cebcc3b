// Pods of a Deployment, a queue each by their names: one moves frozen and one live.
#include <boost/test/unit_test.hpp>

#include "test/e2e/deployment.h"

using namespace harness;

namespace {

DeploymentScene& replicas() {
  static DeploymentScene made{"replicaset", 2, 10};
  return made;
}

void move(std::size_t number, const std::string& strategy) {
  const auto move = replicas().move(number, strategy);
  BOOST_TEST_MESSAGE(strategy << ": gap " << move.migration.at("status").at("gapMs") << " ms\n" << move.told);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replicaset)

BOOST_AUTO_TEST_CASE(one_pod_moves_by_stop) {
  move(0, "stop");
}

BOOST_AUTO_TEST_CASE(another_moves_live) {
  move(1, "live");
}

BOOST_AUTO_TEST_CASE(one_that_has_moved_moves_back) {
  move(0, "stop");
}

BOOST_AUTO_TEST_CASE(one_whose_migration_is_deleted_in_foreground_is_adopted_once_it_is_ready) {
  replicas().move_and_delete(1, "foreground");
}

BOOST_AUTO_TEST_CASE(and_one_whose_migration_is_deleted_in_background) {
  replicas().move_and_delete(0, "background");
}

BOOST_AUTO_TEST_CASE(nothing_was_lost_repeated_or_reordered) {
  const Verdict verdict = replicas().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_CASE(it_rolls_out_as_if_nothing_had_been) {
  replicas().check_rolls_out();
}

BOOST_AUTO_TEST_SUITE_END()
