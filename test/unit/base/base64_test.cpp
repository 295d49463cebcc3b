#include "shared/base/base64.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using migrate::from_base64;
using migrate::to_base64;

struct Case {
  std::string bytes;
  std::string text;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.text; }
};

// RFC 4648, section 10, and bytes that are no text.
const std::vector<Case> kCases = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {std::string("\x00\xff\xfe", 3), "AP/+"},
};

struct Broken {
  std::string name;
  std::string text;
  friend std::ostream& operator<<(std::ostream& out, const Broken& c) { return out << c.name; }
};

const std::vector<Broken> kBroken = {
    {"cut short", "Zm9"},
    {"a foreign character", "Zm9*"},
    {"the URL alphabet", "AP_-"},
    {"more after the padding", "Zg==Zg=="},
    {"nothing but padding", "===="},
    {"three padding characters", "Z==="},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(base64)

BOOST_DATA_TEST_CASE(goes_both_ways, data::make(kCases), c) {
  BOOST_TEST(to_base64(c.bytes) == c.text);
  BOOST_TEST(from_base64(c.text).value() == c.bytes);
}

BOOST_DATA_TEST_CASE(what_is_not_base64_is_refused, data::make(kBroken), c) {
  BOOST_TEST(!from_base64(c.text));
}

BOOST_AUTO_TEST_CASE(line_breaks_do_not_matter) {
  BOOST_TEST(from_base64("Zm9v\r\nYm\nFy\n").value() == "foobar");
}

BOOST_AUTO_TEST_SUITE_END()
