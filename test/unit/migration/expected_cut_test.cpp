#include "shared/migration/expected_cut.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

namespace {

using namespace migrate;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(expected_cuts)

// 20 messages a second can be handled, and those of 2 s wait.
SteadyReplay at(double per_second, milliseconds begins = 2s) {
  const double arrival = per_second / 1000;
  return {begins, arrival * static_cast<double>(begins.count()), arrival, 0.02};
}

struct Row {
  const char* name;
  SteadyReplay replay;
  CutTerms terms;
  milliseconds replaying;
  double left;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kRows{
    {"nothing arrives", at(0), {}, 0ms, 0},
    {"it catches up", at(10), {}, 2s, 0},
    {"it has caught up, and is waited for", at(10), {30s, {}, 3s}, 3s, 0},
    {"it catches up later than it is waited for", at(10), {30s, {}, 1s}, 2s, 0},
    {"a fixed cutoff does not wait", at(5), {30s, 3s, 5s}, 1s, 0},
    {"it catches up, just clearly faster", at(18), {}, 18s, 0},
    {"the cutoff comes first", at(10, 50s), {}, 10s, 400},
    {"slightly faster, which may not be so", at(19), {}, 29'579ms, 38},
    {"just as fast", at(20), {}, 28s, 40},
    {"slightly slower", at(21), {}, 26'572ms, 42 + 26.572},
    {"clearly slower", at(25), {}, 3s, 50 + 15},
    {"clearly slower, and the cutoff comes before that shows", at(25, 23s), {}, 1s, 575 + 5},
    {"a fixed cutoff, whatever diverges", at(25), {30s, 12s}, 10s, 50 + 50},
    {"a fixed cutoff before it has caught up", at(10), {30s, 3s}, 1s, 10},
    {"a fixed cutoff that has passed", at(10), {1s, 1ms}, 0ms, 20},
    {"a rest that is too long but shrinks is waited for", at(10, 8s), {1s, {}}, 6s, 20},
    {"one that may not shrink is not", at(19, 8s), {1s, {}}, 0ms, 152},
};

BOOST_DATA_TEST_CASE(at_steady_rates, boost::unit_test::data::make(kRows)) {
  const ExpectedCut made = expected_cut(sample.replay, sample.terms);
  BOOST_TEST(static_cast<double>(made.replaying.count()) == static_cast<double>(sample.replaying.count()),
             boost::test_tools::tolerance(0.001));
  BOOST_TEST(made.left >= sample.left - 0.1);
  BOOST_TEST(made.left <= sample.left + 0.1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
