// The fake that other tests stand on does what RabbitMQ does.
#include <boost/test/unit_test.hpp>

#include "test/fakes/broker.h"

namespace {

using namespace migrate::broker;
using migrate::fakes::FakeBroker;
using Words = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(fake_broker, FakeBroker)

BOOST_AUTO_TEST_CASE(exchanges_route) {
  add_queue("q");
  for (const char* type : {"fanout", "direct", "topic", "headers"})
    add_exchange(type, type);
  BOOST_REQUIRE(bind("q", {"direct", "k"}));
  BOOST_REQUIRE(bind("q", {"fanout", ""}));
  BOOST_REQUIRE(bind("q", {"topic", "a.*.#"}));
  BOOST_REQUIRE(bind("q", {"headers", "", R"({"x-match": "all", "n": 5})"}));
  BOOST_TEST(!bind("q", {"another", ""}));
  BOOST_TEST(arrive("direct", "k", {"1"}) == 1U);
  BOOST_TEST(arrive("direct", "j", {"no"}) == 0U);
  BOOST_TEST(arrive("fanout", "j", {"2"}) == 1U);
  for (const char* key : {"a.b", "a.b.c.d"})
    BOOST_TEST(arrive("topic", key, {key}) == 1U);
  for (const char* key : {"a", "b.b"})
    BOOST_TEST(arrive("topic", key, {"no"}) == 0U);
  BOOST_TEST(arrive("headers", "", {"3", {{"n", 5}, {"m", 6}}}) == 1U);
  BOOST_TEST(arrive("headers", "", {"no", {{"n", 6}}}) == 0U);
  BOOST_TEST(ready("q") == (Words{"1", "2", "a.b", "a.b.c.d", "3"}), boost::test_tools::per_element());
  BOOST_REQUIRE(unbind("q", {"fanout", ""}));
  BOOST_TEST(arrive("fanout", "", {"no"}) == 0U);
  BOOST_REQUIRE(unbind_all("q", {{"direct", "k"}, {"fanout", ""}, {"topic", "a.*.#"}}));
  BOOST_TEST(arrive("direct", "k", {"no"}) + arrive("topic", "a.b", {"no"}) == 0U);
  BOOST_TEST(bindings("q").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_closed_connection_gives_back_what_it_held_in_order) {
  add_queue("q");
  consume("q", {"t", "connection", "10.0.0.9", 2});
  for (const char* body : {"1", "2", "3", "4"})
    BOOST_REQUIRE(publish("q", body));
  for (int i = 0; i < 3; ++i)
    take("q", "t");
  acknowledge("q", "t");
  BOOST_TEST(take("q", "t")->body == "3");
  BOOST_TEST(depth("q").value()->ready == 1U);
  BOOST_TEST(totals("q").value()->unacknowledged == 2U);
  BOOST_CHECK(remove_queue("q", {true, false}).value() == Removal::in_use);
  BOOST_REQUIRE(close_connection("connection", "why not"));
  BOOST_TEST(ready("q") == (Words{"2", "3", "4"}), boost::test_tools::per_element());
  BOOST_TEST(depth("q").value()->consumers == 0U);
  BOOST_CHECK(remove_queue("q", {true, true}).value() == Removal::not_empty);
  BOOST_TEST(purge("q").value() == 3U);
  BOOST_CHECK(remove_queue("q", {true, true}).value() == Removal::removed);
  BOOST_TEST(!depth("q").value().has_value());
  BOOST_TEST(!publish("q", "5"));
}

BOOST_AUTO_TEST_CASE(a_new_consumer_is_counted_before_it_is_listed_and_its_connection_is_known) {
  add_queue("q");
  consume("q", {"t", "connection", "10.0.0.9", 2});
  open_connection("idle", "10.0.0.9");
  open_connection("another's", "10.0.0.8");
  unlisted = {"t"};
  BOOST_TEST(consumers("q")->empty());
  BOOST_TEST(FakeBroker::queue("q").value()->consumers.empty());
  BOOST_TEST(depth("q").value()->consumers == 1U);
  BOOST_TEST(connections_from("10.0.0.9").value() == (Words{"connection", "idle"}), boost::test_tools::per_element());
  BOOST_REQUIRE(close_connection("idle", "why not"));
  BOOST_TEST(connections_from("10.0.0.9").value() == Words{"connection"}, boost::test_tools::per_element());
  unlisted.clear();
  BOOST_TEST(consumers("q")->size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_tag_a_user_has_its_own_connections_alone) {
  add_queue("q");
  consume("q", {"t1", "own", "10.0.0.9", 2, true, "me"});
  consume("q", {"t2", "another's", "10.0.0.9", 2, true, "app"});
  user = {"me", {"monitoring"}};
  BOOST_TEST(whoami()->name == "me");
  BOOST_TEST(consumers("q")->size() == 2U);
  BOOST_TEST(!close_connection("another's", "why not"));
  user.tags = {"management"};
  BOOST_REQUIRE(consumers("q")->size() == 1U);
  BOOST_TEST(consumers("q")->front().user == "me");
  BOOST_TEST(connections_from("10.0.0.9").value() == Words{"own"}, boost::test_tools::per_element());
  BOOST_TEST(FakeBroker::queue("q").value()->consumers.size() == 2U);
  BOOST_TEST(close_connection("own", "why not").has_value());
  BOOST_TEST(closed_connections() == Words{"own"}, boost::test_tools::per_element());
  BOOST_TEST(depth("q").value()->consumers == 1U);
}

BOOST_AUTO_TEST_CASE(a_hook_may_act_and_fail_a_call) {
  on_call = [this](const std::string& call) -> std::optional<migrate::Error> {
    if (call == "depth q") add_queue("q");
    if (call == "purge q") return migrate::Error{"no"};
    return std::nullopt;
  };
  BOOST_TEST(depth("q").value().has_value());
  BOOST_TEST(purge("q").error().message == "no");
  BOOST_TEST(calls() == (Words{"depth q", "purge q"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
