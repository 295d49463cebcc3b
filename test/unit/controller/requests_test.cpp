#include "extender/controller/requests.h"

#include <boost/test/unit_test.hpp>

#include "test/unit/controller/samples.h"

namespace {

using namespace migrate::controller;

BOOST_AUTO_TEST_SUITE(requests)

BOOST_AUTO_TEST_CASE(quantities) {
  BOOST_TEST(quantity_of("250m").value() == 0.25);
  BOOST_TEST(quantity_of("2").value() == 2.0);
  BOOST_TEST(quantity_of("1.5Gi").value() == 1.5 * 1024 * 1024 * 1024);
  BOOST_TEST(quantity_of("1e3").value() == 1000.0);
  BOOST_TEST(quantity_of("3E").value() == 3e18);
  BOOST_TEST(quantity_of("5k").value() == 5000.0);
  for (const char* text : {"", "much", "1X", "1 Gi"})
    BOOST_TEST(!quantity_of(text), text);
}

// One CPU of samples::pod(), and what a row adds.
BOOST_AUTO_TEST_CASE(room_for_a_shadow_and_who_comes_after_it) {
  Json pod = samples::pod();
  NodeState node = samples::node("node-b", {});
  const auto says = [&] { return return_trouble(pod, node); };
  BOOST_TEST(says() == "");  // nothing is known of the node
  node.allocatable = {{"cpu", "2"}, {"memory", "1Gi"}};
  BOOST_TEST(says() == "");
  node.allocatable["cpu"] = "1999m";
  BOOST_TEST(says().find("node node-b has no more than 1999m cpu") != std::string::npos, says());
  node.allocatable["cpu"] = "8";
  pod["spec"]["containers"].push_back(
      {{"name", "more"}, {"resources", {{"requests", {{"cpu", "3"}, {"memory", "513Mi"}}}}}});
  BOOST_TEST(says().find("1Gi memory") != std::string::npos, says());
  pod["spec"]["containers"][1]["resources"]["requests"]["memory"] = "512Mi";
  BOOST_TEST(says() == "");
  pod["spec"]["containers"][1]["resources"]["requests"]["cpu"] = "3100m";
  BOOST_TEST(says().find("8 cpu") != std::string::npos, says());
  // Of the Pod as a whole.
  pod["spec"]["resources"]["requests"]["cpu"] = "4";
  BOOST_TEST(says() == "");
  const Refusal told = no_way_back(pod, "no room");
  BOOST_TEST(told.reason == "NoRoomToReturn");
  BOOST_TEST(told.message.find("Pod shop/orders: no room; use --strategy sequential or stop") != std::string::npos,
             told.message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
