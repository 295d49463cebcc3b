// An agent in memory: remembers the orders it got, and answers what it was told to. May be used from any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "shared/agent_api/agent_api.h"

namespace migrate::test {

// One order as it came, with whatever its kind carries.
struct GivenOrder {
  std::string what;  // the function's name
  agent::Order order;
  agent::PodRef pod;
  std::vector<std::string> containers;
  std::vector<std::string> volumes;
  agent::FreezeOrder freeze;
  agent::CheckpointOrder checkpoint;
  agent::SnapshotOrder snapshot;
  agent::PrepareOrder prepare;
  agent::PullOrder pull;
  agent::RegistryAccess registry;
  agent::PushOrder push;
  std::vector<agent::RestoreState> known;
  std::string archive;
  bool target_never_ran = false;
  std::string peer;
  agent::milliseconds timeout{0};
};

class FakeAgent final : public agent::AgentApi {
 public:
  template <class T>
  using AgentResult = agent::AgentResult<T>;

  // The answers.
  agent::SourceFacts facts;
  agent::SourceRecord record;
  std::vector<agent::Archive> archives;
  agent::Snapshot snapshotted;
  std::vector<std::string> pieces;  // of every archive
  agent::PullFacts pulled;
  std::vector<agent::PushedImage> pushed;
  std::vector<std::string> left;
  std::vector<agent::RestoredContainer> restored;
  bool yes = true;
  std::optional<agent::AgentError> error;  // instead of any answer
  // Called in each order, before its answer: to wait in, or to look.
  std::function<void(const agent::Call&)> during;

  [[nodiscard]] std::vector<GivenOrder> orders() const {
    const std::lock_guard lock{mutex_};
    return orders_;
  }
  [[nodiscard]] GivenOrder last() const { return orders().back(); }

  AgentResult<agent::SourceFacts> inspect(const agent::Order& order, const agent::PodRef& pod,
                                          const std::vector<std::string>& containers,
                                          const std::vector<std::string>& volumes, const agent::Call& call) override {
    GivenOrder given = begin("inspect", order, call);
    given.pod = pod;
    given.containers = containers;
    given.volumes = volumes;
    return end(std::move(given), call, facts);
  }
  AgentResult<void> check_kubelet(const agent::Order& order, const agent::PodRef& pod,
                                  const agent::Call& call) override {
    GivenOrder given = begin("check_kubelet", order, call);
    given.pod = pod;
    return done(end(std::move(given), call, true));
  }
  AgentResult<agent::SourceRecord> freeze(const agent::Order& order, const agent::FreezeOrder& freeze,
                                          const agent::Call& call) override {
    GivenOrder given = begin("freeze", order, call);
    given.freeze = freeze;
    return end(std::move(given), call, record);
  }
  AgentResult<std::vector<agent::Archive>> checkpoint(const agent::Order& order,
                                                      const agent::CheckpointOrder& checkpoint,
                                                      const agent::Call& call) override {
    GivenOrder given = begin("checkpoint", order, call);
    given.checkpoint = checkpoint;
    return end(std::move(given), call, archives);
  }
  AgentResult<agent::Snapshot> snapshot(const agent::Order& order, const agent::SnapshotOrder& snapshot,
                                        const agent::Call& call) override {
    GivenOrder given = begin("snapshot", order, call);
    given.snapshot = snapshot;
    return end(std::move(given), call, snapshotted);
  }
  AgentResult<void> read_archive(const agent::Order& order, const std::string& archive, const agent::ArchiveSink& sink,
                                 const agent::Call& call) override {
    GivenOrder given = begin("read_archive", order, call);
    given.archive = archive;
    const auto answer = end(std::move(given), call, true);
    for (const std::string& piece : pieces)
      if (!sink(piece)) break;
    if (!answer) return tl::make_unexpected(answer.error());
    return {};
  }
  AgentResult<void> check_registry(const agent::Order& order, const agent::RegistryAccess& registry,
                                   const agent::Call& call) override {
    GivenOrder given = begin("check_registry", order, call);
    given.registry = registry;
    return done(end(std::move(given), call, true));
  }
  AgentResult<std::vector<agent::PushedImage>> push(const agent::Order& order, const agent::PushOrder& push,
                                                    const agent::Call& call) override {
    GivenOrder given = begin("push", order, call);
    given.push = push;
    return end(std::move(given), call, pushed);
  }
  AgentResult<std::vector<std::string>> withdraw(const agent::Order& order, const agent::RegistryAccess& registry,
                                                 const agent::Call& call) override {
    GivenOrder given = begin("withdraw", order, call);
    given.registry = registry;
    return end(std::move(given), call, left);
  }
  AgentResult<agent::SourceRecord> commit(const agent::Order& order, const agent::Call& call) override {
    return end(begin("commit", order, call), call, record);
  }
  AgentResult<agent::SourceRecord> thaw(const agent::Order& order, bool target_never_ran,
                                        const agent::Call& call) override {
    GivenOrder given = begin("thaw", order, call);
    given.target_never_ran = target_never_ran;
    return end(std::move(given), call, record);
  }
  AgentResult<agent::SourceRecord> source_record(const agent::Order& order, const agent::Call& call) override {
    return end(begin("source_record", order, call), call, record);
  }
  AgentResult<bool> source_is_gone(const agent::Order& order, const agent::Call& call) override {
    return end(begin("source_is_gone", order, call), call, yes);
  }
  AgentResult<void> prepare(const agent::Order& order, const agent::PrepareOrder& prepare,
                            const agent::Call& call) override {
    GivenOrder given = begin("prepare", order, call);
    given.prepare = prepare;
    return done(end(std::move(given), call, true));
  }
  AgentResult<agent::PullFacts> pull(const agent::Order& order, const agent::PullOrder& pull,
                                     const agent::Call& call) override {
    GivenOrder given = begin("pull", order, call);
    given.pull = pull;
    return end(std::move(given), call, pulled);
  }
  AgentResult<void> release(const agent::Order& order, const agent::ReleaseOrder& release,
                            const agent::Call& call) override {
    GivenOrder given = begin("release", order, call);
    given.pod = release.pod;
    given.containers = release.containers;
    given.volumes = release.volumes;
    return done(end(std::move(given), call, true));
  }
  AgentResult<std::vector<agent::RestoredContainer>> restore_states(const agent::Order& order, const agent::PodRef& pod,
                                                                    const std::vector<std::string>& containers,
                                                                    const std::vector<agent::RestoreState>& known,
                                                                    const agent::Call& call) override {
    GivenOrder given = begin("restore_states", order, call);
    given.pod = pod;
    given.containers = containers;
    given.known = known;
    return end(std::move(given), call, restored);
  }
  AgentResult<bool> cancel(const agent::Order& order, const agent::PodRef& pod, const agent::Call& call) override {
    GivenOrder given = begin("cancel", order, call);
    given.pod = pod;
    return end(std::move(given), call, yes);
  }
  AgentResult<void> clean_up(const agent::Order& order, const agent::Call& call) override {
    return done(end(begin("clean_up", order, call), call, true));
  }

 private:
  static GivenOrder begin(const char* what, const agent::Order& order, const agent::Call& call) {
    GivenOrder given;
    given.what = what;
    given.order = order;
    given.peer = call.peer;
    given.timeout = call.timeout;
    return given;
  }

  template <class T>
  AgentResult<T> end(GivenOrder given, const agent::Call& call, const T& answer) {
    {
      const std::lock_guard lock{mutex_};
      orders_.push_back(std::move(given));
    }
    if (during) during(call);
    if (error) return tl::make_unexpected(*error);
    return answer;
  }

  static AgentResult<void> done(const AgentResult<bool>& result) {
    if (!result) return tl::make_unexpected(result.error());
    return {};
  }

  mutable std::mutex mutex_;
  std::vector<GivenOrder> orders_;
};

}  // namespace migrate::test
