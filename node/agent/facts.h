// What the agent says of its node, and who keeps saying it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>
#include <vector>

#include "node/agent/probes.h"
#include "node/container_runtime/container_runtime.h"
#include "shared/base/host.h"
#include "shared/base/process.h"
#include "shared/kube/client.h"
#include "shared/log/log.h"
#include "shared/migration/node_facts.h"

namespace migrate::agent {

// From /proc/cpuinfo: the first processor's flags (x86) or Features (arm64), sorted.
[[nodiscard]] std::vector<std::string> parse_cpu_features(const std::string& cpuinfo);
// From what `criu --version` prints: "4.2.1"; empty when it says nothing of the kind.
[[nodiscard]] std::string parse_criu_version(const std::string& output);
// As Kubernetes names it: "amd64", "arm64"; what it does not know stays.
[[nodiscard]] std::string architecture_name(const std::string& machine);
[[nodiscard]] std::string own_architecture();

struct FactsParts {
  std::string node;
  std::string address;  // "IP:PORT" of this agent
  std::string version;
  std::string boot_id;
  std::string state_folder;
  std::filesystem::path host_root;  // the host's files as seen from here
  node::ContainerRuntime& runtime;
  ProcessRunner& on_host;
  const FileReader& files;
  const Probes& probes;
  const Clock& clock;
  std::function<std::vector<HeldMigration>()> held = {};  // empty: nothing is
};

class FactsOfNode {
 public:
  explicit FactsOfNode(FactsParts parts) : parts_(std::move(parts)) {}
  // CRIU's version is asked for again every five minutes, everything else each time; of what is probed, what is known.
  // What cannot be found out is left empty: the
  // controller refuses by what it needs.
  [[nodiscard]] NodeFacts gather();

 private:
  FactsParts parts_;
  std::string criu_;
  std::optional<Instant> criu_asked_;
};

// The uids that a MigrationNode's annotation kubectl-migrate.dev/forget names.
[[nodiscard]] std::vector<std::string> to_be_forgotten(const nlohmann::json& migration_node);

// Applies the node's MigrationNode every 10 s, from a thread of its own, until it is destroyed. The answer says, too,
// what is to be forgotten (to_be_forgotten; not asked about where nothing is).
class FactsReporter {
 public:
  using Forget = std::function<void(const std::vector<std::string>& gone)>;
  FactsReporter(FactsOfNode& facts, kube::Client& client, Log& log, Forget forget);

 private:
  void report(const std::stop_token& stop);
  FactsOfNode& facts_;
  kube::Client& client_;
  Log& log_;
  Forget forget_;
  std::string last_error_;  // said once, not every 10 s
  std::jthread thread_;
};

}  // namespace migrate::agent
