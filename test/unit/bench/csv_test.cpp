#include "test/bench/evaluation/csv.h"

#include <boost/test/unit_test.hpp>

using namespace evaluation;

namespace {

std::vector<Fields> parsed(const std::string& text) {
  const auto lines = parse_csv(text);
  BOOST_REQUIRE_MESSAGE(lines, (lines ? "" : lines.error().message));
  return *lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(only_what_would_be_misread_is_quoted) {
  BOOST_TEST(csv_line({"plain", "", "two words"}) == "plain,,two words\n");
  BOOST_TEST(csv_line({"a,b", "say \"no\"", "two\nlines"}) == "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\n");
  BOOST_TEST(csv_line({""}) == "\n");
}

BOOST_AUTO_TEST_CASE(what_was_written_is_read_again) {
  const std::vector<Fields> lines{{"grid", "reason"}, {"paper", "a, \"b\"\r\nand c"}, {"", ""}, {"\"", ","}};
  std::string text;
  for (const Fields& line : lines)
    text += csv_line(line);
  BOOST_TEST((parsed(text) == lines));
}

BOOST_AUTO_TEST_CASE(other_writers_line_ends_and_a_missing_last_one_are_read) {
  BOOST_TEST((parsed("a,b\r\nc,d") == std::vector<Fields>{{"a", "b"}, {"c", "d"}}));
  BOOST_TEST((parsed("a,\n,b\n") == std::vector<Fields>{{"a", ""}, {"", "b"}}));
  BOOST_TEST(parsed("").empty());
}

BOOST_AUTO_TEST_CASE(a_broken_quotation_is_an_error_with_its_line) {
  for (const auto& [text, says] : {std::pair{"a\n\"b", "line 2: a quotation that does not end"},
                                   {"a\nb\n\"c\"d\n", "line 3: text behind a quotation"}}) {
    const auto lines = parse_csv(text);
    BOOST_REQUIRE(!lines);
    BOOST_TEST(lines.error().message == says);
  }
}

BOOST_AUTO_TEST_SUITE_END()
