// What a question of the scheduler costs the extender: reading it, filtering, writing the answer. Prints the median and
// the 99th percentile; one of a migration's Pods and one of anybody's.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "extender/scheduling/wire.h"
#include "shared/base/main.h"
#include "test/bench/scheduler_question.h"

namespace {

using namespace migrate;
using namespace migrate::scheduling;

constexpr int kNodes = 5'000;
constexpr int kRounds = 2'000;
const Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

World make_world() {
  World world;
  world.put({bench::migration_being_placed(), {}});
  for (int i = 0; i < kNodes; ++i)
    world.put(bench::node_facts(i, kNow));
  return world;
}

void measure(const char* what, const World& world, const std::string& question) {
  std::vector<double> took;
  took.reserve(kRounds);
  std::size_t bytes = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    const auto args = value_or_fatal(parse_extender_args(question));
    const std::string answer = args.pod.migration.empty()
                                   ? filter_passes(args.names_text)
                                   : filter_answer(args.nodes, filter_nodes(args.pod, args.nodes, world, kNow));
    took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
    bytes = answer.size();
  }
  std::sort(took.begin(), took.end());
  fmt::print("  filter, {} names, {}: p50 {:.2f} ms, p99 {:.2f} ms (question {} KiB, answer {} KiB)\n", kNodes, what,
             took[took.size() / 2], took[took.size() * 99 / 100], question.size() >> 10, bytes >> 10);
}

}  // namespace

int main() {
  return migrate::run_main("bench_extender_filter", [] {
    const World world = make_world();
    measure("a migration's Pod", world, bench::scheduler_question(bench::Asked::about_a_migration, kNodes));
    measure("another Pod", world, bench::scheduler_question(bench::Asked::about_anybody, kNodes));
    return 0;
  });
}
