// Sets of one and of five, under both policies: first, middle and last ordinal move by each strategy, there and back,
// each with a queue of its own under load; one audit for each at the end. And all five of a Deployment.
#include <fmt/format.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "test/e2e/deployment.h"
#include "test/e2e/sets.h"

using namespace harness;

namespace {

namespace data = boost::unit_test::data;

struct Row {
  const char* ns;
  SetSpec spec;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.ns; }
};

const std::vector<Row> kRows{
    {"set-1-ordered", {.replicas = 1, .parallel = false, .per_second = 8}},
    {"set-1-parallel", {.replicas = 1, .parallel = true, .per_second = 8}},
    {"set-5-ordered", {.replicas = 5, .parallel = false, .per_second = 4}},
    {"set-5-parallel", {.replicas = 5, .parallel = true, .per_second = 4}},
    {"set-from-3", {.replicas = 2, .first = 3, .parallel = false, .per_second = 8}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(all_sets)

BOOST_DATA_TEST_CASE(each_ordinal_moves_by_each_strategy, data::make(kRows), row) {
  SetScene set{row.ns};
  set.start(row.spec);
  const int last = row.spec.first + row.spec.replicas - 1;
  const std::set<int> ordinals{row.spec.first, (row.spec.first + last) / 2, last};
  for (const char* strategy : {"stop", "sequential", "live", "stop"})  // back by the first one
    for (const int ordinal : ordinals) {
      const auto moved = set.move(ordinal, {"--strategy", strategy});
      const auto& status = moved.migration.at("status");
      BOOST_TEST_MESSAGE(
          fmt::format("{}, ordinal {}, {}: gap {} ms", row.ns, ordinal, strategy, status.at("gapMs").dump()));
      if (std::string{strategy} != "stop") BOOST_TEST(status.at("messages").value("lost", -1) == 0);
      set.at(ordinal).wait_for_more(20);
    }
  set.check_scales();
  const Verdict verdict = set.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_CASE(auto_chooses_for_a_set_s_pod_and_says_why) {
  SetScene set{"set-auto"};
  set.start({.replicas = 3, .parallel = false, .per_second = 8, .loaded = 2});
  for (int i = 0; i < 2; ++i) {  // there and back
    const auto status = set.move(1, {"--strategy", "auto"}).migration.at("status");
    const auto because = status.at("steps").at(0).at("message").get<std::string>();
    BOOST_TEST_MESSAGE(because);
    BOOST_TEST(because.starts_with(status.at("strategy").get<std::string>() + ": its gap is forecast at "), because);
    set.at(1).wait_for_more(20);
  }
  const Verdict verdict = set.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_CASE(each_of_five_of_a_deployment_moves) {
  constexpr int kFive = 5;
  DeploymentScene pods{"five-replicas", kFive, 4};
  for (std::size_t i = 0; i < kFive; ++i)
    pods.move(i, i % 2 == 0 ? "stop" : "live");
  const Verdict verdict = pods.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
  pods.check_rolls_out();
}

BOOST_AUTO_TEST_SUITE_END()
