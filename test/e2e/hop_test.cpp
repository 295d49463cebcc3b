// A consumer under load moves twice, in both ways a checkpoint can be restored, and the audit finds nothing missing.
#include "test/e2e/hop.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

using namespace harness;

namespace {

struct Hops {
  Cluster cluster;
  Namespace ns{cluster, "hops"};
  Orders orders{cluster, ns};
  const ConsumerSpec on_a{"orders", "node-a"};
  const ConsumerSpec on_b{"orders-second", "node-b"};
  const ConsumerSpec on_c{"orders-third", "node-c"};

  Hops() {
    prepare_for_hops(cluster, ns);
    orders.start(on_a, {});
    wait_for(on_a, 40);
  }

  void wait_for(const ConsumerSpec& spec, std::uint64_t count) const {
    eventually(fmt::format("{} to have handled {} orders", spec.pod, count),
               [&] { return orders.state(spec.pod).at("count").get<std::uint64_t>() >= count; });
  }

  // Moves it; what it had before must be in what goes on after.
  void move(Way way, const ConsumerSpec& from, const ConsumerSpec& to) {
    const auto before = orders.state(from.pod).at("count").get<std::uint64_t>();
    hop(cluster, orders, ns, {way, from, to}, [](const std::string& line) { BOOST_TEST_MESSAGE(line); });
    const auto after = orders.state(to.pod);
    BOOST_TEST(after.at("count").get<std::uint64_t>() >= before);
    BOOST_TEST(after.at("memory").at("intact") == true);
    wait_for(to, before + 40);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hops)

BOOST_AUTO_TEST_CASE(a_consumer_under_load_goes_on_elsewhere_by_both_ways_without_a_lost_or_repeated_order) {
  Hops hops;
  hops.move(Way::runtime, hops.on_a, hops.on_b);
  hops.move(Way::image, hops.on_b, hops.on_c);
  const Verdict verdict = hops.orders.judge(hops.on_c.pod);
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_SUITE_END()
