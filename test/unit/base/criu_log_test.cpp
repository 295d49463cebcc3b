#include "shared/base/criu_log.h"

#include <boost/test/unit_test.hpp>

namespace {

using migrate::telling_lines;

BOOST_AUTO_TEST_SUITE(criu_log)

BOOST_AUTO_TEST_CASE(criu_s_errors_are_picked_out_of_its_log) {
  BOOST_TEST(telling_lines("a\nError (x.c:1): one\nb\nError (x.c:2): two\nc\n") ==
             "Error (x.c:1): one; Error (x.c:2): two");
  BOOST_TEST(telling_lines("1\n2\n3\n4\n5\n6\n7") == "3; 4; 5; 6; 7");
  BOOST_TEST(telling_lines("") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
