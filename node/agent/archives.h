// The archives of a frozen source: made once, then read by the target's agent as often as it needs.
//
// What lies in sources/MIGRATION: containers/NAME/ with what the archive of that container holds (checkpoint/,
// rootfs-diff.tar, spec.dump, config.dump), or, by the kubelet, containers/NAME.tar; volumes/NAME.tar; work/ with
// CRIU's logs. A folder becomes a tar stream only when it is sent: its bytes are written to the disk once.
#pragma once

#include "node/agent/kubelet.h"
#include "node/agent/source.h"
#include "node/agent/turns.h"

namespace migrate::agent {

[[nodiscard]] AgentResult<SourceFacts> inspect(const Places& places, node::ContainerRuntime& runtime, const PodRef& pod,
                                               const std::vector<std::string>& containers,
                                               const std::vector<std::string>& volumes);

class Archives {
 public:
  // `node` is ours: its own agent may read its archives too, for a restore on the source's node.
  Archives(SourceParts parts, std::string node, Source& source, KubeletCheckpoints& kubelet)
      : parts_(std::move(parts)), node_(std::move(node)), source_(source), kubelet_(kubelet) {}

  [[nodiscard]] AgentResult<std::vector<Archive>> checkpoint(const Order& order, const CheckpointOrder& checkpoint,
                                                             const Call& call);
  [[nodiscard]] AgentResult<void> read(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                       const Call& call);

 private:
  [[nodiscard]] AgentResult<std::vector<Archive>> make(const Order& order, const StoredSource& stored,
                                                       const CheckpointOrder& checkpoint, const Call& call);
  [[nodiscard]] AgentResult<void> dump(const std::filesystem::path& folder, const FrozenContainer& container,
                                       milliseconds limit);

  SourceParts parts_;
  std::string node_;
  Source& source_;
  KubeletCheckpoints& kubelet_;
  Turns turns_;
};

}  // namespace migrate::agent
