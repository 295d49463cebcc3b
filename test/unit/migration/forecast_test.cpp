#include "shared/migration/forecast.h"

#include <boost/test/unit_test.hpp>

using namespace migrate;

BOOST_AUTO_TEST_SUITE(forecasts)

BOOST_AUTO_TEST_CASE(grows_with_the_memory_and_the_volumes) {
  const Forecast none = forecast({}, CheckpointBackend::direct);
  BOOST_TEST(none.checkpoint.count() == 150);
  BOOST_TEST(none.transfer.count() == 30);
  BOOST_TEST(none.restore.count() == 200);
  const Forecast some = forecast({100_MiB, 20_MiB, 1024_MiB}, CheckpointBackend::direct);
  BOOST_TEST(some.checkpoint.count() == 150 + 120);
  BOOST_TEST(some.transfer.count() == 30 + 300);
  BOOST_TEST(some.restore.count() == 200 + 150);
  BOOST_TEST(some.freeze().count() == 600);
  BOOST_TEST(some.gap().count() == 950);
}

BOOST_AUTO_TEST_CASE(the_image_costs_only_with_the_kubelets_backend) {
  const HopSize size{100_MiB, 0_MiB, 1024_MiB};
  BOOST_TEST(forecast(size, CheckpointBackend::kubelet).checkpoint.count() == 300 + 500 + 8192);
  BOOST_TEST(forecast(size, CheckpointBackend::automatic).checkpoint.count() == 250);
}

BOOST_AUTO_TEST_CASE(parts_of_a_millisecond_count_as_a_whole_one) {
  BOOST_TEST(forecast({Bytes{1}, {}, {}}, CheckpointBackend::direct).checkpoint.count() == 151);
}

BOOST_AUTO_TEST_CASE(measured_speeds_take_the_place_of_the_defaults) {
  Speeds slow;
  slow.transfer_ms_per_mib = 80;
  BOOST_TEST(forecast({10_MiB, {}, {}}, CheckpointBackend::direct, slow).transfer.count() == 830);
}

BOOST_AUTO_TEST_SUITE_END()
