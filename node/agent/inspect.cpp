#include <fmt/format.h>

#include "node/agent/archives.h"
#include "node/agent/disk.h"
#include "node/agent/failure.h"

namespace migrate::agent {

using Kind = AgentError::Kind;

AgentResult<SourceFacts> inspect(const Places& places, node::ContainerRuntime& runtime, const PodRef& pod,
                                 const std::vector<std::string>& containers, const std::vector<std::string>& volumes) {
  SourceFacts facts;
  facts.containers.reserve(containers.size());
  facts.volumes.reserve(volumes.size());
  for (const std::string& name : containers) {
    const auto found = runtime.find(pod.uid, name);
    if (!found) return failed(found.error());
    if (!*found)
      return agent_failure(Kind::precondition, fmt::format("container {} of {}/{} does not run on this node", name,
                                                           pod.namespace_, pod.name));
    const node::RunningContainer& one = **found;
    facts.containers.push_back({name, one.id, one.runtime, one.memory, one.paused, runtime.image_size(one.image),
                                one.shm.used, one.shm.entries});
  }
  for (const std::string& name : volumes) {
    if (!is_plain_name(name)) return agent_failure(Kind::precondition, fmt::format("'{}' names no volume", name));
    facts.volumes.push_back({name, size_of_tree(places.empty_dir(pod.uid, name))});
  }
  const auto free = free_disk(places.state);
  if (!free) return failed(free.error());
  facts.free_disk = *free;
  return facts;
}

}  // namespace migrate::agent
