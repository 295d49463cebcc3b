// A node's agent in memory: keeps the rules of its records and marks, and fails where a test says so.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/agent_api/agent_api.h"
#include "test/unit/controller/fake_time.h"

namespace migrate::controller::fakes {

class Agent final : public agent::AgentApi {
 public:
  using Error = agent::AgentError;
  using Kind = agent::AgentError::Kind;
  using RestoreState = agent::RestoreState;
  using SourceState = agent::SourceState;
  template <class T>
  using Answer = agent::AgentResult<T>;

  Agent(Time& time, std::string node) : time_(time), node_(std::move(node)) {}

  // Before an order is carried out: an error in its place. `what` is the function's name.
  std::function<std::optional<Error>(const std::string& what)> before;
  std::function<void(const std::string& what)> after;
  // What release() makes of the containers.
  RestoreState outcome = RestoreState::used;
  std::optional<bool> resumed;
  std::string restored_as;  // the container that was given the memory; empty: this agent cannot tell
  std::string failure = "criu: no such file";
  bool containers_gone = true;
  std::chrono::milliseconds skew{0};               // of this node's clock, against everybody else's
  std::chrono::milliseconds snapshot_freeze{200};  // of a source that runs on afterwards
  std::vector<std::string> lost;                   // containers that somebody ends while they are frozen
  bool has_lost_source = false;                    // its frozen containers ended, and not by us
  std::set<std::string> started_anew;              // of these, by the kubelet
  agent::SourceFacts facts{{{"app", "id-app", "runc", 20_MiB, false}}, {}, 10'000_MiB};

  // Seen by tests.
  agent::SourceRecord record;
  std::chrono::milliseconds freeze_limit{0};  // as ordered
  std::optional<agent::Snapshot> snapshotted;
  std::map<std::string, RestoreState> targets;  // by Pod uid
  std::vector<std::string> orders;
  bool has_archives = false;
  bool thawed_after_commit = false;
  std::string host_name;                   // of the last pull of images
  agent::RegistryAccess registry;          // of the last order with one
  std::vector<agent::PushedImage> pushed;  // what is in the registry
  std::vector<std::string> left;           // what withdraw() says of it
  std::optional<agent::PullOrder> pulled_as;
  std::int64_t term = 0;

  Answer<agent::SourceFacts> inspect(const agent::Order& order, const agent::PodRef&, const std::vector<std::string>&,
                                     const std::vector<std::string>&, const agent::Call&) override {
    if (auto no = begin("inspect", order)) return tl::make_unexpected(*no);
    if (has_lost_source) return tl::make_unexpected(Error{Kind::precondition, "container app does not run here"});
    agent::SourceFacts seen = facts;
    if (record.state == SourceState::frozen || record.state == SourceState::committed)
      for (agent::ContainerFacts& one : seen.containers)
        one.paused = !started_anew.contains(one.name);
    return seen;
  }
  Answer<void> check_kubelet(const agent::Order& order, const agent::PodRef&, const agent::Call&) override {
    if (auto no = begin("check_kubelet", order)) return tl::make_unexpected(*no);
    return {};
  }
  Answer<agent::SourceRecord> freeze(const agent::Order& order, const agent::FreezeOrder& freeze,
                                     const agent::Call&) override {
    if (auto no = begin("freeze", order)) return tl::make_unexpected(*no);
    if (record.state == SourceState::none || record.state == SourceState::snapshotted) {
      record = {SourceState::frozen, node_now(), std::nullopt, ""};
      freeze_limit = freeze.limit;
    }
    done("freeze");
    return answer();
  }
  Answer<std::vector<agent::Archive>> checkpoint(const agent::Order& order, const agent::CheckpointOrder&,
                                                 const agent::Call&) override {
    if (auto no = begin("checkpoint", order)) return tl::make_unexpected(*no);
    if (record.state != SourceState::frozen || snapshotted)
      return tl::make_unexpected(Error{Kind::precondition, "the source is not frozen"});
    time_.pass(std::chrono::milliseconds{200});
    has_archives = true;
    done("checkpoint");
    return std::vector<agent::Archive>{{"app", 20_MiB, "sha256:00"}};
  }
  Answer<agent::Snapshot> snapshot(const agent::Order& order, const agent::SnapshotOrder&,
                                   const agent::Call&) override {
    if (auto no = begin("snapshot", order)) return tl::make_unexpected(*no);
    if (record.state == SourceState::none) {
      record.state = SourceState::snapshotted;
      snapshotted = {{{"app", 20_MiB, "sha256:00"}}, node_now(), snapshot_freeze};
      has_archives = true;
      time_.pass(std::chrono::milliseconds{250});
    } else if (!snapshotted || record.state == SourceState::thawed) {
      return tl::make_unexpected(Error{Kind::precondition, "the source is frozen, or was thawed"});
    }
    done("snapshot");
    return *snapshotted;
  }
  Answer<void> read_archive(const agent::Order&, const std::string&, const agent::ArchiveSink&,
                            const agent::Call&) override {
    return tl::make_unexpected(Error{Kind::refused, "not for controllers"});
  }
  Answer<void> check_registry(const agent::Order& order, const agent::RegistryAccess& given,
                              const agent::Call&) override {
    if (auto no = begin("check_registry", order)) return tl::make_unexpected(*no);
    registry = given;
    return {};
  }
  Answer<std::vector<agent::PushedImage>> push(const agent::Order& order, const agent::PushOrder& push,
                                               const agent::Call&) override {
    if (auto no = begin("push", order)) return tl::make_unexpected(*no);
    registry = push.registry;
    pushed = {{"app", push.registry.repository + "@sha256:11", "sha256:22", 20_MiB}};
    done("push");
    return pushed;
  }
  Answer<std::vector<std::string>> withdraw(const agent::Order& order, const agent::RegistryAccess& given,
                                            const agent::Call&) override {
    if (auto no = begin("withdraw", order)) return tl::make_unexpected(*no);
    registry = given;
    const auto answer = pushed.empty() ? std::vector<std::string>{} : left;
    pushed.clear();
    return answer;
  }
  Answer<agent::SourceRecord> commit(const agent::Order& order, const agent::Call&) override {
    if (auto no = begin("commit", order)) return tl::make_unexpected(*no);
    if (record.state == SourceState::snapshotted)
      return tl::make_unexpected(Error{Kind::precondition, "the source is not frozen"});
    if (record.state == SourceState::frozen) end(SourceState::committed, "");
    done("commit");
    return answer();
  }
  Answer<agent::SourceRecord> thaw(const agent::Order& order, bool target_never_ran, const agent::Call&) override {
    if (auto no = begin("thaw", order)) return tl::make_unexpected(*no);
    if (record.state == SourceState::frozen) record.lost = lost;
    if (record.state == SourceState::frozen || record.state == SourceState::snapshotted) end(SourceState::thawed, "");
    if (record.state == SourceState::committed && target_never_ran && has_lost_source)
      return tl::make_unexpected(Error{Kind::refused, "it is committed and its container app is gone"});
    if (record.state == SourceState::committed && target_never_ran) {
      thawed_after_commit = true;
      end(SourceState::thawed, "");
    }
    done("thaw");
    return answer();
  }
  Answer<agent::SourceRecord> source_record(const agent::Order& order, const agent::Call&) override {
    if (auto no = begin("source_record", order)) return tl::make_unexpected(*no);
    return answer();
  }
  Answer<bool> source_is_gone(const agent::Order& order, const agent::Call&) override {
    if (auto no = begin("source_is_gone", order)) return tl::make_unexpected(*no);
    return containers_gone;
  }
  Answer<void> prepare(const agent::Order& order, const agent::PrepareOrder& prepare, const agent::Call&) override {
    if (auto no = begin("prepare", order)) return tl::make_unexpected(*no);
    // From an image the runtime restores by itself.
    targets.try_emplace(prepare.pod.uid, prepare.as_image ? outcome : RestoreState::waiting);
    done("prepare");
    if (prepare.as_image) done("restore");
    return {};
  }
  Answer<agent::PullFacts> pull(const agent::Order& order, const agent::PullOrder& pull, const agent::Call&) override {
    if (auto no = begin("pull", order)) return tl::make_unexpected(*no);
    time_.pass(std::chrono::milliseconds{100});
    has_archives = true;
    pulled_anew_ = true;
    done("pull");
    agent::PullFacts pulled{20_MiB, std::chrono::milliseconds{100}};
    host_name = pull.host_name;
    const bool is_again = pull.as_image && pull.registry && pull.images.empty();
    if (is_again && !pulled_as) return tl::make_unexpected(Error{Kind::precondition, "no images are offered here"});
    if (!is_again) pulled_as = pull;
    if (pull.as_image && pull.registry)
      pulled.offer = {pull.registry->repository, "", "", {{"app", pulled_as->images.at(0).reference}}};
    else if (pull.as_image)
      pulled.offer = {"127.0.0.1:10962/abc", "someone", "secret", {{"app", "127.0.0.1:10962/abc@sha256:00"}}};
    return pulled;
  }
  Answer<void> release(const agent::Order& order, const agent::ReleaseOrder& release, const agent::Call&) override {
    if (auto no = begin("release", order)) return tl::make_unexpected(*no);
    const auto found = targets.find(release.pod.uid);
    if (found == targets.end()) return tl::make_unexpected(Error{Kind::precondition, "the Pod was not prepared"});
    for (const auto& [uid, state] : targets)
      if (uid != release.pod.uid && may_have_run(state) && !pulled_anew_)
        return tl::make_unexpected(Error{Kind::refused, "it may have come to life in the earlier Pod"});
    pulled_anew_ = false;
    if (found->second == RestoreState::waiting) found->second = outcome;
    time_.pass(std::chrono::milliseconds{150});
    done("release");
    return {};
  }
  Answer<std::vector<agent::RestoredContainer>> restore_states(const agent::Order& order, const agent::PodRef& pod,
                                                               const std::vector<std::string>& containers,
                                                               const std::vector<RestoreState>& known,
                                                               const agent::Call& call) override {
    if (auto no = begin("restore_states", order)) return tl::make_unexpected(*no);
    const auto found = targets.find(pod.uid);
    const RestoreState state = found == targets.end() ? RestoreState::none : found->second;
    std::vector<agent::RestoredContainer> answer;
    answer.reserve(containers.size());
    for (const std::string& name : containers)
      answer.push_back({name, state, state == RestoreState::failed ? failure : "", resumed, restored_as});
    if (!known.empty() && known.front() == state) time_.pass(call.timeout);
    return answer;
  }
  Answer<bool> cancel(const agent::Order& order, const agent::PodRef& pod, const agent::Call&) override {
    if (auto no = begin("cancel", order)) return tl::make_unexpected(*no);
    const auto found = targets.find(pod.uid);
    const RestoreState state = found == targets.end() ? RestoreState::none : found->second;
    const bool ran = may_have_run(state);
    if (!ran && found != targets.end()) targets.erase(found);
    done("cancel");
    return !ran;
  }
  Answer<void> clean_up(const agent::Order& order, const agent::Call&) override {
    if (auto no = begin("clean_up", order)) return tl::make_unexpected(*no);
    if (record.state == SourceState::frozen) return tl::make_unexpected(Error{Kind::refused, "still frozen"});
    has_archives = false;
    done("clean_up");
    return {};
  }

 private:
  const migrate::Clock& clock() const { return time_; }
  [[nodiscard]] Instant node_now() const { return clock().now() + skew; }
  [[nodiscard]] agent::SourceRecord answer() const {
    agent::SourceRecord told = record;
    told.clock = node_now();
    return told;
  }
  [[nodiscard]] bool may_have_run(RestoreState state) const {
    return state == RestoreState::used || state == RestoreState::claimed ||
           (state == RestoreState::failed && resumed != false);
  }
  std::optional<Error> begin(const std::string& what, const agent::Order& order) {
    orders.push_back(what);
    if (before)
      if (auto error = before(what)) return error;
    if (order.term < term) return Error{Kind::stale, "a newer leader gave orders", term};
    term = order.term;
    return std::nullopt;
  }
  void done(const std::string& what) const {
    if (after) after(what);
  }
  void end(SourceState state, const std::string& why) {
    record.state = state;
    record.ended_at = node_now();
    record.message = why;
  }

  Time& time_;
  std::string node_;
  bool pulled_anew_ = false;  // since the last release
};

}  // namespace migrate::controller::fakes
