#include "shared/migration/node_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/migration/names.h"
#include "shared/migration/parts.h"
#include "shared/migration/version.h"

namespace migrate {

using Json = nlohmann::json;

Result<NodeFacts> parse_node_facts(const Json& object) {
  kube::FirstProblem problem;
  const kube::Field root{object, problem};
  const kube::Field facts = root["facts"];
  NodeFacts read;
  read.node = required_text(root["metadata"]["name"]);
  read.address = facts["address"].text();
  read.agent_version = facts["agentVersion"].text();
  // Without a heartbeat an agent is one that was last heard of in 1970: not alive.
  read.heartbeat = instant_in(facts["heartbeat"]).value_or(Instant{});
  read.runtime = facts["runtime"].text();
  read.runtime_version = facts["runtimeVersion"].text();
  read.has_handler = facts["hasHandler"].flag();
  read.can_checkpoint_directly = facts["canCheckpointDirectly"].flag();
  if (const kube::Field restores = facts["restoreViaCreate"]; restores.is_present())
    read.restore_via_create = restores.flag();
  read.criu = facts["criu"].text();
  if (const kube::Field check = facts["criuCheck"]; check.is_present())
    read.criu_check = {check["ok"].flag(), check["message"].text()};
  read.criu_options_missing = facts["criuOptionsMissing"].texts();
  if (const kube::Field kubelet = facts["kubeletCheckpoint"]; kubelet.is_present())
    read.kubelet_checkpoint = {kubelet["state"].text(), kubelet["message"].text()};
  read.kernel = facts["kernel"].text();
  read.architecture = facts["architecture"].text();
  read.cpu_features = facts["cpuFeatures"].texts();
  read.free_disk = Bytes{count_in(facts["freeDisk"])};
  read.boot_id = facts["bootID"].text();
  for (const kube::Field& one : facts["held"].items())
    read.held.push_back({one["migration"].text(), one["name"].text(), one["source"].text(), one["sourcePod"].text()});
  if (problem.error()) return tl::make_unexpected(problem.error()->within("MigrationNode " + read.node));
  return read;
}

std::string image_restore_trouble(const NodeFacts& facts) {
  const std::string who = fmt::format("{} {} on node {}", facts.runtime, facts.runtime_version, facts.node);
  if (facts.runtime != "containerd")
    return fmt::format("{} is not used for restores from images by this version, only containerd 2.1 to 2.3 is", who);
  Version version = parse_version(facts.runtime_version);
  version.patch = 0;
  if (version < Version{2, 1, 0}) return fmt::format("{} cannot restore from images; versions 2.1 to 2.3 can", who);
  if (version > Version{2, 3, 0})
    return fmt::format("{} cannot restore from images any more; versions 2.1 to 2.3 can", who);
  if (facts.restore_via_create == false)
    return fmt::format(
        "{} may not restore from images: set `enable_experimental_restore_via_create = true` below "
        "[plugins.'io.containerd.cri.v1.runtime'] in /etc/containerd/config.toml there and restart it",
        who);
  return "";
}

std::optional<milliseconds> clock_skew(const Json& migration_node) {
  constexpr milliseconds kTold{2'000};
  kube::FirstProblem problem;
  const kube::Field root{migration_node, problem};
  const std::optional<Instant> heartbeat = instant_in(root["facts"]["heartbeat"]);
  std::optional<Instant> taken;
  for (const kube::Field& one : root["metadata"]["managedFields"].items())
    if (one["manager"].text() == kAgentAccount && one["operation"].text() == "Apply") taken = instant_in(one["time"]);
  if (problem.error() || !heartbeat || !taken) return std::nullopt;
  // Its second's middle, which is half a second off at most.
  const auto skew = std::chrono::duration_cast<milliseconds>(*heartbeat - (*taken + milliseconds{500}));
  return std::chrono::abs(skew) < kTold ? milliseconds{0} : skew;
}

Json to_json(const NodeFacts& facts) {
  Json json = {{"apiVersion", kApiVersion},
               {"kind", "MigrationNode"},
               {"metadata", {{"name", facts.node}}},
               {"facts",
                {{"address", facts.address},
                 {"agentVersion", facts.agent_version},
                 {"heartbeat", to_rfc3339(facts.heartbeat)},
                 {"runtime", facts.runtime},
                 {"runtimeVersion", facts.runtime_version},
                 {"hasHandler", facts.has_handler},
                 {"canCheckpointDirectly", facts.can_checkpoint_directly},
                 {"criu", facts.criu},
                 {"criuOptionsMissing", facts.criu_options_missing},
                 {"kernel", facts.kernel},
                 {"architecture", facts.architecture},
                 {"cpuFeatures", facts.cpu_features},
                 {"freeDisk", facts.free_disk.count},
                 {"bootID", facts.boot_id}}}};
  if (facts.restore_via_create) json["facts"]["restoreViaCreate"] = *facts.restore_via_create;
  if (const auto& check = facts.criu_check)
    json["facts"]["criuCheck"] = {{"ok", check->ok}, {"message", check->message}};
  if (const auto& kubelet = facts.kubelet_checkpoint)
    json["facts"]["kubeletCheckpoint"] = {{"state", kubelet->state}, {"message", kubelet->message}};
  if (!facts.held.empty()) {
    Json& held = json["facts"]["held"] = Json::array();
    for (const HeldMigration& one : facts.held) {
      held.push_back({{"migration", one.migration}, {"name", one.name}});
      if (!one.source.empty()) held.back().update({{"source", one.source}, {"sourcePod", one.source_pod}});
    }
  }
  return json;
}

}  // namespace migrate
