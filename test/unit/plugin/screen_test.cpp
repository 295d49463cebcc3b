#include "test/unit/plugin/screen.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

namespace migrate::test {
namespace {

struct Row {
  std::string what;
  std::string bytes;
  std::vector<std::string> lines;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.what;
}

// Ten columns.
const std::vector<Row> kRows = {
    {"nothing", "", {}},
    {"lines", "one\r\ntwo\r\n", {"one", "two"}},
    {"blanks at ends", "one  \r\n\r\n", {"one"}},
    {"a full line, and what follows it", "0123456789\r\nx", {"0123456789", "x"}},
    {"a longer line", "0123456789abc", {"0123456789", "abc"}},
    {"characters, not bytes", "✓✓✓✓✓✓✓✓✓✓x", {"✓✓✓✓✓✓✓✓✓✓", "x"}},
    {"tabs", "a\tb", {"a       b"}},
    {"drawn again in place", "one\r\ntwo\r\n\x1b[2A\rthree\x1b[K\r\n\x1b[J", {"three"}},
    {"a shorter text over a longer one", "longer\rab\x1b[K", {"ab"}},
    {"without clearing", "longer\rab", {"abnger"}},
    {"clearing behind a full line takes its last character", "0123456789\x1b[K", {"012345678"}},
    {"up no further than the first line", "one\x1b[9A\rx", {"xne"}},
    {"colours", "\x1b[32m+\x1b[0m ok", {"^[[32m+^[[0m ok"}},
    {"a colour to the end", "\x1b[2mdim\x1b[0m", {"^[[2mdim^[[0m"}},
    {"what is not understood", "\x1b[?25l", {"^[[?25l"}},
    {"an escape at the end", "x\x1b", {"x^["}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(screens)

BOOST_DATA_TEST_CASE(bytes_are_shown_as_a_terminal_shows_them, boost::unit_test::data::make(kRows), row) {
  BOOST_TEST(screen_of(row.bytes, 10) == row.lines, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::test
