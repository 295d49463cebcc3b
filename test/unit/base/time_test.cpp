#include "shared/base/time.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using migrate::Instant;
using migrate::Microseconds;
using migrate::parse_rfc3339;
using migrate::to_rfc3339;

Instant at(std::int64_t microseconds) {
  return Instant{Microseconds{microseconds}};
}

struct Case {
  std::string text;
  std::int64_t microseconds;
  std::string written;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.text; }
};

const std::vector<Case> kCases = {
    {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000Z"},
    {"2025-03-04T05:06:07Z", 1'741'064'767'000'000, "2025-03-04T05:06:07.000000Z"},
    {"2025-03-04T05:06:07.5Z", 1'741'064'767'500'000, "2025-03-04T05:06:07.500000Z"},
    {"2025-03-04T05:06:07.000012Z", 1'741'064'767'000'012, "2025-03-04T05:06:07.000012Z"},
    {"2025-03-04T05:06:07.123456789Z", 1'741'064'767'123'456, "2025-03-04T05:06:07.123456Z"},
    {"2025-03-04t05:06:07z", 1'741'064'767'000'000, "2025-03-04T05:06:07.000000Z"},
    {"2025-03-04T05:06:07+02:30", 1'741'055'767'000'000, "2025-03-04T02:36:07.000000Z"},
    {"2025-12-31T23:00:00-02:00", 1'767'229'200'000'000, "2026-01-01T01:00:00.000000Z"},
    {"2024-02-29T12:00:00Z", 1'709'208'000'000'000, "2024-02-29T12:00:00.000000Z"},
    {"1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"},
    {"0001-01-01T00:00:00Z", -62'135'596'800'000'000, "0001-01-01T00:00:00.000000Z"},
    {"9999-12-31T23:59:59Z", 253'402'300'799'000'000, "9999-12-31T23:59:59.000000Z"},
};

const std::vector<std::string> kBroken = {
    "",
    "2025-03-04",
    "2025-03-04T05:06:07",
    "2025-03-04 05:06:07Z",
    "2025-3-04T05:06:07Z",
    "2025-13-04T05:06:07Z",
    "2025-02-29T05:06:07Z",
    "2025-00-01T05:06:07Z",
    "2025-03-04T24:00:00Z",
    "2025-03-04T05:60:07Z",
    "2016-12-31T23:59:60Z",
    "2025-03-04T05:06:07.Z",
    "2025-03-04T05:06:07,5Z",
    "2025-03-04T05:06:07+0200",
    "2025-03-04T05:06:07+24:00",
    "2025-03-04T05:06:07+02:60",
    "2025-03-04T05:06:07Zx",
    " 2025-03-04T05:06:07Z",
    "-025-03-04T05:06:07Z",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(rfc3339)

BOOST_DATA_TEST_CASE(a_time_is_read_and_written_back_in_utc, data::make(kCases), c) {
  const auto read = parse_rfc3339(c.text);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->time_since_epoch().count() == c.microseconds);
  BOOST_TEST(to_rfc3339(at(c.microseconds)) == c.written);
}

BOOST_DATA_TEST_CASE(what_is_no_time_is_refused, data::make(kBroken), text) {
  const auto read = parse_rfc3339(text);
  BOOST_TEST_REQUIRE(!read);
  BOOST_TEST(read.error().message.find("not an RFC 3339 time") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
