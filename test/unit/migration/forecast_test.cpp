#include "shared/migration/forecast.h"

#include <boost/test/unit_test.hpp>

using namespace migrate;

BOOST_AUTO_TEST_SUITE(forecasts)

BOOST_AUTO_TEST_CASE(grows_with_the_memory_and_the_volumes) {
  const Forecast none = forecast({}, CheckpointBackend::direct);
  BOOST_TEST(none.checkpoint.count() == 170);
  BOOST_TEST(none.transfer.count() == 30);
  BOOST_TEST(none.restore.count() == 150);
  const Forecast some = forecast({100_MiB, 20_MiB, 1024_MiB}, CheckpointBackend::direct);
  BOOST_TEST(some.checkpoint.count() == 170 + 360);
  BOOST_TEST(some.transfer.count() == 30 + 420);
  BOOST_TEST(some.restore.count() == 150 + 350);
  BOOST_TEST(some.freeze().count() == 980);
  BOOST_TEST(some.gap().count() == 1'480);
}

BOOST_AUTO_TEST_CASE(the_image_costs_only_with_the_kubelets_backend) {
  const HopSize size{100_MiB, 0_MiB, 1024_MiB};
  BOOST_TEST(forecast(size, CheckpointBackend::kubelet).checkpoint.count() == 300 + 500 + 8192);
  BOOST_TEST(forecast(size, CheckpointBackend::automatic).checkpoint.count() == 470);
}

BOOST_AUTO_TEST_CASE(parts_of_a_millisecond_count_as_a_whole_one) {
  BOOST_TEST(forecast({Bytes{1}, {}, {}}, CheckpointBackend::direct).checkpoint.count() == 171);
}

BOOST_AUTO_TEST_CASE(measured_speeds_take_the_place_of_the_defaults) {
  Speeds slow;
  slow.transfer_ms_per_mib = 80;
  BOOST_TEST(forecast({10_MiB, {}, {}}, CheckpointBackend::direct, slow).transfer.count() == 830);
}

// What runs on afterwards was frozen for a part of it.
BOOST_AUTO_TEST_CASE(a_snapshot_is_a_part_of_a_checkpoint) {
  Speeds speeds;
  BOOST_TEST(forecast({100_MiB, {}, {}}, CheckpointBackend::direct, speeds).snapshot.count() == 470);
  speeds.frozen_share = 0.5;
  BOOST_TEST(forecast({100_MiB, {}, {}}, CheckpointBackend::direct, speeds).snapshot.count() == 235);
}

// README.md, "The test cluster": medians of moves, in milliseconds. Before anything was learned.
BOOST_AUTO_TEST_CASE(the_defaults_are_within_a_quarter_of_what_was_measured) {
  struct Row {
    Bytes memory;
    double freeze;
    double gap;
    double total;  // 0: not told
  };
  for (const Row& row : {Row{20_MiB, 400, 635, 2'100}, Row{100_MiB, 1'030, 1'400, 0}, Row{500_MiB, 3'600, 6'150, 0}}) {
    StrategyQuestion asked;
    asked.size.memory = row.memory;
    const StrategyOutlook said = strategy_outlook(asked, Strategy::stop);
    BOOST_TEST(static_cast<double>(said.freeze.count()) == row.freeze, boost::test_tools::tolerance(0.25));
    BOOST_TEST(static_cast<double>(said.gap.count()) == row.gap, boost::test_tools::tolerance(0.25));
    if (row.total > 0)
      BOOST_TEST(static_cast<double>(said.total.count()) == row.total, boost::test_tools::tolerance(0.25));
  }
}

BOOST_AUTO_TEST_SUITE_END()
