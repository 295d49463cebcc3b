#include "test/workloads/core/records.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

using namespace orders;
namespace data = boost::unit_test::data;

const Order kOrder{"a-1", "a", 1, -5};

struct BadLine {
  const char* name;
  const char* line;
  friend std::ostream& operator<<(std::ostream& out, const BadLine& bad) { return out << bad.name; }
};

const std::vector<BadLine> kBadRecordLines{
    {"cut off", R"({"id":"a-1","producer":"a")"},
    {"no id", R"({"producer":"a","sequence":1,"value":1,"due":1,"sent":1,"settled":1,"delivery":"confirmed"})"},
    {"text as a number",
     R"({"id":"a-1","producer":"a","sequence":"1","value":1,"due":1,"sent":1,"settled":1,"delivery":"confirmed"})"},
    {"negative sequence",
     R"({"id":"a-1","producer":"a","sequence":-1,"value":1,"due":1,"sent":1,"settled":1,"delivery":"confirmed"})"},
    {"unknown delivery",
     R"({"id":"a-1","producer":"a","sequence":1,"value":1,"due":1,"sent":1,"settled":1,"delivery":"perhaps"})"},
    {"no object", "[]"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(records)

BOOST_AUTO_TEST_CASE(sent_lines_are_read_as_written) {
  for (const auto delivery : {Delivery::confirmed, Delivery::nacked, Delivery::returned, Delivery::unknown}) {
    const auto read = parse_sent(to_line(Sent{kOrder, 5, 7, 9, delivery}));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((read->order == kOrder));
    BOOST_TEST(read->due == 5);
    BOOST_TEST(read->sent == 7);
    BOOST_TEST(read->settled == 9);
    BOOST_TEST(to_string(read->delivery) == to_string(delivery));
  }
}

BOOST_AUTO_TEST_CASE(log_lines_are_read_as_written_and_are_one_line) {
  const auto line = to_line(Handled{kOrder, 3, "orders-0", "or\nders", "applied", "0a", "0b"});
  BOOST_TEST(line.find('\n') == std::string::npos);
  const auto read = parse_handled(line);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((read->order == kOrder));
  BOOST_TEST(read->finished == 3);
  BOOST_TEST(read->pod == "orders-0");
  BOOST_TEST(read->queue == "or\nders");
  BOOST_TEST(read->outcome == "applied");
  BOOST_TEST(read->previous == "0a");
  BOOST_TEST(read->digest == "0b");
}

BOOST_AUTO_TEST_CASE(result_lines_are_read_as_written) {
  const auto read = parse_collected(to_line(Collected{{"a-1", {4, -2}, "orders-0", 11}, 12}));
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->message.id == "a-1");
  BOOST_TEST((read->message.result == OrderResult{4, -2}));
  BOOST_TEST(read->message.pod == "orders-0");
  BOOST_TEST(read->message.published == 11);
  BOOST_TEST(read->arrived == 12);
}

BOOST_AUTO_TEST_CASE(bodies_carry_all_but_the_id) {
  BOOST_TEST(order_body(kOrder) == R"({"producer":"a","sequence":1,"value":-5})");
  const auto order = parse_order(order_body(kOrder), "a-1");
  BOOST_REQUIRE(order.has_value());
  BOOST_TEST((*order == kOrder));
  const auto result = parse_result(result_body({"a-1", {4, -2}, "orders-0", 11}), "a-1");
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->published == 11);
}

BOOST_AUTO_TEST_CASE(a_message_without_an_id_is_refused) {
  const auto order = parse_order(order_body(kOrder), "");
  BOOST_REQUIRE(!order.has_value());
  BOOST_TEST(order.error().message.find("no message id") != std::string::npos);
}

BOOST_DATA_TEST_CASE(a_bad_record_line_is_an_error_that_shows_it, data::make(kBadRecordLines), bad) {
  const auto read = parse_sent(bad.line);
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST(read.error().message.find(bad.line) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
