// What needs no broker; a real one is asked by the end-to-end tests.
#include <amqp.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "shared/broker/amqp_calls.h"
#include "test/unit/fake_server/server.h"

namespace {

using namespace migrate::broker;
using migrate::test::ClosedPort;
using migrate::test::FakeServer;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(amqp)

const amqp_field_value_t& field(const AmqpTable& table, const std::string& key) {
  for (int i = 0; i < table.table().num_entries; ++i) {
    const amqp_table_entry_t& entry = table.table().entries[i];
    if (std::string(static_cast<const char*>(entry.key.bytes), entry.key.len) == key) return entry.value;
  }
  throw std::runtime_error("no argument " + key);
}

std::string text(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

BOOST_AUTO_TEST_CASE(every_kind_of_argument) {
  const Json json = {{"x-match", "all"}, {"yes", true},     {"small", -5},      {"large", 5'000'000'000},
                     {"part", 1.5},      {"none", nullptr}, {"list", {1, "a"}}, {"inner", {{"k", "v"}}}};
  const AmqpTable table = AmqpTable::from_json(json, Integers::narrow).value();
  BOOST_TEST(table.table().num_entries == 8);
  BOOST_TEST(field(table, "x-match").kind == AMQP_FIELD_KIND_UTF8);
  BOOST_TEST(text(field(table, "x-match").value.bytes) == "all");
  BOOST_TEST(field(table, "yes").kind == AMQP_FIELD_KIND_BOOLEAN);
  BOOST_TEST(field(table, "yes").value.boolean == 1);
  BOOST_TEST(field(table, "small").kind == AMQP_FIELD_KIND_I32);
  BOOST_TEST(field(table, "small").value.i32 == -5);
  BOOST_TEST(field(table, "large").kind == AMQP_FIELD_KIND_I64);
  BOOST_TEST(field(table, "large").value.i64 == 5'000'000'000);
  BOOST_TEST(field(table, "part").kind == AMQP_FIELD_KIND_F64);
  BOOST_TEST(field(table, "part").value.f64 == 1.5);
  BOOST_TEST(field(table, "none").kind == AMQP_FIELD_KIND_VOID);
  BOOST_TEST(field(table, "list").kind == AMQP_FIELD_KIND_ARRAY);
  BOOST_TEST(field(table, "list").value.array.num_entries == 2);
  BOOST_TEST(text(field(table, "list").value.array.entries[1].value.bytes) == "a");
  BOOST_TEST(field(table, "inner").kind == AMQP_FIELD_KIND_TABLE);
  BOOST_TEST(text(field(table, "inner").value.table.entries[0].value.value.bytes) == "v");
}

BOOST_AUTO_TEST_CASE(wide_integers_are_all_of_64_bits) {
  const AmqpTable table = AmqpTable::from_json({{"small", 5}}, Integers::wide).value();
  BOOST_TEST(field(table, "small").kind == AMQP_FIELD_KIND_I64);
  BOOST_TEST(field(table, "small").value.i64 == 5);
}

BOOST_AUTO_TEST_CASE(what_no_table_can_hold) {
  BOOST_TEST(!AmqpTable::from_json(Json::array(), Integers::wide));
  BOOST_TEST(!AmqpTable::from_json(Json::parse("not JSON", nullptr, false), Integers::wide));
  const auto huge = AmqpTable::from_json({{"n", 18'446'744'073'709'551'615ULL}}, Integers::wide);
  BOOST_REQUIRE(!huge);
  BOOST_TEST(huge.error().message.find("argument n") != std::string::npos, huge.error().message);
  BOOST_TEST(AmqpTable::from_json(Json::object(), Integers::wide).value().table().num_entries == 0);
}

struct Row {
  int code;
  const char* words;
  NeededRight right;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.words; }
};

const std::vector<Row> kRefusals{
    {403,
     "ACCESS_REFUSED - configure access to queue 'ms2m.x' in vhost 'v' refused for user 'me'",
     {"configure", "ms2m.x"},
     "user me needs the right to configure queue ms2m.x in virtual host v"},
    {403,
     "ACCESS_REFUSED - access to exchange 'orders' in vhost 'v' refused for user 'me'",
     {"write", "ms2m.x", "read", "orders"},
     "user me needs the right to read exchange orders in virtual host v"},
    {403,
     "ACCESS_REFUSED - access to queue 'ms2m.x' in vhost 'v' refused for user 'me'",
     {"write", "ms2m.x", "read", "orders"},
     "user me needs the right to write queue ms2m.x in virtual host v"},
    {403,
     "ACCESS_REFUSED - write access to exchange 'amq.default' in vhost 'v' refused for user 'me'",
     {"", "q", "write", "amq.default"},
     "user me needs the right to write exchange amq.default in virtual host v"},
    {403,
     "ACCESS_REFUSED - read access to topic 'a.b' in exchange 'orders' in vhost 'v' refused for user 'me'",
     {"write", "ms2m.x", "read", "orders"},
     "topic permissions on exchange orders"},
    {403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.", {"", ""}, "check user me"},
    {405,
     "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q'",
     {"configure", "q"},
     "at mq:5672: RES"},
};

BOOST_DATA_TEST_CASE(a_refusal_says_what_is_missing, boost::unit_test::data::make(kRefusals), row) {
  const AmqpError error{AmqpError::Kind::refused, static_cast<std::uint16_t>(row.code), row.words};
  const migrate::Error told = explain("do it", error, row.right, {"mq:5672", "me", "v"});
  const std::string& explained = told.message;
  BOOST_TEST(told.is_missing_right == (explained.find("; user me ") != std::string::npos), explained);
  BOOST_TEST(told.within("move").is_missing_right == told.is_missing_right);
  BOOST_TEST(explained.starts_with("do it at mq:5672: "), explained);
  BOOST_TEST(explained.find(row.says) != std::string::npos, explained);
}

BOOST_AUTO_TEST_CASE(a_reserved_name_is_no_missing_right) {
  const AmqpError error{AmqpError::Kind::refused, 403, "ACCESS_REFUSED - queue name 'amq.x' contains reserved prefix"};
  const migrate::Error told = explain("do it", error, {"configure", "amq.x"}, {"mq", "me", "v"});
  BOOST_TEST(told.message.find("needs") == std::string::npos);
  BOOST_TEST(!told.is_missing_right);
}

BOOST_AUTO_TEST_CASE(why_a_queue_stays) {
  const auto answer = [](std::uint16_t code, const char* words) {
    return removal_of({AmqpError::Kind::refused, code, words});
  };
  BOOST_CHECK(answer(404, "NOT_FOUND - no queue 'q' in vhost '/'") == Removal::absent);
  BOOST_CHECK(answer(406, "PRECONDITION_FAILED - queue 'q' in vhost '/' in use") == Removal::in_use);
  BOOST_CHECK(answer(406, "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty") == Removal::not_empty);
  BOOST_CHECK(!answer(406, "PRECONDITION_FAILED - something else"));
  BOOST_CHECK(!answer(403, "ACCESS_REFUSED - empty"));
}

BrokerAddress at(std::uint16_t port) {
  BrokerAddress address;
  address.amqp = {"127.0.0.1", port, false, {"me", "s3cret"}};
  return address;
}

BOOST_AUTO_TEST_CASE(nobody_there) {
  const ClosedPort closed;
  AmqpCalls calls{at(closed.port())};
  const auto depth = calls.depth("orders");
  BOOST_REQUIRE(!depth);
  BOOST_TEST(depth.error().message.starts_with("look at queue orders at 127.0.0.1:"), depth.error().message);
  BOOST_TEST(depth.error().message.find("s3cret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_answers_is_given_up) {
  const FakeServer silent{[](migrate::test::Connection& connection, std::size_t) { connection.wait_until_closed(); }};
  const auto opened = AmqpConnection::open(at(silent.port()), std::chrono::milliseconds{30});
  BOOST_REQUIRE(!opened);
  BOOST_CHECK(opened.error().kind == AmqpError::Kind::broken);
}

BOOST_AUTO_TEST_CASE(an_authority_that_is_none) {
  BrokerAddress address = at(1);
  address.amqp.tls = true;
  address.ca_pem = "not PEM";
  const auto opened = AmqpConnection::open(address, std::chrono::milliseconds{30});
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().message.find("ca.crt") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
