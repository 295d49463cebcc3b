#include "shared/migration/go_duration.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using migrate::parse_go_duration;
using migrate::to_go_duration;
using std::chrono::milliseconds;

struct Case {
  std::string text;
  std::int64_t ms;
  std::string written;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.text; }
};

const std::vector<Case> kCases = {
    {"0", 0, "0s"},
    {"0s", 0, "0s"},
    {"250ms", 250, "250ms"},
    {"1.5s", 1'500, "1.5s"},
    {"1.05s", 1'050, "1.05s"},
    {"1s5ms", 1'005, "1.005s"},
    {".5s", 500, "500ms"},
    {"10m", 600'000, "10m"},
    {"10m0s", 600'000, "10m"},
    {"90s", 90'000, "1m30s"},
    {"1m30s", 90'000, "1m30s"},
    {"24h", 86'400'000, "24h"},
    {"1h0m0.001s", 3'600'001, "1h1ms"},
    {"1.5h", 5'400'000, "1h30m"},
    {"30s10m", 630'000, "10m30s"},
    {"999us", 0, "0s"},
    {"1500\u00b5s", 1, "1ms"},
    {"1500\u03bcs", 1, "1ms"},
    {"1000000ns", 1, "1ms"},
    {"2562047h47m16.854s", 9'223'372'036'854, "2562047h47m16.854s"},
};

const std::vector<std::string> kBroken = {
    "",
    "10",
    "s",
    ".s",
    "1.2.3s",
    "-1s",
    "+1s",
    " 1s",
    "1s ",
    "1d",
    "1 s",
    "1h30",
    "1,5s",
    "0x1s",
    "2562048h",
    "99999999999999999999h",
    "9223372037s",
    "1e3s",
    "m",
    "00",
    "1S",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(go_durations)

BOOST_DATA_TEST_CASE(what_Go_writes_is_read_and_written_shortest, data::make(kCases), given) {
  const auto span = parse_go_duration(given.text);
  BOOST_REQUIRE_MESSAGE(span, (span ? "" : span.error().message));
  BOOST_TEST(span->count() == given.ms);
  BOOST_TEST(to_go_duration(*span) == given.written);
  BOOST_TEST(parse_go_duration(given.written).value().count() == given.ms);
}

BOOST_DATA_TEST_CASE(anything_else_is_refused_and_quoted, data::make(kBroken), text) {
  const auto span = parse_go_duration(text);
  BOOST_REQUIRE(!span);
  BOOST_TEST(span.error().message.find("'" + text + "'") == 0U, span.error().message);
}

BOOST_AUTO_TEST_SUITE_END()
