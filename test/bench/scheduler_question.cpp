#include "test/bench/scheduler_question.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace bench {
namespace {

constexpr int kContainers = 20;

std::string node_name(int number) {
  return fmt::format("ip-10-0-{}-{}.eu-central-1.compute.internal", number / 256, number % 256);
}

}  // namespace

migrate::Migration migration_being_placed() {
  migrate::Migration migration;
  migration.namespace_ = "shop";
  migration.name = "orders-1";
  migration.uid = "uid-1";
  migration.spec.pod = "orders";
  migration.spec.pod_uid = "pod-uid";
  migration.status.phase = migrate::Phase::placing;
  migration.status.source = {"orders", "pod-uid", node_name(0)};
  return migration;
}

migrate::NodeFacts node_facts(int number, migrate::Instant now) {
  migrate::NodeFacts facts;
  facts.node = node_name(number);
  facts.heartbeat = now;
  facts.runtime = "containerd";
  facts.has_handler = number % 3 != 0;
  facts.criu = "4.2.1";
  facts.architecture = "amd64";
  facts.free_disk = migrate::Bytes{std::uint64_t{50} << 30};
  for (int feature = 0; feature < 120 + number % 4; ++feature)
    facts.cpu_features.push_back(fmt::format("feature{:03}", feature));
  return facts;
}

std::string scheduler_question(Asked asked, int nodes) {
  nlohmann::json pod = {{"metadata", {{"name", "orders-mig-abcde"}, {"namespace", "shop"}, {"uid", "1"}}},
                        {"spec", {{"containers", nlohmann::json::array()}}}};
  if (asked == Asked::about_a_migration) {
    pod["metadata"]["labels"]["kubectl-migrate.dev/migration"] = "orders-1";
    pod["metadata"]["annotations"]["kubectl-migrate.dev/restore"] = "uid-1";
  }
  for (int i = 0; i < kContainers; ++i)
    pod["spec"]["containers"].push_back({{"name", fmt::format("c{}", i)},
                                         {"image", "registry.example/a/b/c:1.2.3"},
                                         {"env", {{{"name", "A"}, {"value", "B"}}}}});
  nlohmann::json names = nlohmann::json::array();
  for (int i = 0; i < nodes; ++i)
    names.push_back(node_name(i));
  return nlohmann::json{{"Pod", pod}, {"Nodes", nullptr}, {"NodeNames", names}}.dump();
}

}  // namespace bench
