#include "node/agent/source.h"

#include <fmt/format.h>

#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/runtime/files.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;

constexpr std::size_t kRecordLimit = 1U << 20;
constexpr const char* kRecord = "record.json";

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
      continue;
    }
    records_[migration] = std::move(*stored);
    const StoredSource& now = known(migration);
    if (now.state == SourceState::frozen && now.boot_id != parts_.boot_id)
      if (auto thawed = end_thawed(migration, "its node was started anew while it was frozen: its containers are gone");
          !thawed)
        parts_.log.error(thawed.error().message, {{"migration", migration}, {"name", now.name}});
  }
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
      return end_thawed(order.migration, "it was not committed until its deadline");
    case SourceAct::go_on:
      return stored.state == SourceState::none ? begin_freeze(order, freeze) : pause_all(order.migration);
    default:
      break;
  }
  // The archives may go elsewhere by now, and a deadline be another one.
  if (stored.state != SourceState::thawed &&
      (stored.target_node != freeze.target_node || stored.deadline != freeze.deadline)) {
    StoredSource changed = stored;
    changed.target_node = freeze.target_node;
    changed.deadline = freeze.deadline;
    changed.term = order.term;
    if (auto kept = put(order.migration, std::move(changed)); !kept) return tl::make_unexpected(kept.error());
  }
  return to_answer(stored);
}

AgentResult<SourceRecord> Source::begin_freeze(const Order& order, const FreezeOrder& freeze) {
  const auto attempt = fmt::format("freeze {}/{}", freeze.pod.namespace_, freeze.pod.name);
  if (freeze.containers.empty()) return agent_failure(Kind::precondition, attempt + ": no container is named");
  if (freeze.deadline <= parts_.clock.now())
    return agent_failure(Kind::precondition, attempt + ": the order's deadline has passed already");
  for (const auto& [migration, other] : records_)
    if (migration != order.migration && other.state == SourceState::frozen && other.pod.uid == freeze.pod.uid)
      return agent_failure(Kind::precondition, fmt::format("{}: {} has frozen it already", attempt, other.name));
  StoredSource stored;
  stored.state = SourceState::frozen;
  stored.term = order.term;
  stored.name = order.name;
  stored.pod = freeze.pod;
  stored.target_node = freeze.target_node;
  stored.deadline = freeze.deadline;
  stored.boot_id = parts_.boot_id;
  for (const std::string& name : freeze.containers) {
    if (!is_plain_name(name))
      return agent_failure(Kind::precondition, fmt::format("{}: '{}' names no container", attempt, name));
    const auto found = parts_.runtime.find(freeze.pod.uid, name);
    if (!found) return failed(found.error(), attempt);
    if (!*found)
      return agent_failure(Kind::precondition, fmt::format("{}: its container {} does not run here", attempt, name));
    stored.containers.push_back({name, (*found)->id});
  }
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
