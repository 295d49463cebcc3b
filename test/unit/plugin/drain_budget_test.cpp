#include "plugin/drain_budget.h"

#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {
namespace {

Json budget(const std::string& name, const Json& selector, const Json& status, int generation = 1) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}, {"generation", generation}}},
          {"spec", {{"selector", selector}}},
          {"status", status}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_budgets)

BOOST_AUTO_TEST_CASE(what_its_status_allows_counts_only_for_its_spec) {
  const auto allowed = [](const Json& status, int generation) {
    return budget_of(budget("web", Json::object(), status, generation)).allowed;
  };
  BOOST_TEST(allowed({{"disruptionsAllowed", 2}, {"observedGeneration", 3}}, 3) == 2U);
  BOOST_TEST(allowed({{"disruptionsAllowed", 2}, {"observedGeneration", 2}}, 3) == 0U);
  BOOST_TEST(allowed({{"disruptionsAllowed", -1}, {"observedGeneration", 1}}, 1) == 0U);
  BOOST_TEST(allowed(Json::object(), 1) == 0U);
}

BOOST_AUTO_TEST_CASE(it_covers_what_its_selector_says_in_its_namespace) {
  const Json ok = {{"disruptionsAllowed", 1}, {"observedGeneration", 1}};
  Json nothing = budget("nothing", nullptr, ok);
  const std::vector<Budget> all = {budget_of(budget("orders", {{"matchLabels", {{"app", "orders"}}}}, ok)),
                                   budget_of(budget("others", {{"matchLabels", {{"app", "web"}}}}, ok)),
                                   budget_of(budget("everything", Json::object(), ok)), budget_of(nothing)};
  const std::vector<std::string> wanted = {"shop/orders", "shop/everything"};
  BOOST_TEST(budgets_over(running("orders-0", "StatefulSet/orders"), all) == wanted, boost::test_tools::per_element());
  // Without labels only by a selector that asks for none.
  const std::vector<std::string> of_bare = {"shop/everything"};
  BOOST_TEST(budgets_over(running("cache"), all) == of_bare, boost::test_tools::per_element());
  Json elsewhere = running("orders-0", "StatefulSet/orders");
  elsewhere["metadata"]["namespace"] = "bank";
  BOOST_TEST(budgets_over(elsewhere, all).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
