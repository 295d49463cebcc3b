// Archives and images stream through the agents: what these use at most does not grow with the checkpoint.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <map>

#include "test/e2e/product_processes.h"
#include "test/e2e/registry_side.h"

using namespace harness;

namespace {

constexpr int kSmallMib = 20;
constexpr int kLargeMib = 400;
constexpr double kMostGrowthMib = 32;

// Of both agents, while the consumer moves.
double peak_of_move(Scene& scene, const Words& words, int memory_mib) {
  const std::array agents{agent_on(scene.cluster(), "node-a"), agent_on(scene.cluster(), "node-b")};
  for (const ProductProcess& agent : agents)
    forget_peak(scene.cluster(), agent);
  const auto moved = scene.move(words);
  double peak = 0;
  for (const ProductProcess& agent : agents) {
    const double mib = mib_of(scene.cluster(), agent, "VmHWM");
    BOOST_TEST(mib > 0, "the agent on " << agent.node << " is another process than before");
    peak = std::max(peak, mib);
  }
  const auto bytes = moved.migration.at("status").at("checkpoint").at("bytes").get<std::uint64_t>();
  BOOST_TEST(bytes >= std::uint64_t(memory_mib) << 20);
  scene.stage().check_nothing_left(moved.migration.at("metadata").at("name").get<std::string>());
  return peak;
}

std::map<std::string, double> peaks_with(int memory_mib) {
  Scene scene{fmt::format("agent-memory-{}", memory_mib)};
  make_registry_secret(scene);
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.memory_mib = memory_mib;
  scene.start(consumer, {.per_second = 5, .producers = 2, .count = 0});
  // Whatever an agent does only once is behind it; and the orders' image is there.
  scene.move({"--to", scene.other_node()});
  std::map<std::string, double> peaks;
  for (const auto& [way, words] : {std::pair{"archive", Words{}},
                                   {"image", Words{"--restore", "image"}},
                                   {"registry, archive", through_registry({})},
                                   {"registry, image", through_registry({"--restore", "image"})}}) {
    Words all{"--to", scene.other_node()};
    all.insert(all.end(), words.begin(), words.end());
    peaks[way] = peak_of_move(scene, all, memory_mib);
    BOOST_TEST_MESSAGE(fmt::format("{}, {} MiB: {:.1f} MiB at most", way, memory_mib, peaks[way]));
    scene.wait_for_more(20);
  }
  const Verdict verdict = scene.judge();
  BOOST_TEST(verdict.clean, verdict.report);
  return peaks;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agent_memory)

BOOST_AUTO_TEST_CASE(an_agent_needs_no_more_for_a_large_checkpoint_than_for_a_small_one) {
  const auto small = peaks_with(kSmallMib);
  for (const auto& [way, large] : peaks_with(kLargeMib)) {
    const double growth = large - small.at(way);
    BOOST_TEST(growth < kMostGrowthMib, way << ": " << growth << " MiB more than for " << kSmallMib << " MiB");
  }
}

BOOST_AUTO_TEST_SUITE_END()
