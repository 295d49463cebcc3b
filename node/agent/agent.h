// The node's agent as the controller orders it about: both sides of a hop behind AgentApi, and a thread that thaws what
// is overdue. Every order passes the fence first.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "node/agent/archives.h"
#include "node/agent/fence.h"
#include "node/agent/pushes.h"
#include "node/agent/source.h"
#include "node/agent/target.h"

namespace migrate::agent {

struct AgentParts {
  Places places;
  std::string node;
  std::string boot_id;
  node::ContainerRuntime& runtime;
  KubeletCheckpoints& kubelet;
  const Clock& clock;
  Log& log;
  ConnectPeer connect;
  std::uint16_t registry_port = kAgentPort + 2;
  ConnectRegistry connect_registry = {};
};

class Agent final : public AgentApi {
 public:
  explicit Agent(AgentParts parts);
  ~Agent() override;
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  AgentResult<SourceFacts> inspect(const Order& order, const PodRef& pod, const std::vector<std::string>& containers,
                                   const std::vector<std::string>& volumes, const Call& call) override;
  AgentResult<void> check_kubelet(const Order& order, const PodRef& pod, const Call& call) override;
  AgentResult<SourceRecord> freeze(const Order& order, const FreezeOrder& freeze, const Call& call) override;
  AgentResult<std::vector<Archive>> checkpoint(const Order& order, const CheckpointOrder& checkpoint,
                                               const Call& call) override;
  AgentResult<Snapshot> snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call) override;
  AgentResult<void> read_archive(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                 const Call& call) override;
  AgentResult<void> check_registry(const Order& order, const RegistryAccess& registry, const Call& call) override;
  AgentResult<std::vector<PushedImage>> push(const Order& order, const PushOrder& push, const Call& call) override;
  AgentResult<std::vector<std::string>> withdraw(const Order& order, const RegistryAccess& registry,
                                                 const Call& call) override;
  AgentResult<SourceRecord> commit(const Order& order, const Call& call) override;
  AgentResult<SourceRecord> thaw(const Order& order, bool target_never_ran, const Call& call) override;
  AgentResult<SourceRecord> source_record(const Order& order, const Call& call) override;
  AgentResult<bool> source_is_gone(const Order& order, const Call& call) override;
  AgentResult<void> prepare(const Order& order, const PrepareOrder& prepare, const Call& call) override;
  AgentResult<PullFacts> pull(const Order& order, const PullOrder& pull, const Call& call) override;
  AgentResult<void> release(const Order& order, const ReleaseOrder& release, const Call& call) override;
  AgentResult<std::vector<RestoredContainer>> restore_states(const Order& order, const PodRef& pod,
                                                             const std::vector<std::string>& containers,
                                                             const std::vector<RestoreState>& known,
                                                             const Call& call) override;
  AgentResult<bool> cancel(const Order& order, const PodRef& pod, const Call& call) override;
  AgentResult<void> clean_up(const Order& order, const Call& call) override;

  // What records and archives are here, of at most kMostHeld migrations.
  [[nodiscard]] std::vector<HeldMigration> held();
  // Of those, the ones whose Migration is gone, by word of who has looked. No source that is frozen still is touched:
  // what is overdue is thawed by itself, and what is committed ends with its Pod.
  void forget(const std::vector<std::string>& gone);

  // A request of this node's container runtime to the registry of images.
  [[nodiscard]] http::Response answer(const http::Request& request) { return target_.answer(request); }

 private:
  void care(const std::stop_token& stop);
  // Every order passes here first: whether its term is new enough, and what is recorded can be understood.
  [[nodiscard]] AgentResult<void> admit(const Order& order, Fence::Written written = Fence::Written::must);
  [[nodiscard]] AgentResult<void> is_readable(const Order& order) const;
  void wake_caretaker();
  // With the clock its instants are by.
  [[nodiscard]] AgentResult<SourceRecord> timed(AgentResult<SourceRecord> record) const;

  AgentParts parts_;
  Fence fence_;
  Source source_;
  Archives archives_;
  Pushes pushes_;
  Target target_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool deadlines_changed_ = false;
  std::jthread caretaker_;  // last: it uses everything above
};

}  // namespace migrate::agent
