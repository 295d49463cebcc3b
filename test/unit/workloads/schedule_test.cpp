#include "test/workloads/producer/schedule.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>

namespace {

using namespace orders;
using namespace std::chrono_literals;

std::vector<Slot> slots(ScheduleOptions options, std::size_t count) {
  Schedule schedule{options};
  std::vector<Slot> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(schedule.next());
  return all;
}

std::vector<Slot> of_producer(const std::vector<Slot>& all, std::uint32_t producer) {
  std::vector<Slot> own;
  std::copy_if(all.begin(), all.end(), std::back_inserter(own),
               [&](const Slot& slot) { return slot.producer == producer; });
  return own;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(even_spacing_lets_the_producers_take_turns) {
  const auto all = slots({.producers = 2, .rate = {10}}, 5);
  const std::vector<std::chrono::microseconds> offsets{0us, 50'000us, 100'000us, 150'000us, 200'000us};
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST(all[i].offset.count() == offsets[i].count());
    BOOST_TEST(all[i].producer == i % 2);
    BOOST_TEST(all[i].sequence == i / 2 + 1);
  }
}

BOOST_AUTO_TEST_CASE(even_spacing_does_not_drift) {
  const auto all = slots({.rate = {3}}, 300'001);
  BOOST_TEST(all.back().offset.count() == 100'000'000'000);  // message 300,001 comes after 100,000 s exactly
}

BOOST_AUTO_TEST_CASE(poisson_spacing_has_the_rate_as_its_mean_and_the_spread_of_an_exponential) {
  const auto all = slots({.rate = {100}, .spacing = Spacing::poisson, .seed = 7}, 20'000);
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const double pause = static_cast<double>((all[i].offset - all[i - 1].offset).count());
    sum += pause;
    squares += pause * pause;
  }
  const double count = static_cast<double>(all.size() - 1);
  const double mean = sum / count;
  const double deviation = std::sqrt(squares / count - mean * mean);
  BOOST_TEST(mean == 10'000, boost::test_tools::tolerance(0.05));
  BOOST_TEST(deviation == 10'000, boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(slots_come_in_order_of_time_with_sequences_that_count_up) {
  for (const Spacing spacing : {Spacing::even, Spacing::poisson}) {
    std::map<std::uint32_t, std::uint64_t> last;
    auto before = 0us;
    for (const Slot& slot : slots({.producers = 5, .rate = {50}, .spacing = spacing}, 1000)) {
      BOOST_TEST((slot.offset >= before));
      BOOST_TEST(slot.sequence == ++last[slot.producer]);
      BOOST_TEST((slot.value >= 1 && slot.value <= 1000));
      before = slot.offset;
    }
    BOOST_TEST(last.size() == 5);
  }
}

BOOST_AUTO_TEST_CASE(equal_seeds_make_equal_schedules_and_others_do_not) {
  const ScheduleOptions options{.producers = 3, .rate = {50}, .spacing = Spacing::poisson, .seed = 42};
  ScheduleOptions other = options;
  other.seed = 43;
  BOOST_TEST((slots(options, 100) == slots(options, 100)));
  BOOST_TEST((slots(options, 100) != slots(other, 100)));
}

BOOST_AUTO_TEST_CASE(another_producer_leaves_the_times_of_the_others_as_they_are) {
  ScheduleOptions options{.producers = 2, .rate = {50}, .spacing = Spacing::poisson, .seed = 42};
  const auto two = of_producer(slots(options, 60), 1);
  options.producers = 3;
  const auto three = of_producer(slots(options, 120), 1);
  const auto common = std::min(two.size(), three.size());
  BOOST_REQUIRE(common > 10);
  for (std::size_t i = 0; i < common; ++i)
    BOOST_TEST((two[i] == three[i]));
}

BOOST_AUTO_TEST_SUITE_END()
