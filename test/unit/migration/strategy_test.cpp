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

BOOST_AUTO_TEST_CASE(catching_up_takes_what_the_service_rate_leaves) {
  BOOST_TEST(forecast_replay(50, 10, 20)->count() == 5'000);
  BOOST_TEST(forecast_replay(0, 30, 20)->count() == 0);
  BOOST_TEST(!forecast_replay(1, 20, 20));
  BOOST_TEST(!forecast_replay(1, 25, 20));
  BOOST_TEST(!forecast_replay(1'000'000'000, 19.999, 20));
}

// 1 GiB: Stop is silent for about 5 s.
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
  // 170 ms of checkpoint, 80 of transfer, 230 of restore.
  const auto stop = outlook(asked, Strategy::stop);
  BOOST_TEST(stop.freeze.count() == 250);
  BOOST_TEST(stop.gap.count() == 480);
  BOOST_TEST(stop.total.count() == 1'500 + 480 + 500);
  // 300 of mirroring, 1000 of the fence, then the hop and 500 until it consumes: 2280 ms of arrivals.
  const auto live = outlook(asked, Strategy::live);
  BOOST_TEST(live.gap.count() == 300 + 150 + 300);
  BOOST_TEST(live.freeze.count() == 300 + 150);
  BOOST_TEST(live.total.count() == 1'500 + 2'280 + 2'280 + 750 + 500);
  BOOST_TEST(live.against.empty());
  // 1550 + 300 ms of arrivals, 18.5 messages.
  const auto sequential = outlook(asked, Strategy::sequential);
  BOOST_TEST(sequential.gap.count() == 300 + 230 + 500 + 925 + 300);
  // Until the target has its place; with a name to keep its Pod goes before.
  BOOST_TEST(sequential.freeze.count() == sequential.gap.count());
  for (const Strategy one : {Strategy::stop, Strategy::live, Strategy::sequential}) {
    BOOST_CHECK(strategy_outlook(asked, one).strategy == one);
    BOOST_CHECK(strategy_outlook(asked, one).total == outlook(asked, one).total);
  }
  BOOST_TEST(forecast_cut(150ms).count() == live.gap.count());
  asked.keep_name = true;
  BOOST_TEST(outlook(asked, Strategy::stop).gap.count() == 1'480);
  BOOST_TEST(outlook(asked, Strategy::sequential).gap.count() == 3'255);
  BOOST_TEST(outlook(asked, Strategy::sequential).freeze.count() == 300);
  BOOST_TEST(outlook(asked, Strategy::live).gap.count() == 170 + 1'000 + 230);
}

// It stands frozen through restore and replay, and the probes go on.
BOOST_AUTO_TEST_CASE(a_probe_that_does_not_wait_for_the_replay_speaks_against_sequential) {
  StrategyQuestion asked = question();
  asked.size.memory = 20_MiB;
  asked.freeze_limit = 2s;
  const auto sequential = outlook(asked, Strategy::sequential);
  BOOST_REQUIRE(sequential.against.size() == 1U);
  BOOST_TEST(sequential.against[0] == "a freeze of 2.3 s is above the 2.0 s allowed");
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

struct Row {
  const char* name;
  Strategy chosen;
  std::function<void(StrategyQuestion&)> change;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kRows{
    {"much memory", Strategy::live, [](auto&) {}, "Live: its gap is forecast at 1.2 s; that of Stop at 5.5 s"},
    {"little memory", Strategy::stop, [](auto& q) { q.size.memory = 20_MiB; },
     "Stop: its gap is forecast at 0.5 s; that of Live at 0.8 s; that of Sequential at 2.3 s"},
    {"no queue", Strategy::stop,
     [](auto& q) {
       q.queue.reset();
       q.no_queue = "the Pod names no queue";
     },
     "Stop: its gap is forecast at 5.5 s; not Live and Sequential: the Pod names no queue"},
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
    {"overload", Strategy::stop, [](auto& q) { q.queue->arrival_rate = 25; }, "Stop: its gap is forecast at 5.5 s"},
    {"a probe that allows no Stop", Strategy::live, [](auto& q) { q.freeze_limit = 2s; },
     "not Stop: a freeze of 3.8 s is above the 2.0 s allowed"},
    {"a budget of the gap that none keeps", Strategy::stop, [](auto& q) { q.max_gap = 100ms; },
     "Stop, although a gap of 5.5 s is above the 0.1 s allowed"},
    {"a budget of the total", Strategy::stop, [](auto& q) { q.max_total = 8s; }, "not Live: a total of"},
    {"a name to keep, little memory", Strategy::live,
     [](auto& q) {
       q.size.memory = 20_MiB;
       q.keep_name = true;
     },
     "Live: its gap is forecast at 1.4 s; that of Stop at 1.5 s"},
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
