// What a node's agent does for the controller, and a target's agent asks of a source's. One interface, implemented by
// the agent itself (node/agent) and by its remote stand-in over gRPC (remote_agent.h). May be used from any thread.
//
// Every order is idempotent: given again, it answers as before. An order with a lower term than one seen for the same
// migration is refused (Kind::stale): a leader that was replaced must not go on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate::agent {

using std::chrono::milliseconds;

struct AgentError {
  enum class Kind {
    unreachable,   // no answer: the order may have been carried out
    stale,         // a newer leader has given orders for this migration
    refused,       // the agent's rule forbids it (a thaw after the commit, an archive for another node)
    precondition,  // the Pod, its containers or the record are not as the order supposes
    failed,        // tried, and it did not work; the message has the other side's reason (CRIU's log)
    no_space,
    cancelled,
  };
  Kind kind = Kind::failed;
  std::string message;
  std::int64_t term = 0;  // of a stale one: the newest that was seen
};

template <class T>
using AgentResult = Result<T, AgentError>;

struct Order {
  std::string migration;  // the Migration's uid
  std::string name;       // its NAMESPACE/NAME, for logs
  std::int64_t term = 0;  // leaseTransitions of the controller's Lease
};

struct PodRef {
  std::string namespace_;
  std::string name;
  std::string uid;
};

// --- source ---

struct ContainerFacts {
  std::string name;
  std::string id;       // the runtime's
  std::string runtime;  // "runc", "crun", "migrate-runc" …: the OCI runtime it runs under
  Bytes memory;         // resident
  bool paused = false;
  Bytes image = {};               // as its runtime says, which may mean compressed; zero: not known
  Bytes shm = {};                 // of its /dev/shm, while that is a tmpfs
  std::uint64_t shm_entries = 0;  // of that folder
};
struct VolumeFacts {
  std::string name;
  Bytes size;
};
struct SourceFacts {
  std::vector<ContainerFacts> containers;
  std::vector<VolumeFacts> volumes;  // the emptyDirs asked for
  Bytes free_disk;                   // where archives are written
};

struct FreezeOrder {
  PodRef pod;
  std::vector<std::string> containers;
  std::string target_node;  // the only node whose agent may read the archives
  // From when the agent has the order, as clocks differ: not committed by then, it thaws by itself. An order that is
  // given again does not prolong it.
  milliseconds limit{0};
};

enum class Backend { kubelet, direct };
struct CheckpointOrder {
  Backend backend = Backend::direct;
  std::vector<std::string> volumes;  // emptyDirs whose content is carried along
};
// An archive's name is the container's, or "volume/NAME".
struct Archive {
  std::string name;
  Bytes size;
  std::string digest;  // "sha256:…" of the bytes as sent
};

// The durable record at the source's agent.
enum class SourceState {
  none,
  snapshotted,  // it was checkpointed and runs on; it may be frozen again
  frozen,
  committed,
  thawed,
};
struct SourceRecord {
  SourceState state = SourceState::none;
  std::optional<Instant> frozen_at;
  std::optional<Instant> ended_at;  // committed or thawed
  std::string message;              // why it thawed by itself
  // Thawed: containers that were gone by then, and their memory with them. Whoever ended them, it was not we.
  std::vector<std::string> lost = {};
  // The agent's clock as it answers: what the instants above are by.
  std::optional<Instant> clock = std::nullopt;
};

struct SnapshotOrder {
  FreezeOrder freeze;  // its limit is that of the checkpoint
  CheckpointOrder checkpoint;
};
struct Snapshot {
  std::vector<Archive> archives;
  Instant frozen_at;
  milliseconds frozen{0};
};

// --- a registry between the two ---

// A repository, and what it takes to use it. An agent has it for as long as an order lasts and writes none of it down.
struct RegistryAccess {
  std::string repository;  // HOST[:PORT]/PATH
  std::string user;        // empty: nobody
  std::string password;
  std::string ca_pem;  // of the registry, beside the authorities that the node trusts; empty: none
};
struct PushOrder {
  RegistryAccess registry;
  bool as_image = false;       // containers only, for a runtime to restore from
  std::string host_name = {};  // that the restored processes see; of images only
};
struct PushedImage {
  std::string archive;
  std::string reference;  // "HOST[:PORT]/PATH@sha256:…"
  std::string id;         // digest of its config
  Bytes size = {};        // of its layer
};

// --- target ---

struct PrepareOrder {
  PodRef pod;
  std::vector<std::string> containers;
  milliseconds forecast{0};  // of one container's restore
  bool as_image = false;     // nothing waits: its containers' images are what pull() offers
};
struct PullOrder {
  std::string source_node;
  std::string source_address;  // "IP:PORT"
  std::vector<Archive> archives;
  bool as_image = false;       // offers them to this node's runtime as images
  std::string host_name = {};  // that the restored processes see; of images only
  // From there instead of the source's agent. With `as_image` this node's runtime pulls `images` itself; none: those of
  // the order before, which is answered again.
  std::optional<RegistryAccess> registry = std::nullopt;
  std::vector<PushedImage> images = {};
};
// The archives as images, in a registry on the node's loopback.
struct ImageOffer {
  struct Image {
    std::string container;
    std::string reference;  // "HOST:PORT/REPOSITORY@sha256:…"
  };
  std::string repository;  // "HOST:PORT/REPOSITORY": what the credentials are for
  std::string user;
  std::string password;
  std::vector<Image> images;
};
struct PullFacts {
  Bytes bytes;
  milliseconds duration{0};
  std::optional<ImageOffer> offer = std::nullopt;
};
struct ReleaseOrder {
  PodRef pod;
  std::vector<std::string> containers;
  std::vector<std::string> volumes;
};

enum class RestoreState {
  none,      // not prepared here
  prepared,  // nobody has asked for the container yet
  waiting,   // the runtime waits in `create`
  claimed,   // memory may run
  used,      // memory runs, or has
  failed,    // a restore was tried and failed
};
struct RestoredContainer {
  std::string name;
  RestoreState state = RestoreState::none;
  std::string message;            // of a failed one: the reason from CRIU's log
  std::optional<bool> resumed;    // whether tasks resumed, by CRIU's log; nothing when it cannot be told
  std::string container_id = {};  // the runtime's, of whom the memory was given to; empty: nobody, or not known here
};

// False: enough.
using ArchiveSink = std::function<bool(std::string_view piece)>;

struct Call {
  milliseconds timeout{30'000};
  std::stop_token stop;
  // Who asks, by its certificate: "controller", or "agent/NODE". Set by the server; empty inside one process.
  std::string peer;
};

class AgentApi {
 public:
  virtual ~AgentApi() = default;

  // Looks, touches nothing. `volumes` are emptyDirs to be measured.
  virtual AgentResult<SourceFacts> inspect(const Order& order, const PodRef& pod,
                                           const std::vector<std::string>& containers,
                                           const std::vector<std::string>& volumes, const Call& call = {}) = 0;
  // Whether the node's kubelet would take the order of a checkpoint of that Pod: the right to give it, the feature
  // gate.
  virtual AgentResult<void> check_kubelet(const Order& order, const PodRef& pod, const Call& call = {}) = 0;
  // Pauses all containers together; writes `frozen` before. When one cannot be paused, all run again.
  virtual AgentResult<SourceRecord> freeze(const Order& order, const FreezeOrder& freeze, const Call& call = {}) = 0;
  // Of frozen containers only.
  virtual AgentResult<std::vector<Archive>> checkpoint(const Order& order, const CheckpointOrder& checkpoint,
                                                       const Call& call = {}) = 0;
  // Freezes, checkpoints and lets all run again: what `live` and `sequential` begin with. Frozen no longer than its
  // limit, also when this agent dies meanwhile: then the source is thawed and the order has failed. Given again,
  // once it has succeeded, it answers what was made. A freeze() may follow.
  virtual AgentResult<Snapshot> snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call = {}) = 0;
  // The archive's bytes, to the agent of the target's node only.
  virtual AgentResult<void> read_archive(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                         const Call& call = {}) = 0;
  // Begins to push and leaves it: whether the registry is there, trusted, and lets us push.
  virtual AgentResult<void> check_registry(const Order& order, const RegistryAccess& registry,
                                           const Call& call = {}) = 0;
  // Every archive as an image of one layer. Done when the registry has acknowledged all layers and manifests; what is
  // there already is not sent again.
  virtual AgentResult<std::vector<PushedImage>> push(const Order& order, const PushOrder& push,
                                                     const Call& call = {}) = 0;
  // Deletes what was pushed. One line for each image that is left: which, and why. Said once: it is forgotten then.
  virtual AgentResult<std::vector<std::string>> withdraw(const Order& order, const RegistryAccess& registry,
                                                         const Call& call = {}) = 0;
  // frozen -> committed. Answers the record: `thawed` says that it was too late.
  virtual AgentResult<SourceRecord> commit(const Order& order, const Call& call = {}) = 0;
  // frozen -> thawed; answers the record: `committed` says that it stays so. `target_never_ran` permits it after the
  // commit too: the controller has that word from the target's agent.
  virtual AgentResult<SourceRecord> thaw(const Order& order, bool target_never_ran, const Call& call = {}) = 0;
  virtual AgentResult<SourceRecord> source_record(const Order& order, const Call& call = {}) = 0;
  // Whether the containers that were frozen are gone from the runtime.
  virtual AgentResult<bool> source_is_gone(const Order& order, const Call& call = {}) = 0;

  // Lays the state folders of the target Pod's containers, so that their `create` waits. With `as_image` it only says
  // which Pod the images are for: restore_states() tells of its containers as the runtime has them, and `used` of one
  // only when its image's reference restores nothing any more.
  virtual AgentResult<void> prepare(const Order& order, const PrepareOrder& prepare, const Call& call = {}) = 0;
  // Fetches the archives from the source's agent, checks digests, unpacks. Kept until clean_up. With `as_image` they
  // are offered, to whoever shows the credentials, until each was pulled once; given again, it answers the same offer
  // and opens it again, after a cancel() under another name.
  virtual AgentResult<PullFacts> pull(const Order& order, const PullOrder& pull, const Call& call = {}) = 0;
  // Moves what was pulled into place and writes `go`. The Pod must have been prepared.
  virtual AgentResult<void> release(const Order& order, const ReleaseOrder& release, const Call& call = {}) = 0;
  // One per container, in their order. Returns at the first answer in which any state differs from `known`, or when the
  // call's time is over with what is then.
  virtual AgentResult<std::vector<RestoredContainer>> restore_states(const Order& order, const PodRef& pod,
                                                                     const std::vector<std::string>& containers,
                                                                     const std::vector<RestoreState>& known,
                                                                     const Call& call = {}) = 0;
  // Writes `abort`; of images: withdraws them. True: nothing has run and nothing will; false: memory may have run. The
  // archives stay.
  virtual AgentResult<bool> cancel(const Order& order, const PodRef& pod, const Call& call = {}) = 0;

  // Forgets the migration, whatever the agent's part in it was: archives, marks, records. Refused while frozen.
  virtual AgentResult<void> clean_up(const Order& order, const Call& call = {}) = 0;
};

}  // namespace migrate::agent
