#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>

#include "shared/migration/forecast.h"

namespace {

using namespace migrate;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(strategies)

// 1 GiB: Stop is silent for about 11 s.
StrategyQuestion question() {
  StrategyQuestion made;
  made.size.memory = 1'024_MiB;
  made.queue = QueueOutlook{10.0, 20.0, 0, 10};
  return made;
}

StrategyOutlook outlook(const StrategyQuestion& asked, Strategy strategy) {
  for (const StrategyOutlook& one : strategy_outlooks(asked))
    if (one.strategy == strategy) return one;
  return {};
}

BOOST_AUTO_TEST_CASE(times_of_each) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  // 230 ms of checkpoint, 100 of transfer, 220 of restore; 40 each to halt it and to commit.
  const auto stop = outlook(asked, Strategy::stop);
  BOOST_TEST(stop.freeze.count() == 410);
  BOOST_TEST(stop.gap.count() == 630);
  BOOST_TEST(stop.total.count() == 150 + 900 + 630 + 300);
  BOOST_TEST(!stop.cutoff);
  // 200 of mirroring, 1000 of the fence, then the hop and 150 until it consumes: 1900 ms of arrivals. At the cut 90, 45
  // for what came meanwhile, 40 and 130.
  const auto live = outlook(asked, Strategy::live);
  BOOST_TEST(live.gap.count() == 305);
  BOOST_TEST(live.freeze.count() == 230);
  BOOST_TEST(live.total.count() == 150 + 900 + 1'900 + 1'900 + 305 + 300);
  BOOST_TEST(live.against.empty());
  BOOST_TEST((live.cutoff == 60s));
  BOOST_TEST(live.backlog_at_cut.value_or(99) == 1U);
  asked.settling = 2'500ms;  // instead of 1900
  BOOST_TEST(outlook(asked, Strategy::live).total.count() == live.total.count() + 600);
  BOOST_TEST(outlook(asked, Strategy::live).gap.count() == live.gap.count());
  asked.settling = 0ms;
  // 1530 + 90 ms of arrivals, 16.2 messages.
  const auto sequential = outlook(asked, Strategy::sequential);
  BOOST_TEST(sequential.gap.count() == 90 + 40 + 220 + 150 + 810 + 130);
  BOOST_TEST(sequential.backlog_at_cut.value_or(0) == 16U);
  // Until the target has its place; with a name to keep its Pod goes before.
  BOOST_TEST(sequential.freeze.count() == sequential.gap.count());
  for (const Strategy one : {Strategy::stop, Strategy::live, Strategy::sequential}) {
    BOOST_CHECK(strategy_outlook(asked, one).strategy == one);
    BOOST_CHECK(strategy_outlook(asked, one).total == outlook(asked, one).total);
  }
  BOOST_TEST(forecast_cut(45ms).count() == live.gap.count());
  asked.keep_name = true;
  BOOST_TEST(outlook(asked, Strategy::stop).gap.count() == 1'230);
  BOOST_TEST(outlook(asked, Strategy::sequential).gap.count() == 2'040);
  BOOST_TEST(outlook(asked, Strategy::sequential).freeze.count() == 230);
  // The way back into the name: 40, 230, 40, 600 and 220.
  BOOST_TEST(outlook(asked, Strategy::live).gap.count() == 1'130);
  BOOST_TEST(outlook(asked, Strategy::live).total.count() == live.total.count() + 150 + 900 + 1'130 + 300);
}

BOOST_AUTO_TEST_CASE(what_only_some_Pods_go_through) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.is_lent = true;
  BOOST_TEST(outlook(asked, Strategy::stop).total.count() == 1'980 + 1'100);
  BOOST_TEST(outlook(asked, Strategy::stop).gap.count() == 630);
  asked.is_lent = false;
  asked.is_by_image = true;
  BOOST_TEST(outlook(asked, Strategy::stop).gap.count() == 630 + 600);
  BOOST_TEST(outlook(asked, Strategy::live).gap.count() == 305);
  asked.is_by_image = false;
  asked.moves_volumes = true;
  BOOST_TEST(outlook(asked, Strategy::stop).gap.count() == 630 + 600);
}

// As a source is frozen for its checkpoint whatever comes after.
BOOST_AUTO_TEST_CASE(at_unknown_rates_only_the_freeze_is_told) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.queue->arrival_rate.reset();
  for (const Strategy one : {Strategy::live, Strategy::sequential}) {
    const auto seen = outlook(asked, one);
    BOOST_TEST(!seen.is_told());
    BOOST_TEST(seen.freeze.count() == 230);
    BOOST_TEST(!seen.cutoff);
    BOOST_TEST(!seen.backlog_at_cut);
  }
  BOOST_TEST(outlook(asked, Strategy::stop).is_told());
}

BOOST_AUTO_TEST_CASE(the_cutoff_is_planned_from_what_probes_leave) {
  StrategyQuestion asked = question();
  asked.freeze_limit = 13'090ms;  // 10 s of rest
  BOOST_TEST((outlook(asked, Strategy::live).cutoff == 20s));
  asked.cutoff = 7s;
  BOOST_TEST((outlook(asked, Strategy::live).cutoff == 7s));
  BOOST_TEST((longest_rest(30s, std::nullopt) == 30s));
  BOOST_TEST((longest_rest(30s, 2s) == 0s));
}

// It stands frozen through restore and replay, and the probes go on.
BOOST_AUTO_TEST_CASE(a_probe_that_does_not_wait_for_the_replay_speaks_against_sequential) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.freeze_limit = 1s;
  const auto sequential = outlook(asked, Strategy::sequential);
  BOOST_REQUIRE(sequential.against.size() == 1U);
  BOOST_TEST(sequential.against[0] == "a freeze of 1.44 s is above the 1.00 s allowed");
  asked.keep_name = true;
  BOOST_TEST(outlook(asked, Strategy::sequential).against.empty());
}

BOOST_AUTO_TEST_CASE(near_saturation_live_is_bounded_by_the_cutoff) {
  StrategyQuestion asked = question();
  asked.queue->arrival_rate = 19;
  asked.queue->backlog = 200;  // 10 s of fence
  const auto live = outlook(asked, Strategy::live);
  BOOST_TEST(live.against.empty());
  BOOST_TEST(live.gap.count() > 1'000);
  BOOST_TEST(live.total.count() < 60'000);
  asked.max_replay = 3s;
  const auto tight = outlook(asked, Strategy::live);
  BOOST_REQUIRE(tight.against.size() == 1U);
  BOOST_TEST(tight.against[0].find("the rest would take") != std::string::npos);
}

// 20 MiB: the copy begins 1.4 s or so after the mirror was bound.
struct Saturated {
  double arrival_rate;
  milliseconds gap;
  milliseconds total;
  friend std::ostream& operator<<(std::ostream& out, const Saturated& row) { return out << row.arrival_rate; }
};
const std::vector<Saturated> kSaturated{
    {18, 341ms, 16'251ms},    // clearly less than 20: it catches up
    {19, 1'702ms, 34'631ms},  // by the cutoff, with what waited in the beginning
    {20, 1'750ms, 33'100ms},  // likewise
    {21, 3'161ms, 33'083ms},  // and with what has come on top
    {25, 2'748ms, 8'398ms},   // diverging for 3 s
    {60, 9'731ms, 15'148ms},  // likewise
};

BOOST_DATA_TEST_CASE(around_saturation_it_is_not_told_better_than_it_is, boost::unit_test::data::make(kSaturated)) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.queue->arrival_rate = sample.arrival_rate;
  const auto live = outlook(asked, Strategy::live);
  BOOST_TEST(static_cast<double>(live.gap.count()) == static_cast<double>(sample.gap.count()),
             boost::test_tools::tolerance(0.01));
  BOOST_TEST(static_cast<double>(live.total.count()) == static_cast<double>(sample.total.count()),
             boost::test_tools::tolerance(0.01));
}

// A cutoff that was asked for is waited for, whatever diverges.
BOOST_AUTO_TEST_CASE(in_overload_a_fixed_cutoff_is_waited_for) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.queue->arrival_rate = 25;
  const auto at_once = outlook(asked, Strategy::live);
  asked.cutoff = 20s;
  const auto late = outlook(asked, Strategy::live);
  BOOST_TEST((late.total - at_once.total > 15s));
  BOOST_TEST((late.gap - at_once.gap > 3s));
}

// What probes allow is less than has come when the copy begins: the replay goes on until it is not.
BOOST_AUTO_TEST_CASE(a_rest_that_shrinks_is_waited_for_until_the_probes_allow_it) {
  StrategyQuestion asked = question();
  asked.freeze_limit = 4s;
  const auto live = outlook(asked, Strategy::live);
  BOOST_TEST(live.against.empty());
  BOOST_TEST(live.backlog_at_cut.value_or(0) > 10U);
}

// Each by its own: a second hop is a Stop, whatever brought the copy there.
BOOST_AUTO_TEST_CASE(fixed_phases_are_those_of_the_strategy) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.keep_name = true;
  const auto totals = [&] {
    std::vector<milliseconds> made;
    for (const StrategyOutlook& one : strategy_outlooks(asked))
      made.push_back(one.total);
    return made;
  };
  const auto before = totals();
  asked.fixed.stop.placing += 1s;
  asked.fixed.live.finishing += 2s;
  asked.fixed.sequential.preparing += 3s;
  asked.fixed.way_back.placing += 4s;
  const auto after = totals();
  BOOST_TEST((after[0] - before[0] == 1s));
  BOOST_TEST((after[1] - before[1] == 6s));
  BOOST_TEST((after[2] - before[2] == 3s));
}

struct Row {
  const char* name;
  Strategy chosen;
  std::function<void(StrategyQuestion&)> change;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kRows{
    {"much memory", Strategy::live, [](auto&) {},
     "Live: its gap is forecast at 3.24 s; that of Stop at 10.7 s; that of Sequential at 8.22 s"},
    {"little memory", Strategy::live, [](auto& q) { q.size.memory = 20_MiB; },
     "Live: its gap is forecast at 305 ms; that of Stop at 630 ms; that of Sequential at 1.44 s"},
    {"no queue", Strategy::stop,
     [](auto& q) {
       q.queue.reset();
       q.no_queue = "the Pod names no queue";
     },
     "Stop: its gap is forecast at 10.7 s; not Live and Sequential: the Pod names no queue"},
    {"no queue, without a word", Strategy::stop, [](auto& q) { q.queue.reset(); }, "no queue that can be mirrored"},
    {"a writable volume", Strategy::stop, [](auto& q) { q.has_writable_volumes = true; }, "newer than the memory"},
    {"an emptyDir", Strategy::stop, [](auto& q) { q.has_empty_dirs = true; }, "carried by Stop alone"},
    {"unknown arrivals", Strategy::stop, [](auto& q) { q.queue->arrival_rate.reset(); }, "arrivals is not known"},
    {"unknown service", Strategy::stop, [](auto& q) { q.queue->service_rate.reset(); },
     "kubectl-migrate.dev/service-time"},
    {"no service at all", Strategy::stop, [](auto& q) { q.queue->service_rate = 0; }, "service rate is not known"},
    {"a long fence", Strategy::stop, [](auto& q) { q.queue->backlog = 401; }, "takes 20.1 s to be handled first"},
    {"a fence just short enough", Strategy::live, [](auto& q) { q.queue->backlog = 400; }, "Live:"},
    {"nothing arrives", Strategy::live, [](auto& q) { q.queue->arrival_rate = 0; }, "Live:"},
    {"overload", Strategy::stop, [](auto& q) { q.queue->arrival_rate = 25; }, "Stop: its gap is forecast at 10.7 s"},
    {"a probe that allows no Stop", Strategy::live, [](auto& q) { q.freeze_limit = 4s; },
     "not Stop: a freeze of 6.94 s is above the 4.00 s allowed"},
    {"a budget of the gap that none keeps", Strategy::stop, [](auto& q) { q.max_gap = 100ms; },
     "Stop, although a gap of 10.7 s is above the 100 ms allowed"},
    {"a budget of the total", Strategy::stop, [](auto& q) { q.max_total = 13s; },
     "not Live: a total of 25.5 s is above the 13.0 s allowed"},
    {"a name to keep, little memory", Strategy::live,
     [](auto& q) {
       q.size.memory = 20_MiB;
       q.keep_name = true;
     },
     "Live: its gap is forecast at 1.13 s; that of Stop at 1.23 s"},
    {"a fixed cutoff that comes too early", Strategy::stop,
     [](auto& q) {
       q.cutoff = 1ms;
       q.max_replay = 1s;
     },
     "not Live: the rest would take"},
};

BOOST_DATA_TEST_CASE(automatic, boost::unit_test::data::make(kRows)) {
  StrategyQuestion asked = question();
  sample.change(asked);
  const StrategyChoice made = choose_strategy(asked);
  BOOST_TEST_INFO(made.because);
  BOOST_TEST(made.because.find(sample.says) != std::string::npos);
  BOOST_TEST_INFO(made.because);
  BOOST_TEST((made.outlook.strategy == sample.chosen));
}

BOOST_AUTO_TEST_CASE(ranges_are_as_wide_as_speeds_scatter) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.spread = {0.5, 2.0};
  const OutlookRanges stop = outlook_ranges(asked, Strategy::stop);
  BOOST_TEST((stop.freeze == Range{205ms, 820ms}));
  BOOST_TEST((stop.gap == Range{315ms, 1'260ms}));
  BOOST_TEST((stop.total == Range{990ms, 3'960ms}));
  asked.spread = {1.0, 1.0};
  BOOST_TEST((outlook_ranges(asked, Strategy::stop).gap == Range{630ms, 630ms}));
  // What arrives while it takes longer makes the rest longer still.
  asked.spread = {0.9, 1.2};
  for (const Strategy one : {Strategy::live, Strategy::sequential}) {
    const StrategyOutlook middle = outlook(asked, one);
    const OutlookRanges ranges = outlook_ranges(asked, one);
    BOOST_TEST(ranges.gap.low < middle.gap);
    BOOST_TEST(ranges.gap.high > middle.gap);
    BOOST_TEST(ranges.total.low < middle.total);
    BOOST_TEST(ranges.total.high > middle.total);
  }
}

struct BudgetRow {
  const char* name;
  Strategy asked;
  bool of_gap;
  std::function<void(StrategyQuestion&)> change;
  std::string says;  // empty: it is kept
  friend std::ostream& operator<<(std::ostream& out, const BudgetRow& row) { return out << row.name; }
};

const std::vector<BudgetRow> kBudgets{
    {"none", Strategy::automatic, true, [](auto&) {}, ""},
    {"kept by the one that is chosen for it", Strategy::automatic, true, [](auto& q) { q.max_gap = 500ms; }, ""},
    {"kept by the one that was asked for", Strategy::stop, true, [](auto& q) { q.max_gap = 630ms; }, ""},
    {"not kept by the one that was asked for", Strategy::stop, true, [](auto& q) { q.max_gap = 500ms; },
     "strategy Stop does not keep a gap of 500 ms: Stop is forecast at 630 ms (315 ms to 1.26 s); Live is forecast at "
     "305 ms ("},
    {"kept by none", Strategy::automatic, true, [](auto& q) { q.max_gap = 200ms; },
     "no strategy that may be used keeps a gap of 200 ms: Stop is forecast at 630 ms"},
    {"kept by one that something else speaks against", Strategy::automatic, true,
     [](auto& q) {
       q.max_gap = 500ms;
       q.no_live = "a Service would send to the copy";
     },
     "but a Service would send to the copy"},
    {"kept by one that does not keep the other one", Strategy::automatic, true,
     [](auto& q) {
       q.max_gap = 500ms;
       q.max_total = 3s;
     },
     "but a total of 5.46 s is above the 3.00 s allowed"},
    {"at unknown rates", Strategy::live, true,
     [](auto& q) {
       q.max_gap = 5s;
       q.queue->arrival_rate.reset();
     },
     "whether strategy Live keeps a gap of 5.00 s cannot be told: Stop is forecast at 630 ms (315 ms to 1.26 s); Live: "
     "the rate of arrivals is not known"},
    {"a total that is kept", Strategy::automatic, false, [](auto& q) { q.max_total = 2s; }, ""},
    {"a total that is not", Strategy::live, false, [](auto& q) { q.max_total = 2s; },
     "strategy Live does not keep a total of 2.00 s: Stop is forecast at 1.98 s (990 ms to 3.96 s)"},
};

BOOST_DATA_TEST_CASE(budgets, boost::unit_test::data::make(kBudgets)) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  sample.change(asked);
  const StrategyOutlook chosen =
      sample.asked == Strategy::automatic ? choose_strategy(asked).outlook : strategy_outlook(asked, sample.asked);
  const std::string trouble = budget_trouble(asked, sample.asked, chosen, sample.of_gap);
  BOOST_TEST_INFO(trouble);
  BOOST_TEST((sample.says.empty() ? trouble.empty() : trouble.find(sample.says) != std::string::npos));
}

BOOST_AUTO_TEST_CASE(spans_for_people) {
  BOOST_TEST(span_text(305ms) == "305 ms");
  BOOST_TEST(span_text(1'440ms) == "1.44 s");
  BOOST_TEST(span_text(10'670ms) == "10.7 s");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
