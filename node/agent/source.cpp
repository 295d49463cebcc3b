#include "node/agent/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/runtime/files.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;

constexpr std::size_t kRecordLimit = 1U << 20;
constexpr const char* kRecord = "record.json";
constexpr std::chrono::hours kLongestFreeze{24};  // anything longer is a mistake

}  // namespace

Source::Source(SourceParts parts) : parts_(std::move(parts)) {
  std::error_code code;
  for (fs::directory_iterator walk{parts_.places.sources(), code}; !code && walk != fs::directory_iterator{};
       walk.increment(code)) {
    const std::string migration = walk->path().filename().string();
    const auto text = runtime::read_file(walk->path() / kRecord, kRecordLimit);
    if (text && !*text) continue;  // nothing was frozen yet
    auto stored = text ? parse_source(**text) : Result<StoredSource>(tl::make_unexpected(text.error()));
    if (!stored) {
      parts_.log.error("a source's record cannot be read: " + stored.error().message, {{"migration", migration}});
      unreadable_[migration] = stored.error().message;
      continue;
    }
    records_[migration] = std::move(*stored);
    const StoredSource& now = known(migration);
    if (now.state != SourceState::frozen) continue;
    std::string why;
    if (now.boot_id != parts_.boot_id)
      why = "its node was started anew while it was frozen: its containers are gone";
    else if (now.for_snapshot)
      why = "its node's agent ended during its snapshot";
    if (why.empty()) continue;
    if (auto thawed = end_thawed(migration, why); !thawed)
      parts_.log.error(thawed.error().message, {{"migration", migration}, {"name", now.name}});
  }
}

AgentResult<void> Source::is_readable(const std::string& migration) const {
  const auto found = unreadable_.find(migration);
  if (found == unreadable_.end()) return {};
  return agent_failure(Kind::failed, fmt::format("this agent cannot read its record {} ({}); an agent of the version "
                                                 "that wrote it can, and thaws the source in its time",
                                                 (parts_.places.source(migration) / kRecord).string(), found->second));
}

const StoredSource& Source::known(const std::string& migration) const {
  static const StoredSource none;
  const auto found = records_.find(migration);
  return found != records_.end() ? found->second : none;
}

AgentResult<void> Source::put(const std::string& migration, StoredSource changed) {
  const fs::path folder = parts_.places.source(migration);
  if (auto made = make_private_folder(parts_.places.state, fs::path("sources") / migration); !made)
    return failed(made.error());
  auto written = write_durably(folder / kRecord, to_text(changed));
  if (!written && changed.state == SourceState::thawed) {
    // On a full disk the archives of a source that runs again are of no use; its record is.
    for (const char* part : {"containers", "volumes", "work"})
      if (auto removed = remove_tree(folder / part); !removed) return failed(removed.error());
    written = write_durably(folder / kRecord, to_text(changed));
  }
  if (!written) return failed(written.error(), fmt::format("record {} as {}", changed.name, to_string(changed.state)));
  records_[migration] = std::move(changed);
  return {};
}

AgentResult<SourceRecord> Source::freeze(const Order& order, const FreezeOrder& freeze) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  switch (decide(SourceOrder::freeze, stored, parts_.clock.now())) {
    case SourceAct::thaw:
      return end_overdue(order.migration);
    case SourceAct::go_on:
      return stored.state == SourceState::frozen ? pause_all(order.migration) : begin_freeze(order, freeze, false);
    case SourceAct::precondition:
      return agent_failure(Kind::precondition, explain(SourceOrder::freeze, stored));
    default:
      break;
  }
  if (stored.state != SourceState::thawed)
    if (auto kept = take_target(order, freeze); !kept) return tl::make_unexpected(kept.error());
  return to_answer(stored);
}

// The archives may go elsewhere by now. The deadline stays: given again and again, an order must not freeze a source
// for longer than its probes allow.
AgentResult<void> Source::take_target(const Order& order, const FreezeOrder& freeze) {
  StoredSource changed = known(order.migration);
  if (changed.target_node == freeze.target_node) return {};
  changed.target_node = freeze.target_node;
  changed.term = order.term;
  return put(order.migration, std::move(changed));
}

AgentResult<std::vector<FrozenContainer>> Source::find_containers(const FreezeOrder& freeze) const {
  const auto attempt = fmt::format("freeze {}/{}", freeze.pod.namespace_, freeze.pod.name);
  if (freeze.containers.empty()) return agent_failure(Kind::precondition, attempt + ": no container is named");
  std::vector<FrozenContainer> containers;
  containers.reserve(freeze.containers.size());
  for (const std::string& name : freeze.containers) {
    if (!is_plain_name(name))
      return agent_failure(Kind::precondition, fmt::format("{}: '{}' names no container", attempt, name));
    const auto found = parts_.runtime.find(freeze.pod.uid, name);
    if (!found) return failed(found.error(), attempt);
    if (!*found)
      return agent_failure(Kind::precondition, fmt::format("{}: its container {} does not run here", attempt, name));
    containers.push_back({name, (*found)->id});
  }
  return containers;
}

AgentResult<SourceRecord> Source::begin_freeze(const Order& order, const FreezeOrder& freeze, bool for_snapshot) {
  const auto attempt = fmt::format("freeze {}/{}", freeze.pod.namespace_, freeze.pod.name);
  const Instant deadline = parts_.clock.now() + std::min<milliseconds>(freeze.limit, kLongestFreeze);
  if (freeze.limit <= milliseconds{0})
    return agent_failure(Kind::precondition,
                         attempt + ": no time is left for it, or the controller is of a version that tells none");
  for (const auto& [migration, other] : records_)
    if (migration != order.migration && other.state == SourceState::frozen && other.pod.uid == freeze.pod.uid)
      return agent_failure(Kind::precondition, fmt::format("{}: {} has frozen it already", attempt, other.name));
  auto containers = find_containers(freeze);
  if (!containers) return tl::make_unexpected(containers.error());
  StoredSource stored = known(order.migration);
  // What was snapshotted is what is frozen, or the target would go on from what is not this one's past.
  if (stored.state == SourceState::snapshotted &&
      (stored.pod.uid != freeze.pod.uid || stored.containers != *containers))
    return agent_failure(Kind::precondition,
                         attempt + ": its containers are not those that were snapshotted; they were started anew");
  stored.state = SourceState::frozen;
  stored.settled = false;
  stored.for_snapshot = for_snapshot;
  stored.term = order.term;
  stored.name = order.name;
  stored.pod = freeze.pod;
  stored.target_node = freeze.target_node;
  stored.deadline = deadline;
  stored.boot_id = parts_.boot_id;
  stored.containers = std::move(*containers);
  // Before the first pause: a gap is measured too long rather than too short.
  stored.frozen_at = parts_.clock.now();
  if (auto kept = put(order.migration, std::move(stored)); !kept) return tl::make_unexpected(kept.error());
  return pause_all(order.migration);
}

AgentResult<SourceRecord> Source::pause_all(const std::string& migration) {
  StoredSource& stored = records_.at(migration);
  for (const FrozenContainer& container : stored.containers) {
    auto paused = parts_.runtime.pause(container.id);
    if (paused) continue;
    const auto why = fmt::format("freeze {}/{}, container {}: {}", stored.pod.namespace_, stored.pod.name,
                                 container.name, paused.error().message);
    if (auto thawed = end_thawed(migration, why); !thawed) return thawed;
    return agent_failure(Kind::failed, why);
  }
  stored.settled = true;  // on the disk with the next change: who finds it unset pauses once more
  return to_answer(stored);
}

}  // namespace migrate::agent
