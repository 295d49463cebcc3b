// What a question of the scheduler costs the extender: reading it, filtering, writing the answer. Prints the median and
// the 99th percentile; one of a migration's Pods and one of anybody's.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

#include "extender/scheduling/wire.h"
#include "shared/base/main.h"

namespace {

using namespace migrate;
using namespace migrate::scheduling;

constexpr int kNodes = 5'000;
constexpr int kRounds = 2'000;
const Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

std::string node_name(int number) {
  return fmt::format("ip-10-0-{}-{}.eu-central-1.compute.internal", number / 256, number % 256);
}

World make_world() {
  World world;
  Migration migration;
  migration.namespace_ = "shop";
  migration.name = "orders-1";
  migration.uid = "uid-1";
  migration.spec.pod = "orders";
  migration.status.phase = Phase::placing;
  migration.status.source = {"orders", "pod-uid", node_name(0)};
  world.put({migration, {}});
  for (int i = 0; i < kNodes; ++i) {
    NodeFacts facts;
    facts.node = node_name(i);
    facts.heartbeat = kNow;
    facts.runtime = "containerd";
    facts.has_handler = i % 3 != 0;
    facts.criu = "4.2.1";
    facts.architecture = "amd64";
    facts.free_disk = Bytes{std::uint64_t{50} << 30};
    for (int feature = 0; feature < 120 + i % 4; ++feature)
      facts.cpu_features.push_back(fmt::format("feature{:03}", feature));
    world.put(facts);
  }
  return world;
}

std::string make_question(bool ours) {
  nlohmann::json pod = {{"metadata", {{"name", "orders-mig-abcde"}, {"namespace", "shop"}, {"uid", "1"}}},
                        {"spec", {{"containers", nlohmann::json::array()}}}};
  if (ours) {
    pod["metadata"]["labels"]["kubectl-migrate.dev/migration"] = "orders-1";
    pod["metadata"]["annotations"]["kubectl-migrate.dev/restore"] = "uid-1";
  }
  for (int i = 0; i < 20; ++i)
    pod["spec"]["containers"].push_back({{"name", fmt::format("c{}", i)},
                                         {"image", "registry.example/a/b/c:1.2.3"},
                                         {"env", {{{"name", "A"}, {"value", "B"}}}}});
  nlohmann::json names = nlohmann::json::array();
  for (int i = 0; i < kNodes; ++i)
    names.push_back(node_name(i));
  return nlohmann::json{{"Pod", pod}, {"Nodes", nullptr}, {"NodeNames", names}}.dump();
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
    measure("a migration's Pod", world, make_question(true));
    measure("another Pod", world, make_question(false));
    return 0;
  });
}
