#include "plugin/format.h"

#include <boost/test/unit_test.hpp>

namespace migrate::plugin {

using namespace std::chrono_literals;

using Lines = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(format)

BOOST_AUTO_TEST_CASE(durations_lose_digits_as_they_grow) {
  BOOST_TEST(duration_text(-5ms) == "0.000 s");  // clocks of two machines
  BOOST_TEST(duration_text(812'900us) == "0.812 s");
  BOOST_TEST(duration_text(9'999ms) == "9.999 s");
  BOOST_TEST(duration_text(12'345ms) == "12.3 s");
  BOOST_TEST(duration_text(200s) == "3 m 20 s");
  BOOST_TEST(duration_text(125min) == "2 h 5 m");
}

BOOST_AUTO_TEST_CASE(ages_and_times) {
  BOOST_TEST(age_text(5s) == "5s");
  BOOST_TEST(age_text(192s) == "3m12s");
  BOOST_TEST(age_text(75min) == "75m");
  BOOST_TEST(age_text(5h) == "5h");
  BOOST_TEST(age_text(72h) == "3d");
  BOOST_TEST(clock_text(Instant{12h + 1'234ms}, 0s) == "12:00:01.234");
  BOOST_TEST(clock_text(Instant{23h}, 7'200s) == "01:00:00.000");
  BOOST_TEST(clock_text(Instant{1h}, -7'200s) == "23:00:00.000");
}

BOOST_AUTO_TEST_CASE(lines_are_cut_between_characters) {
  BOOST_TEST(elided("short", 5) == "short");
  BOOST_TEST(elided("longer", 5) == "lo...");
  BOOST_TEST(elided("äöüäöü", 5) == "äö...");
  BOOST_TEST(elided("abcdef", 2) == "..");
  BOOST_TEST(padded("ä", 3) == "ä  ");
  BOOST_TEST(one_line(" a\n\tb \x1b[31mred\x1b[0m ") == "a b red");
}

BOOST_AUTO_TEST_CASE(listings_break_behind_commas) {
  BOOST_TEST(listing("  Head  ", {}, 20) == Lines{}, boost::test_tools::per_element());
  BOOST_TEST(listing("  Head  ", {"one", "two"}, 16) == (Lines{"  Head  one, two"}), boost::test_tools::per_element());
  BOOST_TEST(listing("  Head  ", {"one", "two"}, 15) == (Lines{"  Head  one,", "        two"}),
             boost::test_tools::per_element());
  BOOST_TEST(listing("ä ", {"one", "two", "three"}, 10) == (Lines{"ä one,", "  two,", "  three"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sentences_are_broken_between_words) {
  BOOST_TEST(wrapped("- ", "one two three", 80) == Lines{"- one two three"}, boost::test_tools::per_element());
  BOOST_TEST(wrapped("- ", "one two three", 9) == (Lines{"- one two", "  three"}), boost::test_tools::per_element());
  BOOST_TEST(wrapped("– ", "one two three", 8) == (Lines{"– one", "  two", "  three"}),
             boost::test_tools::per_element());
  BOOST_TEST(wrapped("- ", "a-very-long-word b", 5) == (Lines{"- a-very-long-word", "  b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_command_stays_in_one_piece) {
  BOOST_TEST(wrapped("- ", "see " + in_one_piece("kubectl get pods"), 20) == (Lines{"- see", "  kubectl get pods"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
