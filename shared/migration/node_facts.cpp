#include "shared/migration/node_facts.h"

#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/migration/names.h"
#include "shared/migration/parts.h"

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
  read.criu = facts["criu"].text();
  read.kernel = facts["kernel"].text();
  read.architecture = facts["architecture"].text();
  read.cpu_features = facts["cpuFeatures"].texts();
  read.free_disk = Bytes{count_in(facts["freeDisk"])};
  read.boot_id = facts["bootID"].text();
  if (problem.error()) return tl::make_unexpected(problem.error()->within("MigrationNode " + read.node));
  return read;
}

Json to_json(const NodeFacts& facts) {
  return {{"apiVersion", kApiVersion},
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
            {"kernel", facts.kernel},
            {"architecture", facts.architecture},
            {"cpuFeatures", facts.cpu_features},
            {"freeDisk", facts.free_disk.count},
            {"bootID", facts.boot_id}}}};
}

}  // namespace migrate
