#include "shared/broker/listed_queue.h"

#include <boost/test/unit_test.hpp>

#include "test/fakes/broker.h"

namespace {

using namespace migrate;
using namespace migrate::broker;

// Its management API tells of a consumer only after so many looks.
struct LateListing : fakes::FakeBroker {
  int late = 0;
  int looks = 0;
  LateListing() {
    QueueFacts facts;
    facts.name = "orders";
    facts.consumers = {{"app", "source:1", "10.0.0.1", 5}};
    add_queue(facts);
  }
  Lookup<QueueFacts> queue(const std::string& name) override {
    auto facts = FakeBroker::queue(name);
    if (facts && *facts && ++looks <= late) (*facts)->consumers.clear();
    return facts;
  }
};

BOOST_FIXTURE_TEST_SUITE(listed_queue_, LateListing)

BOOST_AUTO_TEST_CASE(a_consumer_that_is_listed_late_is_waited_for) {
  late = 3;
  int pauses = 0;
  const auto facts = listed_queue(*this, "orders", [&] { return ++pauses > 0; });
  BOOST_REQUIRE(facts && *facts);
  BOOST_TEST((*facts)->consumers.size() == 1U);
  BOOST_TEST(pauses == 3);
}

BOOST_AUTO_TEST_CASE(not_for_ever) {
  late = 1'000;
  int left = 5;
  const auto facts = listed_queue(*this, "orders", [&] { return left-- > 0; });
  BOOST_REQUIRE(facts && *facts);
  BOOST_TEST((*facts)->consumers.empty());
  BOOST_TEST(looks == 6);
}

BOOST_AUTO_TEST_CASE(without_a_consumer_or_a_queue_nothing_is_waited_for) {
  cancel("orders", "app");
  const auto never = [] {
    BOOST_ERROR("it waited");
    return false;
  };
  BOOST_TEST(listed_queue(*this, "orders", never).value().value().consumers.empty());
  BOOST_TEST(!listed_queue(*this, "nobody's", never).value().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
