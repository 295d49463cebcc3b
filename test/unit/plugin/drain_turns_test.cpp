#include "plugin/drain_turns.h"

#include <boost/test/unit_test.hpp>

#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

// "shop/orders-0" of an owner, or nobody's.
Mover mover(const std::string& title, const std::string& owner = "", std::vector<std::string> budgets = {}) {
  const std::size_t slash = title.find('/');
  return {title, title.substr(0, slash), title.substr(slash + 1), owner, "", std::move(budgets)};
}

std::string order_of(const std::vector<Mover>& movers) {
  std::vector<std::string> titles;
  for (const Mover& one : movers)
    titles.push_back(one.uid);
  return joined(titles, " ");
}

std::string started(const Turns& turns) {
  return joined(turns.start, " ");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_turns)

BOOST_AUTO_TEST_CASE(of_a_set_the_highest_ordinal_comes_first) {
  BOOST_TEST(order_of(in_turn({mover("a/x-2", "x"), mover("a/x-10", "x"), mover("a/x-9", "x")}, {})) ==
             "a/x-10 a/x-9 a/x-2");
}

BOOST_AUTO_TEST_CASE(owners_take_turns_in_their_namespace_and_namespaces_among_themselves) {
  const std::vector<Mover> movers = {mover("a/x-0", "x"), mover("a/x-1", "x"), mover("a/x-2", "x"), mover("a/y-0", "y"),
                                     mover("a/y-1", "y"), mover("b/lone"),     mover("b/z-0", "z")};
  // In a: x-2, y-1, x-1, y-0, x-0. In b: lone, z-0.
  BOOST_TEST(order_of(in_turn(movers, {})) == "a/x-2 b/lone a/y-1 b/z-0 a/x-1 a/y-0 a/x-0");
  // For a two are at work already.
  BOOST_TEST(order_of(in_turn(movers, {{"a", "", "", {}}, {"a", "", "", {}}})) ==
             "b/lone b/z-0 a/x-2 a/y-1 a/x-1 a/y-0 a/x-0");
}

BOOST_AUTO_TEST_CASE(one_of_an_owner_moves_at_a_time) {
  const std::vector<Mover> movers = {mover("a/x-0", "x"), mover("a/x-1", "x"), mover("a/one"), mover("a/two")};
  const Turns first = turns(movers, {}, {}, {.parallel = 9, .per_target = 9});
  BOOST_TEST(started(first) == "a/one a/two a/x-1");
  BOOST_REQUIRE(first.waiting.contains("a/x-0"));
  BOOST_TEST((first.waiting.at("a/x-0").what == Wait::For::owner));
  // Whoever asked for it.
  const Turns busy = turns(movers, {{"a", "x", "node-b", {}}}, {}, {.parallel = 9, .per_target = 9});
  BOOST_TEST(started(busy) == "a/one a/two");
}

BOOST_AUTO_TEST_CASE(no_more_are_at_work_than_asked_for) {
  const std::vector<Mover> movers = {mover("a/1"), mover("a/2"), mover("a/3")};
  BOOST_TEST(started(turns(movers, {}, {}, {.parallel = 2, .per_target = 9})) == "a/1 a/2");
  const Turns full = turns(movers, {{"b", "", "node-b", {}}, {"c", "", "node-c", {}}}, {}, {2, 9});
  BOOST_TEST(full.start.empty());
  BOOST_TEST((full.waiting.at("a/1").what == Wait::For::limit));
  BOOST_TEST(full.waiting.at("a/1").text == "migrations at work in the cluster: 2 (--parallel=2)");
}

BOOST_AUTO_TEST_CASE(whom_the_scheduler_finds_no_node_for_counts_for_budgets_alone) {
  const std::vector<Mover> movers = {mover("a/1", "", {"a/web"}), mover("a/2")};
  const AtWork stuck{"b", "", "", {}, false};
  const AtWork stuck_of_web{"a", "", "node-b", {"a/web"}, false};
  const DrainLimits limits{.parallel = 2, .per_target = 2};
  BOOST_TEST(started(turns(movers, {stuck, stuck}, {{"a/web", 1}}, limits)) == "a/1 a/2");
  BOOST_TEST(started(turns(movers, {stuck_of_web, stuck_of_web}, {{"a/web", 2}}, limits)) == "a/2");
}

BOOST_AUTO_TEST_CASE(no_more_come_to_one_node_than_asked_for) {
  const std::vector<Mover> movers = {mover("a/1"), mover("a/2"), mover("a/3")};
  const DrainLimits limits{.parallel = 9, .per_target = 2};
  // Those that are not placed yet may all come to one.
  BOOST_TEST(started(turns(movers, {}, {}, limits)) == "a/1 a/2");
  BOOST_TEST(started(turns(movers, {{"b", "", "node-b", {}}}, {}, limits)) == "a/1");
  BOOST_TEST(started(turns(movers, {{"b", "", "node-b", {}}, {"b", "", "node-c", {}}}, {}, limits)) == "a/1");
  BOOST_TEST(started(turns(movers, {{"b", "", "node-b", {}}, {"b", "", "node-b", {}}}, {}, limits)).empty());
  // Who asks for another node need not wait for that one.
  std::vector<Mover> elsewhere = movers;
  for (Mover& one : elsewhere)
    one.target = "node-c";
  BOOST_TEST(started(turns(elsewhere, {{"b", "", "node-b", {}}, {"b", "", "node-b", {}}}, {}, limits)) == "a/1 a/2");
}

BOOST_AUTO_TEST_CASE(no_more_of_a_budget_are_away_than_it_allows) {
  const std::vector<Mover> movers = {mover("a/1", "", {"a/web"}), mover("a/2", "", {"a/web"}),
                                     mover("a/3", "", {"a/web", "a/all"}), mover("a/4")};
  const DrainLimits wide{.parallel = 9, .per_target = 9};
  const Turns one = turns(movers, {}, {{"a/web", 1}, {"a/all", 5}}, wide);
  BOOST_TEST(started(one) == "a/1 a/4");
  BOOST_TEST((one.waiting.at("a/2").what == Wait::For::budget));
  BOOST_TEST(one.waiting.at("a/2").text == "PodDisruptionBudget a/web allows no more than 1 at once to be away");
  const Turns none = turns(movers, {}, {{"a/web", 0}, {"a/all", 5}}, wide);
  BOOST_TEST(started(none) == "a/4");
  BOOST_TEST(none.waiting.at("a/1").text == "PodDisruptionBudget a/web allows no Pod to be away");
  // The stricter one of two; those at work count, wherever they come from.
  BOOST_TEST(started(turns(movers, {}, {{"a/web", 5}, {"a/all", 0}}, wide)) == "a/1 a/2 a/4");
  BOOST_TEST(started(turns(movers, {{"a", "", "node-b", {"a/web"}}}, {{"a/web", 2}, {"a/all", 5}}, wide)) == "a/1 a/4");
  // One that is not known allows nothing.
  BOOST_TEST(started(turns(movers, {}, {{"a/web", 5}}, wide)) == "a/1 a/2 a/4");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
