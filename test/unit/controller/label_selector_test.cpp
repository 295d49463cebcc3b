#include "extender/controller/label_selector.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace migrate::controller;

BOOST_AUTO_TEST_SUITE(label_selector)

BOOST_AUTO_TEST_CASE(label_selectors) {
  const Json labels = Json::parse(R"({"app": "orders", "tier": "back"})");
  const auto picks = [&](const char* selector) {
    const Json parsed = Json::parse(selector);
    return selects(&parsed, &labels);
  };
  BOOST_TEST(picks("{}"));
  BOOST_TEST(picks(R"({"matchLabels": {"app": "orders"}})"));
  BOOST_TEST(!picks(R"({"matchLabels": {"app": "orders", "zone": "a"}})"));
  BOOST_TEST(picks(R"({"matchExpressions": [{"key": "app", "operator": "In", "values": ["bills", "orders"]}]})"));
  BOOST_TEST(!picks(R"({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["orders"]}]})"));
  BOOST_TEST(picks(R"({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]})"));
  BOOST_TEST(picks(R"({"matchExpressions": [{"key": "tier", "operator": "Exists"}]})"));
  BOOST_TEST(!picks(R"({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]})"));
  BOOST_TEST(!selects(nullptr, &labels));
  const Json empty = Json::object();
  BOOST_TEST(!selects_by_map(&empty, &labels));
  BOOST_TEST(selects_by_map(&labels, &labels));
  BOOST_TEST(!selects_by_map(&labels, nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
