#include "shared/migration/lost_target.h"

#include <boost/test/unit_test.hpp>

namespace {

using namespace migrate;

BOOST_AUTO_TEST_SUITE(lost_target)

BOOST_AUTO_TEST_CASE(a_target_that_is_gone_is_lost_and_one_that_began_anew_is_lost_though_it_is_there) {
  struct Row {
    const char* reason;
    bool is_gone;
    bool is_lost;
  };
  for (const Row& row : {Row{"TargetDied", false, true}, Row{"TargetDeleted", true, true},
                         Row{"TargetFailed", true, true}, Row{"MirrorLost", false, false}, Row{"", false, false}})
    BOOST_TEST_CONTEXT(row.reason) {
      BOOST_TEST(is_target_gone(row.reason) == row.is_gone);
      BOOST_TEST(is_target_lost(row.reason) == row.is_lost);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
