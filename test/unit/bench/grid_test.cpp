#include "test/bench/evaluation/grid.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>

using namespace evaluation;

namespace {

std::vector<Run> planned(const std::vector<std::string>& only, Extent extent = Extent::full) {
  const auto runs = plan({extent, only});
  BOOST_REQUIRE_MESSAGE(runs, (runs ? "" : runs.error().message));
  return *runs;
}

std::set<Run> as_set(const std::vector<Run>& runs) {
  return {runs.begin(), runs.end()};
}

// By strategy, the rates at which a grid has it.
std::map<std::string, std::set<int>> rates_of(const std::string& grid) {
  std::map<std::string, std::set<int>> rates;
  for (const Run& run : planned({grid}))
    rates[run.cell.strategy].insert(run.cell.per_second);
  return rates;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grid)

BOOST_AUTO_TEST_CASE(the_papers_grid_has_every_strategy_at_every_rate_ten_times) {
  const std::set<int> rates{1, 4, 7, 10, 13, 16, 19};
  const auto of = rates_of("paper");
  BOOST_TEST(of.size() == 9U);
  for (const auto& [strategy, its] : of)
    BOOST_TEST((its == rates), strategy);
  const auto runs = planned({"paper"});
  BOOST_TEST(runs.size() == 9U * 7U * 10U);
  BOOST_TEST(as_set(runs).size() == runs.size());
  for (const Run& run : runs)
    BOOST_TEST(run.cell.service_ms == 50);
}

BOOST_AUTO_TEST_CASE(the_other_grids_are_as_published_or_as_asked) {
  BOOST_TEST((rates_of("shadow").at("set-live") == std::set<int>{10, 20, 40, 60, 80, 100, 120}));
  // More than 20 a second, which is all that 50 ms each allow.
  for (const auto& [strategy, rates] : rates_of("overload"))
    BOOST_TEST(*rates.begin() > 20, strategy);
  std::set<int> memory;
  for (const Run& run : planned({"memory"}))
    memory.insert(run.cell.memory_mib);
  BOOST_TEST((memory == std::set<int>{10, 100, 500, 2048}));
  std::set<int> at_once;
  for (const Run& run : planned({"at-once"}))
    at_once.insert(run.cell.at_once);
  BOOST_TEST((at_once == std::set<int>{1, 4, 16}));
}

BOOST_AUTO_TEST_CASE(every_strategy_of_a_grid_is_known_and_every_one_that_is_known_is_measured) {
  std::set<std::string> used;
  for (const Run& run : planned({})) {
    used.insert(run.cell.strategy);
    BOOST_TEST(strategy_named(run.cell.strategy).name == run.cell.strategy);
    // The script knows neither several at once nor sets.
    if (strategy_named(run.cell.strategy).mover == Mover::script) BOOST_TEST(run.cell.at_once == 1);
  }
  const auto names = strategy_names();
  BOOST_TEST((used == std::set<std::string>(names.begin(), names.end())));
  BOOST_CHECK_THROW((void)strategy_named("teleport"), migrate::Fatal);
}

BOOST_AUTO_TEST_CASE(a_round_is_over_before_the_next_begins_and_each_has_an_order_of_its_own) {
  const auto runs = planned({"paper"});
  BOOST_TEST(std::is_sorted(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.number < b.number; }));
  std::map<int, std::vector<Cell>> rounds;
  for (const Run& run : runs)
    rounds[run.number].push_back(run.cell);
  BOOST_TEST((rounds[1] != rounds[2]));
  BOOST_TEST(!std::is_sorted(rounds[1].begin(), rounds[1].end()));
  // The same every time, or a run that is resumed would go on in another one.
  BOOST_TEST((planned({"paper"}) == runs));
}

BOOST_AUTO_TEST_CASE(the_other_grids_have_three_runs_of_each_and_the_papers_go_on_when_all_have_them) {
  const auto runs = planned({});
  std::map<Cell, int> made;
  std::map<int, std::set<std::string>> grids;
  for (const Run& run : runs) {
    ++made[run.cell];
    grids[run.number].insert(run.cell.grid);
  }
  for (const auto& [cell, count] : made)
    BOOST_TEST(count == (cell.grid == "paper" ? 10 : 3), to_string(Run{cell, count}));
  BOOST_TEST(runs.size() == 849U);
  const auto names = grid_names();
  const std::set<std::string> all{names.begin(), names.end()};
  BOOST_TEST(grids.size() == 10U);
  for (const auto& [number, its] : grids)
    BOOST_TEST((its == (number <= 3 ? all : std::set<std::string>{"paper"})), "round " << number);
  // Who stops in the middle of the first round has something of each.
  std::set<std::string> first_half;
  for (std::size_t i = 0; i < made.size() / 2; ++i)
    first_half.insert(runs[i].cell.grid);
  BOOST_TEST((first_half == all));
  BOOST_TEST(std::is_sorted(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.number < b.number; }));
}

BOOST_AUTO_TEST_CASE(a_consumer_is_warm_after_five_seconds_of_its_load_or_twenty_orders) {
  const auto of = [](int per_second) { return warm_up_of({"paper", "stop", per_second, 50, 20, 1}); };
  BOOST_TEST(of(1) == 5);
  BOOST_TEST(of(3) == 15);
  BOOST_TEST(of(4) == 20);
  BOOST_TEST(of(120) == 20);
}

BOOST_AUTO_TEST_CASE(only_what_was_named_is_run) {
  for (const Run& run : planned({"paper", "shadow", "stop"})) {
    BOOST_TEST((run.cell.grid == "paper" || run.cell.grid == "shadow"), run.cell.grid);
    BOOST_TEST(run.cell.strategy == "stop");
  }
  std::set<std::string> grids;
  for (const Run& run : planned({"live-cutoff"}))
    grids.insert(run.cell.grid);
  BOOST_TEST((grids == std::set<std::string>{"paper", "shadow", "overload", "memory", "at-once"}));
}

BOOST_AUTO_TEST_CASE(a_word_that_nobody_knows_and_words_that_leave_nothing_are_errors) {
  const auto unknown = plan({Extent::full, {"papre"}});
  BOOST_REQUIRE(!unknown);
  BOOST_TEST(unknown.error().message.find("--only papre: neither a grid (paper, shadow") == 0U,
             unknown.error().message);
  const auto nothing = plan({Extent::full, {"memory", "naive"}});
  BOOST_REQUIRE(!nothing);
  BOOST_TEST(nothing.error().message == "--only memory,naive: no grid has all of this");
}

BOOST_AUTO_TEST_CASE(the_quick_one_is_one_run_at_two_rates_of_the_papers) {
  const auto runs = planned({}, Extent::quick);
  std::set<int> rates;
  for (const Run& run : runs) {
    BOOST_TEST(run.number == 1);
    rates.insert(run.cell.per_second);
    BOOST_TEST((as_set(planned({"paper"})).contains(run)), to_string(run));
  }
  BOOST_TEST(rates.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_has_its_rows_is_not_run_again_and_the_rest_keeps_its_order) {
  const auto runs = planned({}, Extent::quick);
  const std::set<Run> done{runs[0], runs[2]};
  const auto left = remaining(runs, done);
  BOOST_REQUIRE(left.size() == runs.size() - 2);
  BOOST_TEST((left[0] == runs[1]));
  BOOST_TEST((left[1] == runs[3]));
  BOOST_TEST(remaining(runs, as_set(runs)).empty());
  // Another memory is another run.
  Run other = runs[0];
  other.cell.memory_mib += 1;
  BOOST_TEST(remaining(runs, {other}).size() == runs.size());
}

BOOST_AUTO_TEST_CASE(a_run_has_a_name) {
  BOOST_TEST(to_string(Run{{"paper", "live-cutoff", 16, 50, 20, 1}, 3}) == "paper/live-cutoff 16/s 50 ms 20 MiB run 3");
  BOOST_TEST(to_string(Run{{"at-once", "stop", 5, 10, 20, 4}, 1}) == "at-once/stop 5/s 10 ms 20 MiB 4 at once run 1");
}

BOOST_AUTO_TEST_SUITE_END()
