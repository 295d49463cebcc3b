#include "shared/messages/fence.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace migrate::messages {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(fence)

constexpr int kNoTotal = -1;

// Mirror and primary at a time, or (without them) a management total.
struct Look {
  std::chrono::milliseconds at;
  std::uint64_t mirror = 0;
  std::uint64_t primary = 0;
  int total = kNoTotal;
};

struct Row {
  const char* name;
  std::uint64_t may_hold;
  std::vector<Look> looks;
  bool holds;
  std::uint64_t missing;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kRows{
    {"nothing was looked at", 10, {}, false, 0},
    {"an empty queue, but its consumer may hold ten", 10, {{0s, 0, 0}}, false, 10},
    {"as many came as the consumer may hold", 10, {{0s, 0, 0}, {1s, 10, 0}}, true, 0},
    {"one fewer", 10, {{0s, 0, 0}, {1s, 9, 0}}, false, 1},
    {"a backlog is waited for", 10, {{0s, 0, 100}, {1s, 20, 60}}, false, 50},
    {"until the newest are all there is", 10, {{0s, 0, 100}, {9s, 50, 40}}, true, 0},
    {"what came while bindings were made does not count", 10, {{0s, 7, 0}, {1s, 16, 0}}, false, 1},
    {"only what came later does", 10, {{0s, 7, 0}, {1s, 17, 0}}, true, 0},
    {"it goes on holding", 1, {{0s, 0, 0}, {1s, 5, 0}, {2s, 6, 90}}, true, 0},
    {"a total after six seconds", 10, {{0s, 0, 0}, {6s, 0, 0, 0}}, true, 0},
    {"a total after less", 10, {{0s, 0, 0}, {5'999ms, 0, 0, 0}}, false, 10},
    {"a total counts against the mirror of its time",
     10,
     {{0s, 0, 9}, {1s, 3, 9}, {5s, 8, 9}, {7s, 0, 0, 4}},
     false,
     1},
    {"and is enough there", 10, {{0s, 0, 9}, {1s, 3, 9}, {5s, 8, 9}, {7s, 0, 0, 3}}, true, 0},
    {"a total before any reading", 10, {{7s, 0, 0, 0}}, false, 0},
    {"totals long after", 10, {{0s, 0, 9}, {20s, 4, 9}, {40s, 6, 9}, {46s, 0, 0, 6}}, true, 0},
    {"somebody takes from the mirror", 1, {{0s, 0, 50}, {1s, 9, 50}, {2s, 8, 0}, {3s, 20, 0}}, false, 42},
    {"also once it held", 1, {{0s, 0, 0}, {1s, 9, 0}, {2s, 8, 0}}, false, 0},
};

BOOST_DATA_TEST_CASE(of_readings, boost::unit_test::data::make(kRows)) {
  Fence fence{sample.may_hold};
  for (const Look& one : sample.looks)
    if (one.total == kNoTotal)
      fence.read(Steady{} + one.at, one.mirror, one.primary);
    else
      fence.total(Steady{} + one.at, static_cast<std::uint64_t>(one.total));
  BOOST_TEST(fence.holds() == sample.holds);
  BOOST_TEST(fence.missing() == sample.missing);
}

BOOST_AUTO_TEST_CASE(a_new_controller_goes_on_with_the_recorded_beginning) {
  Fence anew{10, 2};
  anew.read(Steady{}, 12, 0);
  BOOST_TEST(anew.holds());
  Fence shrunk{10, 20};
  shrunk.read(Steady{}, 12, 0);
  BOOST_TEST(!shrunk.holds());
  BOOST_TEST(shrunk.mirror_shrank());
}

BOOST_AUTO_TEST_SUITE_END()

// A primary whose consumer handles in order, and a mirror of what came since: the fence never holds while a message
// that is in the primary alone is not handled, and it does hold in the end.
BOOST_AUTO_TEST_SUITE(fence_simulated)

BOOST_DATA_TEST_CASE(never_too_early,
                     boost::unit_test::data::make({0.0, 1.0, 10.0, 19.0, 25.0}) *
                         boost::unit_test::data::make({0, 5, 200}) * boost::unit_test::data::make({1, 10, 100}),
                     rate, backlog, prefetch) {
  constexpr double kService = 20;
  constexpr int kHole = 3;  // messages that came into the primary alone while the second binding was made
  const auto older = static_cast<std::uint64_t>(backlog);
  const auto may_hold = static_cast<std::uint64_t>(prefetch);
  Fence fence{may_hold};
  bool held = false;
  double handled = 0;
  double reported = 0;
  std::uint64_t fresh = 2;  // in both; before the hole
  for (int step = 0; step < 600 && !held; ++step) {
    const double time = step * 0.2;
    const auto arrived = fresh + static_cast<std::uint64_t>(rate * time);
    const double all = static_cast<double>(older + kHole + arrived);
    handled = std::min(all, handled + kService * 0.2);
    const double left = all - std::floor(handled);
    const double ready = std::max(0.0, left - prefetch);
    fence.read(Steady{} + step * 200ms, arrived, static_cast<std::uint64_t>(ready));
    if (step % 25 == 0) {
      // What was counted 5 s ago.
      if (step > 0) fence.total(Steady{} + step * 200ms, static_cast<std::uint64_t>(reported));
      reported = left;
    }
    held = fence.holds();
  }
  BOOST_TEST(held);
  BOOST_TEST(std::floor(handled) >= static_cast<double>(older + fresh + kHole));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::messages
