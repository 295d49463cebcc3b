// The archives of a source that is frozen, or was for a snapshot: made once, then read by the target's agent as often
// as it needs.
//
// What lies in sources/MIGRATION: containers/NAME/ with what the archive of that container holds (checkpoint/,
// rootfs-diff.tar, spec.dump, config.dump), or, by the kubelet, containers/NAME.tar; volumes/NAME.tar; work/ with
// CRIU's logs. A folder becomes a tar stream only when it is sent: its bytes are written to the disk once.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
  // The source is frozen only while its memory and files are written; digests are made when it runs again.
  // `when_frozen` is called when the deadline counts. Carried to its end although its caller may go away: who gives the
  // order again finds it done.
  [[nodiscard]] AgentResult<Snapshot> snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call,
                                               const std::function<void()>& when_frozen);
  [[nodiscard]] AgentResult<void> read(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                       const Call& call);

  // Of an archive that is not to leave this node: the folder of its parts. Nothing where it has to be read, as it is
  // one file, or may not be all on the disk since the node was started anew.
  [[nodiscard]] AgentResult<std::optional<std::filesystem::path>> folder_of(const Order& order, const Archive& archive);

 private:
  using Uppers = std::map<std::string, std::filesystem::path>;  // by the container's id

  [[nodiscard]] AgentResult<std::vector<Archive>> make(const Order& order, const StoredSource& stored,
                                                       const CheckpointOrder& checkpoint, const Call& call);
  [[nodiscard]] AgentResult<Snapshot> make_snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call,
                                                    const std::function<void()>& when_frozen);
  // Needs no freeze: empty folders, and where the changed files lie.
  [[nodiscard]] AgentResult<Uppers> prepare(const Order& order, const std::vector<FrozenContainer>& containers,
                                            const CheckpointOrder& checkpoint);
  // Needs the freeze: memory and files of one instant.
  [[nodiscard]] AgentResult<void> take(const Order& order, const StoredSource& stored,
                                       const CheckpointOrder& checkpoint, const Uppers& uppers, const Call& call);
  [[nodiscard]] AgentResult<void> dump(const std::filesystem::path& folder, const FrozenContainer& container,
                                       const std::filesystem::path& upper, milliseconds limit);
  // Needs no freeze any more: the documents, and the digests of all.
  [[nodiscard]] AgentResult<std::vector<Archive>> pack(const Order& order, const StoredSource& stored,
                                                       const CheckpointOrder& checkpoint);
  [[nodiscard]] AgentError with_cause(AgentError error) const;

  SourceParts parts_;
  std::string node_;
  Source& source_;
  KubeletCheckpoints& kubelet_;
  Turns turns_;
};

}  // namespace migrate::agent
