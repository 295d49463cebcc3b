#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "shared/migration/expected_cut.h"
#include "test/unit/messages/simulation.h"

namespace migrate::messages {
namespace {

using namespace std::chrono_literals;

using simulation::Gaps;
using simulation::Run;
using simulation::run;
using simulation::Setting;

milliseconds formula(const Setting& setting, milliseconds max_replay) {
  return milliseconds{static_cast<milliseconds::rep>(static_cast<double>(max_replay.count()) * setting.service_rate /
                                                     setting.arrival_rate)};
}

BOOST_AUTO_TEST_SUITE(cutoff)

// One instant.
struct Row {
  const char* name;
  ReplayState state;
  CutPolicy policy;
  CutReason reason;
  std::optional<milliseconds> cutoff;
  std::optional<milliseconds> rest;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

CutPolicy fixed(milliseconds at) {
  CutPolicy policy;
  policy.fixed = at;
  return policy;
}

const std::optional<milliseconds> kNothing;

const std::vector<Row> kRows{
    {"nothing arrives, the mirror is empty", {9s, 100ms, 0, 0, 0.0, {}}, {}, CutReason::converged, 30s, 0ms},
    {"the same with a service rate: no cutoff ever", {9s, 100ms, 0, 0, 0.0, 20.0}, {}, CutReason::converged, {}, 0ms},
    {"nothing is known, and nothing is left", {9s, 100ms, 0, 0, {}, {}}, {}, CutReason::converged, 30s, 0ms},
    {"nothing is known, something is left", {9s, 100ms, 0, 3, {}, {}}, {}, CutReason::none, 30s, kNothing},
    {"nothing is known until the time is up", {29'500ms, 100ms, 0, 3, {}, {}}, {}, CutReason::cutoff, 30s, kNothing},
    {"empty, but the target does not consume yet", {9s, {}, 0, 0, 0.0, {}}, {}, CutReason::none, 30s, 0ms},
    {"not consuming, before the cutoff", {59'400ms, {}, 580, 0, 10.0, 20.0}, {}, CutReason::none, 60s, 29s},
    {"not consuming, at the cutoff", {59'500ms, {}, 590, 0, 10.0, 20.0}, {}, CutReason::cutoff, 60s, 29'500ms},
    {"not consuming, more arrived than the rate says",
     {40s, {}, 596, 0, 10.0, 20.0},
     {},
     CutReason::cutoff,
     60s,
     29'800ms},
    {"a short rest", {9s, 1s, 2, 3, 10.0, 20.0}, {}, CutReason::converged, 60s, 250ms},
    {"a rest just too long", {9s, 1s, 3, 3, 10.0, 20.0}, {}, CutReason::none, 60s, 300ms},
    {"catching up", {9s, 5s, 80, 10, 10.0, 20.0}, {}, CutReason::none, 60s, 4'500ms},
    {"catching up when the cutoff comes", {59'500ms, 20s, 80, 10, 10.0, 20.0}, {}, CutReason::cutoff, 60s, 4'500ms},
    {"late: a rest above the limit that shrinks", {90s, 20s, 800, 10, 10.0, 20.0}, {}, CutReason::none, 60s, 40'500ms},
    {"late: it has shrunk enough", {95s, 25s, 590, 10, 10.0, 20.0}, {}, CutReason::cutoff, 60s, 30s},
    {"late: a rest above the limit that does not",
     {90s, 2s, 800, 10, 20.0, 20.0},
     {},
     CutReason::cutoff,
     30s,
     40'500ms},
    {"diverging", {9s, 3s, 200, 10, 25.0, 20.0}, {}, CutReason::diverging, 24s, 10'500ms},
    {"diverging for too short a time to say so",
     {9s, 2'900ms, 200, 10, 25.0, 20.0},
     {},
     CutReason::none,
     24s,
     10'500ms},
    {"as much as arrives is not clearly less", {9s, 9s, 200, 10, 20.5, 20.0}, {}, CutReason::none, 29'269ms, 10'500ms},
    {"a target that handles nothing is no measure", {9s, 9s, 200, 10, 20.0, 0.0}, {}, CutReason::none, 30s, kNothing},
    {"before the fixed cutoff, although diverging",
     {9s, 9s, 200, 10, 25.0, 20.0},
     fixed(40s),
     CutReason::none,
     40s,
     10'500ms},
    {"at the fixed cutoff", {39'500ms, 9s, 200, 10, 25.0, 20.0}, fixed(40s), CutReason::asked, 40s, 10'500ms},
    {"the fixed cutoff without any rate", {5s, {}, 200, 10, {}, {}}, fixed(5s), CutReason::asked, 5s, kNothing},
    {"converged before the fixed cutoff", {9s, 9s, 0, 1, 10.0, 20.0}, fixed(40s), CutReason::converged, 40s, 50ms},
};

BOOST_DATA_TEST_CASE(at_one_instant, boost::unit_test::data::make(kRows)) {
  const CutDecision made = decide_cut(sample.state, sample.policy);
  BOOST_TEST(cut_because(made.reason) == cut_because(sample.reason));
  BOOST_TEST(made.cutoff.value_or(-1ms).count() == sample.cutoff.value_or(-1ms).count());
  BOOST_TEST(made.rest.value_or(-1ms).count() == sample.rest.value_or(-1ms).count());
}

BOOST_DATA_TEST_CASE(at_every_rate_the_rest_is_bounded,
                     boost::unit_test::data::make({1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 25.0}) *
                         boost::unit_test::data::make({1U, 2U, 3U}),
                     rate, seed) {
  for (const milliseconds max_replay : {30'000ms, 10'000ms})
    for (const Gaps gaps : {Gaps::uneven, Gaps::poisson}) {
      Setting setting;
      setting.arrival_rate = rate;
      setting.seed = seed;
      setting.gaps = gaps;
      CutPolicy policy;
      policy.max_replay = max_replay;
      const Run made = run(setting, policy);
      BOOST_TEST_CONTEXT("max_replay " << max_replay.count() << ", poisson " << (gaps == Gaps::poisson)) {
        BOOST_TEST(cut_because(made.decision.reason) != cut_because(CutReason::none));
        // What is measured differs by up to 15 % from what is set.
        const milliseconds latest = formula(setting, max_replay);
        BOOST_TEST(made.cut.count() <= latest.count() * 115 / 100);
        BOOST_TEST(made.rest.count() <= max_replay.count());
        // A tighter limit may come before it has caught up.
        if (gaps == Gaps::poisson || max_replay < 30s) continue;
        if (rate <= 16) BOOST_TEST(cut_because(made.decision.reason) == cut_because(CutReason::converged));
        if (rate <= 16) BOOST_TEST(made.rest.count() <= 1'000);
        if (rate == 25) BOOST_TEST(cut_because(made.decision.reason) == cut_because(CutReason::diverging));
        // Readings come each 200 ms, and 3 s are the evidence.
        if (rate == 25) BOOST_TEST((made.cut - setting.start).count() <= 3'400);
      }
    }
}

// The forecast's rule and this one are the same, seen from before and from within.
BOOST_DATA_TEST_CASE(it_comes_when_it_is_forecast, boost::unit_test::data::make({7.0, 10.0, 13.0, 16.0, 25.0, 40.0}),
                     rate) {
  Setting setting;
  setting.arrival_rate = rate;
  const double arrival = rate / 1000;
  const ExpectedCut expected =
      expected_cut({setting.start, arrival * static_cast<double>(setting.start.count()), arrival, 0.02}, {});
  const Run made = run(setting, {});
  const auto took = static_cast<double>((made.cut - setting.start).count());
  // Arrivals and services are uneven, readings come each 200 ms, and the last messages need not be waited for.
  const auto forecast = static_cast<double>(expected.replaying.count());
  BOOST_TEST(took >= forecast * 0.7 - 1'000);
  BOOST_TEST(took <= forecast * 1.3 + 1'000);
}

BOOST_AUTO_TEST_CASE(near_saturation_the_cutoff_comes_first_or_it_has_caught_up) {
  Setting setting;
  setting.arrival_rate = 19;
  CutPolicy policy;
  const Run made = run(setting, policy);
  BOOST_TEST((made.decision.reason == CutReason::cutoff || made.decision.reason == CutReason::converged));
  BOOST_TEST(made.cut.count() <= made.decision.cutoff->count());
  BOOST_TEST(made.cut.count() <= formula(setting, policy.max_replay).count() * 105 / 100);
  BOOST_TEST(made.rest.count() < 5'000);
}

BOOST_AUTO_TEST_CASE(fixed_phases_are_inside_of_the_cutoff) {
  Setting setting;
  setting.arrival_rate = 19;
  setting.start = 60s;
  const Run made = run(setting, {}, 20.0);
  BOOST_TEST(cut_because(made.decision.reason) == cut_because(CutReason::cutoff));
  BOOST_TEST(made.cut.count() <= formula(setting, 30s).count());
  BOOST_TEST(made.cut.count() >= formula(setting, 30s).count() * 85 / 100);
}

BOOST_AUTO_TEST_CASE(a_fixed_cutoff_is_respected_in_overload) {
  Setting setting;
  setting.arrival_rate = 25;
  const Run made = run(setting, fixed(12s));
  BOOST_TEST(cut_because(made.decision.reason) == cut_because(CutReason::asked));
  BOOST_TEST(made.cut.count() <= 12'000);
  BOOST_TEST(made.cut.count() >= 11'400);
}

BOOST_AUTO_TEST_CASE(the_annotation_serves_until_the_target_is_measured) {
  Setting setting;
  setting.arrival_rate = 10;
  const Run known = run(setting, {}, 20.0);
  BOOST_TEST(cut_because(known.decision.reason) == cut_because(CutReason::converged));
  // An annotation that is far too good does not end it early: what is measured takes its place.
  setting.arrival_rate = 16;
  const Run wrong = run(setting, {}, 60.0);
  BOOST_TEST(cut_because(wrong.decision.reason) == cut_because(CutReason::converged));
  BOOST_REQUIRE(wrong.service_rate.has_value());
  BOOST_TEST(*wrong.service_rate == 20.0, boost::test_tools::tolerance(0.15));
  BOOST_TEST(wrong.rest.count() <= 1'000);
}

BOOST_AUTO_TEST_CASE(what_a_large_prefetch_hides_belongs_to_the_rest) {
  Setting setting;
  setting.prefetch = 250;
  setting.start = 8s;
  const Run made = run(setting, {}, 20.0);
  BOOST_TEST(cut_because(made.decision.reason) == cut_because(CutReason::converged));
  BOOST_TEST(made.rest.count() <= 1'000);
}

BOOST_AUTO_TEST_CASE(without_any_rate_an_empty_mirror_is_waited_for_a_second) {
  Setting setting;
  setting.arrival_rate = 4;
  setting.start = 1s;
  const Run made = run(setting, {});
  BOOST_TEST(cut_because(made.decision.reason) == cut_because(CutReason::converged));
  BOOST_TEST(!made.service_rate.has_value());
  BOOST_TEST((made.cut - setting.start).count() <= 1'400);
}

BOOST_AUTO_TEST_CASE(no_arrivals_end_it_with_the_first_reading_of_the_target) {
  Setting setting;
  setting.arrival_rate = 0;
  const Run made = run(setting, {});
  BOOST_TEST(cut_because(made.decision.reason) == cut_because(CutReason::converged));
  BOOST_TEST((made.cut - setting.start).count() <= 200);
  BOOST_TEST(made.rest.count() == 0);
}

BOOST_AUTO_TEST_CASE(a_target_that_never_comes_is_no_reason_to_cut_where_nothing_arrives) {
  Setting setting;
  setting.arrival_rate = 0;
  setting.start = 600s;
  BOOST_TEST(cut_because(run(setting, {}, 20.0, 120s).decision.reason).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::messages
