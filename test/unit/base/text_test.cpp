#include "shared/base/text.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace {

namespace data = boost::unit_test::data;

struct Case {
  std::string name;
  std::string text;
  std::string kept;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

const std::vector<Case> kCases = {
    {"plain words", "brew install x", "brew install x"},
    {"lines and tabs", "a\n\tb", "a\n\tb"},
    {"other scripts", "größer 日本", "größer 日本"},
    {"bold and back", "\x1b[1mbold\x1b[0m", "bold"},
    {"colours with parameters", "\x1b[38;5;196mred", "red"},
    {"a single escape", "a\x1b", "a"},
    {"an unfinished sequence", "a\x1b[38;5", "a"},
    {"an escape without a bracket", "a\x1b]0;title\x07z", "a]0;titlez"},
    {"carriage return and backspace", "safe\r\bevil", "safeevil"},
    {"C1 controls in UTF-8",
     "a\xc2\x9b"
     "31mb",
     "a31mb"},
    {"delete",
     "a\x7f"
     "b",
     "ab"},
    {"a last byte that begins a character", "a\xc2", "a\xc2"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(text)

BOOST_DATA_TEST_CASE(nothing_that_steers_a_terminal_is_kept, data::make(kCases), c) {
  BOOST_TEST(migrate::without_terminal_controls(c.text) == c.kept);
}

BOOST_AUTO_TEST_CASE(lists_say_how_many_they_leave_out_and_leave_out_no_single_one) {
  using migrate::some_of;
  BOOST_TEST(some_of({}, 2) == "");
  BOOST_TEST(some_of({"a"}, 2) == "a");
  BOOST_TEST(some_of({"a", "b", "c"}, 2) == "a, b, c");
  BOOST_TEST(some_of({"a", "b", "c", "d"}, 2) == "a, b and 2 more");
}

BOOST_AUTO_TEST_CASE(what_is_shortened_is_cut_between_characters) {
  using migrate::shortened;
  BOOST_TEST(shortened("abc", 3) == "abc");
  BOOST_TEST(shortened("abc", 2) == "ab");
  BOOST_TEST(shortened("a\xc3\xb6z", 2) == "a");
  BOOST_TEST(shortened("a\xc3\xb6z", 3) == "a\xc3\xb6");
  BOOST_TEST(shortened("a\xe2\x80\xa6", 3) == "a");
  BOOST_TEST(shortened("\xe2\x80\xa6", 2).empty());
}

BOOST_AUTO_TEST_CASE(blanks_around_a_text_go_and_those_within_it_stay) {
  BOOST_TEST(migrate::trimmed(" \ta b\r\n") == "a b");
  BOOST_TEST(migrate::trimmed("a") == "a");
  BOOST_TEST(migrate::trimmed(" \n").empty());
  BOOST_TEST(migrate::trimmed("").empty());
}

BOOST_AUTO_TEST_SUITE_END()
