// A small cluster for tables: node-a is where the Pod comes from, node-b takes it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "extender/scheduling/scheduling.h"

namespace migrate::scheduling {

inline const Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

inline NodeFacts facts_of(const std::string& node) {
  NodeFacts facts;
  facts.node = node;
  facts.address = "10.0.0.1:10960";
  facts.heartbeat = kNow - std::chrono::seconds{5};
  facts.runtime = "containerd";
  facts.runtime_version = "2.3.7";
  facts.has_handler = true;
  facts.criu = "4.2.1";
  facts.kernel = "6.12.1";
  facts.architecture = "amd64";
  facts.cpu_features = {"avx", "avx2", "sse2"};
  facts.free_disk = Bytes{std::uint64_t{10} << 30};
  return facts;
}

inline Migration migration_of(const std::string& name) {
  Migration migration;
  migration.namespace_ = "ns";
  migration.name = name;
  migration.uid = "uid-" + name;
  migration.spec.pod = "orders";
  migration.spec.pod_uid = "pod-uid";
  migration.status.phase = Phase::placing;
  migration.status.source = {"orders", "pod-uid", "node-a"};
  return migration;
}

inline PodInfo target_of(const Migration& migration, const std::string& pod = "orders-mig-abcde") {
  return {migration.namespace_, pod, migration.name, migration.uid};
}

}  // namespace migrate::scheduling
