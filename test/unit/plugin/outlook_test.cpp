#include "plugin/outlook.h"

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

using Lines = std::vector<std::string>;

void check(const std::vector<Section>& got, const std::vector<Section>& wanted) {
  BOOST_REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    BOOST_TEST(got[i].title == wanted[i].title);
    BOOST_TEST(got[i].lines == wanted[i].lines, boost::test_tools::per_element());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outlooks)

BOOST_AUTO_TEST_CASE(nothing_to_tell_has_no_sections) {
  check(outlook({}), {});
}

BOOST_AUTO_TEST_CASE(all_that_speaks_against_it_with_the_word_that_takes_the_risk) {
  MigrationStatus status;
  status.refusals = {{"HostPath", "volume data is a hostPath", ""},
                     {"PostStart", "container app has a\npostStart hook", "post-start"}};
  check(outlook(status), {{"Refusals",
                           {"HostPath: volume data is a hostPath",
                            "PostStart: container app has a postStart hook (--accept=post-start)"}}});
}

BOOST_AUTO_TEST_CASE(plan_strategies_and_ranges) {
  MigrationStatus status;
  status.strategy = Strategy::live;
  status.plan = Plan{"the smallest gap", {{"Preparing", "is looked at"}, {"Mirroring", "queue orders is mirrored"}}};
  status.alternatives = {{Strategy::live, 300ms, 400ms, 5'000ms, {}},
                         {Strategy::stop, 604ms, 812ms, 2'310ms, {"the gap is over 500 ms"}},
                         {Strategy::sequential, {}, {}, {}, {"the queue cannot be mirrored", "nor fenced"}}};
  status.forecast_gap_range = Range{300ms, 800ms};
  status.forecast_backlog = 5;
  check(outlook(status),
        {{"Plan", {"Live: the smallest gap", "Preparing      is looked at", "Mirroring      queue orders is mirrored"}},
         {"Strategies",
          {"Live           gap 0.400 s, freeze 0.300 s, total 5.000 s",
           "Stop           gap 0.812 s, freeze 0.604 s, total 2.310 s",
           "               not possible: the gap is over 500 ms",
           "Sequential     not possible: the queue cannot be mirrored", "               not possible: nor fenced"}},
         {"Expected between", {"Gap            0.300 s to 0.800 s", "Backlog        5 at the cut"}}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
