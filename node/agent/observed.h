// An agent whose every order leaves one line in the log (what, of which migration, how it ended, how long it took) and
// a figure in the metrics.
#pragma once

#include <atomic>

#include "node/agent/metrics.h"
#include "shared/agent_api/agent_api.h"
#include "shared/log/log.h"

namespace migrate::agent {

class ObservedAgent final : public AgentApi {
 public:
  ObservedAgent(AgentApi& agent, Log& log, Metrics& metrics) : agent_(agent), log_(log), metrics_(metrics) {}

  // Orders that are being carried out now.
  [[nodiscard]] int running() const { return running_; }

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

 private:
  template <class Carry>
  auto observe(const char* what, const Order& order, const Call& call, LogFields fields, const Carry& carry);

  AgentApi& agent_;
  Log& log_;
  Metrics& metrics_;
  std::atomic<int> running_ = 0;
};

[[nodiscard]] std::string_view to_string(AgentError::Kind kind);
[[nodiscard]] std::string_view to_string(RestoreState state);

}  // namespace migrate::agent
