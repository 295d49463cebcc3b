#include "plugin/table.h"

#include <boost/test/unit_test.hpp>

namespace migrate::plugin {

using Lines = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(tables)

BOOST_AUTO_TEST_CASE(columns_stand_apart_as_far_as_there_is_room) {
  const std::vector<TableRow> rows{{"NAME", "B", "C"}, {"ä", "two", "x"}};
  const auto check = [&](std::size_t width, const Lines& expected) {
    BOOST_TEST_CONTEXT(width) {
      BOOST_TEST(table(rows, width) == expected, boost::test_tools::per_element());
    }
  };
  check(14, {"NAME   B     C", "ä      two   x"});
  check(13, {"NAME  B    C", "ä     two  x"});
  check(12, {"NAME  B    C", "ä     two  x"});
  check(11, {"NAME  B", "ä     two", "", "NAME  C", "ä     x"});
  // A column that has no room beside the first one stands there all the same.
  check(1, {"NAME  B", "ä     two", "", "NAME  C", "ä     x"});
}

BOOST_AUTO_TEST_CASE(a_table_may_have_one_column_and_one_row) {
  BOOST_TEST(table({{"NAME"}}, 80) == Lines{"NAME"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
