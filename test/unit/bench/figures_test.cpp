#include "test/bench/figures.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace bench;
using Json = nlohmann::json;

namespace {

Json step(const char* name, const char* from, const char* to) {
  const std::string day = "2026-01-02T03:04:";
  return {{"name", name}, {"startedAt", day + from + "Z"}, {"finishedAt", day + to + "Z"}};
}

// Frozen for 400 ms, silent for 500, 2 s in all; forecast at 300, 600 and 2000.
Json stop() {
  return {{"status",
           {{"gapMs", 500},
            {"checkpoint", {{"freezeMs", 400}}},
            {"startedAt", "2026-01-02T03:04:05Z"},
            {"finishedAt", "2026-01-02T03:04:07Z"},
            {"forecast", {{"gapMs", 600}, {"freezeMs", 300}, {"totalMs", 2000}}},
            {"steps", {step("Preparing", "05.0", "05.1"), step("Restoring", "06.0", "06.250")}}}}};
}

Json with_replay(const char* phase) {
  Json made = stop();
  Json& status = made["status"];
  status["steps"].push_back(step("Mirroring", "05.2", "05.3"));
  status["steps"].push_back(step(phase, "05.3", "05.4"));
  status["checkpoint"]["snapshotFreezeMs"] = 200;
  status["messages"] = {{"lost", 0}};
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(figures)

BOOST_AUTO_TEST_CASE(forecasts_are_off_by_percents_of_the_fact) {
  const Sample sample = sample_of(stop());
  BOOST_TEST(sample.at("gap forecast") == 20.0);
  BOOST_TEST(sample.at("freeze forecast") == 25.0);
  BOOST_TEST(sample.at("total forecast") == 0.0);
  BOOST_TEST(sample.at("Restoring") == 250.0);
}

BOOST_AUTO_TEST_CASE(what_was_not_forecast_or_did_not_happen_is_not_off) {
  Json object = stop();
  object["status"]["forecast"].erase("gapMs");
  object["status"]["checkpoint"]["freezeMs"] = 0;
  object["status"].erase("finishedAt");
  const Sample sample = sample_of(object);
  for (const char* name : {"gap forecast", "freeze forecast", "total forecast"})
    BOOST_TEST(!sample.contains(name), name);
}

// The status' gap is the longest of all, that of the way back included.
BOOST_AUTO_TEST_CASE(a_way_back_into_the_name_is_in_the_gap_and_its_forecast) {
  Json object = with_replay("Shadowing");
  object["status"]["steps"].push_back(step("Returning", "06.5", "07.0"));
  BOOST_TEST(sample_of(object).at("gap forecast") == 20.0);
}

BOOST_AUTO_TEST_CASE(of_two_freezes_the_longer_one_was_forecast) {
  Json live = with_replay("Shadowing");
  BOOST_TEST(sample_of(live).at("freeze forecast") == 25.0);
  live["status"]["checkpoint"]["snapshotFreezeMs"] = 600;
  BOOST_TEST(sample_of(live).at("freeze forecast") == 50.0);
  BOOST_TEST(!sample_of(with_replay("Restoring")).contains("freeze forecast"));
}

BOOST_AUTO_TEST_CASE(a_percentile_is_a_value_that_was_measured) {
  BOOST_TEST(percentile({7}, 0.5) == 7);
  BOOST_TEST(percentile({30, 10, 20}, 0.5) == 20);
  // Of two in the middle the larger one: nothing looks better than it was.
  BOOST_TEST(percentile({40, 10, 30, 20}, 0.5) == 30);
  BOOST_TEST(percentile({40, 10, 30, 20}, 0) == 10);
  BOOST_TEST(percentile({40, 10, 30, 20}, 1) == 40);
  BOOST_TEST(percentile({40, 10, 30, 20}, 0.9) == 40);
}

BOOST_AUTO_TEST_CASE(a_table_has_what_its_samples_have) {
  const std::string table = table_of({{{"gap", 300}, {"gap into name", 860}}, {{"gap", 500}}});
  BOOST_TEST(table.find("  gap                   300      500      500\n") != std::string::npos, table);
  BOOST_TEST(table.find("  gap into name         860      860      860\n") != std::string::npos, table);
  BOOST_TEST(table.find("freeze") == std::string::npos, table);
  BOOST_TEST(table.find("off by") == std::string::npos, table);
}

BOOST_AUTO_TEST_CASE(a_goal_is_missed_by_the_longest_of_all_moves) {
  const std::vector<Sample> samples{{{"gap", 900}, {"total", 4000}}, {{"gap", 2100}, {"total", 5000}}};
  BOOST_TEST(missed_goals(samples, {{"gap", 2100}, {"total", 5000}}).empty());
  BOOST_TEST(missed_goals(samples, {{"gap", 2000}, {"total", 5000}}) == "  gap: 2100 ms, the goal is 2000 ms\n");
  // A figure that is missing is none that was met.
  const std::vector<Sample> partly{Sample{{"gap", 900}}, Sample{}};
  BOOST_TEST(missed_goals(partly, {{"gap", 2000}}).find("gap: not measured") != std::string::npos);
  BOOST_TEST(!missed_goals({}, {{"gap", 2000}}).empty());
}

BOOST_AUTO_TEST_CASE(the_forecasts_of_a_whole_run_are_told_in_all_by_figure_and_by_series) {
  const Series measured{{"live", {{{"gap forecast", 50}}, {{"gap forecast", 30}, {"total forecast", 10}}}},
                        {"stop", {{{"gap forecast", 40}, {"freeze forecast", 20}}}},
                        {"sets", {{{"gap", 300}}}}};
  BOOST_TEST(forecasts_of(measured) ==
             "forecasts off by: median 30 % of 5\n"
             "  gap forecast     median 40 % of 3\n"
             "  freeze forecast  median 20 % of 1\n"
             "  total forecast   median 10 % of 1\n"
             "  live             median 30 % of 3\n"
             "  stop             median 40 % of 2\n");
}

BOOST_AUTO_TEST_CASE(without_any_forecast_nothing_is_told) {
  BOOST_TEST(forecasts_of({}).empty());
  BOOST_TEST(forecasts_of({{"stop", {{{"gap", 300}}}}}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
