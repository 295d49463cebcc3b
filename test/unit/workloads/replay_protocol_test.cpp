#include "test/workloads/protocol/replay_protocol.h"

#include <unistd.h>

#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

namespace {

using orders::ReplayProtocol;
using Change = ReplayProtocol::Change;
namespace data = boost::unit_test::data;

const std::string kStart = R"({"type":"START_REPLAY","payload":{"queue":"ms2m.replay.1"}})";
const std::string kStartOther = R"({"type":"START_REPLAY","payload":{"queue":"ms2m.replay.2"}})";
const std::string kEnd = R"({"type":"END_REPLAY"})";

// The whole protocol: where it stands, what comes, what is to be done, where it stands then.
struct Row {
  const char* name;
  std::vector<std::string> before;
  std::string message;
  Change change;
  const char* queue;
  bool ending;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kTable{
    {"own queue, start", {}, kStart, Change::start_replay, "ms2m.replay.1", false},
    {"own queue, end: nothing to end", {}, kEnd, Change::none, "orders", false},
    {"replaying, end", {kStart}, kEnd, Change::end_replay, "ms2m.replay.1", true},
    {"replaying, start of the same: told twice", {kStart}, kStart, Change::none, "ms2m.replay.1", false},
    {"replaying, start of another", {kStart}, kStartOther, Change::start_replay, "ms2m.replay.2", false},
    {"ending, end: told twice", {kStart, kEnd}, kEnd, Change::none, "ms2m.replay.1", true},
    {"ending, start of the same: it goes on", {kStart, kEnd}, kStart, Change::start_replay, "ms2m.replay.1", false},
    {"ending, start of another", {kStart, kEnd}, kStartOther, Change::start_replay, "ms2m.replay.2", false},
    {"no JSON", {}, "START_REPLAY", Change::none, "orders", false},
    {"no object", {}, R"(["START_REPLAY"])", Change::none, "orders", false},
    {"no type", {}, R"({"payload":{"queue":"q"}})", Change::none, "orders", false},
    {"type is no text", {}, R"({"type":1})", Change::none, "orders", false},
    {"unknown type", {kStart}, R"({"type":"PAUSE"})", Change::none, "ms2m.replay.1", false},
    {"start without a payload", {}, R"({"type":"START_REPLAY"})", Change::none, "orders", false},
    {"start with a text as payload", {}, R"({"type":"START_REPLAY","payload":"q"})", Change::none, "orders", false},
    {"start without a queue", {}, R"({"type":"START_REPLAY","payload":{}})", Change::none, "orders", false},
    {"start with an empty queue",
     {},
     R"({"type":"START_REPLAY","payload":{"queue":""}})",
     Change::none,
     "orders",
     false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_protocol)

BOOST_DATA_TEST_CASE(follows_the_table, data::make(kTable), row) {
  ReplayProtocol protocol{"orders"};
  for (const auto& message : row.before)
    protocol.on_control_message(message);
  BOOST_TEST((protocol.on_control_message(row.message) == row.change));
  BOOST_TEST(protocol.queue() == row.queue);
  BOOST_TEST(protocol.ending() == row.ending);
  BOOST_TEST(protocol.replaying() == (protocol.queue() != "orders"));
}

BOOST_AUTO_TEST_CASE(goes_back_to_the_own_queue_only_when_the_replay_is_finished) {
  ReplayProtocol protocol{"orders"};
  protocol.on_control_message(kStart);
  protocol.replay_finished();  // nobody said END: it is not over
  BOOST_TEST(protocol.queue() == "ms2m.replay.1");
  protocol.on_control_message(kEnd);
  protocol.replay_finished();
  BOOST_TEST(protocol.queue() == "orders");
  BOOST_TEST(!protocol.ending());
}

BOOST_AUTO_TEST_CASE(can_be_started_again_after_it_was_finished) {
  ReplayProtocol protocol{"orders"};
  protocol.on_control_message(kStart);
  protocol.on_control_message(kEnd);
  protocol.replay_finished();
  BOOST_TEST((protocol.on_control_message(kStart) == Change::start_replay));
  BOOST_TEST(protocol.queue() == "ms2m.replay.1");
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_gone_ends_a_replay_that_was_ending_or_had_ended) {
  ReplayProtocol protocol{"orders"};
  protocol.queue_is_gone();  // the own one
  BOOST_TEST(protocol.queue() == "orders");
  protocol.on_control_message(kStart);
  protocol.queue_is_gone();  // not made yet, or the migration is rolled back: the own queue is still another's
  BOOST_TEST(protocol.queue() == "ms2m.replay.1");
  protocol.on_control_message(kEnd);
  protocol.queue_is_gone();
  BOOST_TEST(protocol.queue() == "orders");
  protocol.on_control_message(kStart);  // told again, after the end
  protocol.queue_is_gone();
  BOOST_TEST(protocol.queue() == "orders");
  BOOST_TEST(!protocol.ending());
  protocol.on_control_message(kStartOther);  // the next migration
  protocol.queue_is_gone();
  BOOST_TEST(protocol.queue() == "ms2m.replay.2");
}

BOOST_AUTO_TEST_CASE(the_control_queue_is_named_after_this_host) {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size());
  BOOST_TEST(orders::control_queue_name() == std::string("ms2m.control.") + name.data());
}

BOOST_AUTO_TEST_SUITE_END()
