#include "shared/support/log_lines.h"

#include <fmt/format.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "shared/base/time.h"

namespace migrate::support {
namespace {

namespace data = boost::unit_test::data;

LogQuestion question() {
  return {.words = {"uid-1", "orders-mig-ab12c"},
          .from = value_or_fatal(parse_rfc3339("2026-01-01T12:00:00Z")),
          .to = value_or_fatal(parse_rfc3339("2026-01-01T12:10:00Z"))};
}

std::string line(const std::string& level, const std::string& time, const std::string& more = "") {
  return fmt::format(R"({{"time":"2026-01-01T{}Z","level":"{}","program":"p","message":"m"{}}})", time, level, more);
}

struct Case {
  std::string line;
  bool is_wanted;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.line;
}

const std::vector<Case> kCases = {
    {line("info", "09:00:00", R"(,"migration":"uid-1")"), true},
    {line("info", "12:05:00", R"(,"migration":"uid-2")"), false},
    {line("warning", "12:05:00"), true},
    {line("error", "12:00:00", R"(,"migration":"uid-2")"), true},
    {line("error", "11:59:59"), false},
    {line("warning", "12:10:01"), false},
    {line("debug", "12:05:00"), false},
    {R"({"level":"error","message":"no time"})", true},
    {R"({"no":"level"})", false},
    {R"({"cut off)", true},
    {"I0101 12:00:00.000000       1 schedule.go:1] \"placed\" pod=\"shop/orders-mig-ab12c\"", true},
    {"I0101 12:00:00.000000       1 schedule.go:1] \"placed\" pod=\"shop/other\"", false},
    {"W0101 12:00:00.000000       1 reflector.go:1] failed to list", true},
    {"E0101 12:00:00.000000       1 reflector.go:1] failed to list", true},
    {"Interrupted by a signal", true},
    {"migrate-agent: error: no runtime", true},
    {"", false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_DATA_TEST_CASE(lines_about_it_and_trouble_around_it, data::make(kCases), one) {
  BOOST_TEST(is_wanted(one.line, question()) == one.is_wanted);
}

BOOST_AUTO_TEST_CASE(without_words_all_are_wanted) {
  BOOST_TEST(is_wanted(line("info", "01:00:00"), {}));
  BOOST_TEST(!is_wanted("", {}));
}

BOOST_AUTO_TEST_CASE(pieces_need_not_be_lines_and_the_last_line_needs_no_end) {
  LogLines lines{{}, 1_MiB};
  for (const char* piece : {"on", "e\ntw", "o\n\nthree\nfo", "ur"})
    lines.feed(piece);
  BOOST_TEST(lines.text() == "one\ntwo\nthree\nfour\n");
  BOOST_TEST(lines.text() == "one\ntwo\nthree\nfour\n");
}

BOOST_AUTO_TEST_CASE(the_newest_stay_where_room_is_short) {
  LogLines lines{{}, Bytes{12}};
  lines.feed("first\nsecond\nthird\n4\n");
  BOOST_TEST(lines.text() == "(2 older lines are left out: there is room for the newest)\nthird\n4\n");
}

BOOST_AUTO_TEST_CASE(secrets_are_masked) {
  LogLines lines{{}, 1_MiB};
  lines.feed("connect amqp://u:p@h\n");
  BOOST_TEST(lines.text() == "connect amqp://***@h\n");
}

BOOST_AUTO_TEST_CASE(a_line_without_an_end_takes_no_more_than_its_limit) {
  LogLines lines{{}, 1_MiB};
  for (int i = 0; i < 10; ++i)
    lines.feed(std::string(100'000, 'x'));
  BOOST_TEST(lines.text().size() == (256U << 10) + 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::support
