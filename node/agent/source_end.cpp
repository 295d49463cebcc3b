#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/agent/source.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;

constexpr std::chrono::seconds kRest{60};                // with nothing due
constexpr milliseconds kAgain{500};                      // until a resume that failed is tried again
constexpr std::chrono::seconds kCheckpointPatience{30};  // one whose containers run again fails at once

}  // namespace

AgentResult<SourceRecord> Source::commit(const Order& order) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  switch (decide(SourceOrder::commit, stored, parts_.clock.now())) {
    case SourceAct::answer:
      return to_answer(stored);
    case SourceAct::thaw:
      return end_overdue(order.migration);
    case SourceAct::go_on:
      break;
    default:
      return agent_failure(Kind::precondition, explain(SourceOrder::commit, stored));
  }
  if (stored.archives.empty())
    return agent_failure(Kind::precondition,
                         fmt::format("commit {}/{}: there is no checkpoint of it, its memory would be lost",
                                     stored.pod.namespace_, stored.pod.name));
  const auto why = disturbed(stored);
  if (!why) return failed(why.error(), fmt::format("commit {}/{}", stored.pod.namespace_, stored.pod.name));
  if (!why->empty()) return end_thawed(order.migration, *why);
  StoredSource changed = stored;
  changed.state = SourceState::committed;
  changed.term = order.term;
  changed.ended_at = parts_.clock.now();
  if (auto kept = put(order.migration, std::move(changed)); !kept) return tl::make_unexpected(kept.error());
  return to_answer(stored);
}

// Why what was checkpointed is no longer all that ran; empty when it is. Whoever resumed or killed a container, perhaps
// by a restart of its runtime, made the checkpoint old.
Result<std::string> Source::disturbed(const StoredSource& stored) const {
  for (const FrozenContainer& container : stored.containers) {
    const auto found = parts_.runtime.find(stored.pod.uid, container.name);
    if (!found) return tl::make_unexpected(found.error());
    if (!*found) return fmt::format("its frozen container {} ended, and not by us", container.name);
    if ((*found)->id != container.id)
      return fmt::format("its frozen container {} ended and was started anew, and not by us", container.name);
    if (!(*found)->paused) return fmt::format("its container {} was resumed, and not by us", container.name);
  }
  return std::string{};
}

AgentResult<SourceRecord> Source::thaw(const Order& order, bool target_never_ran) {
  std::unique_lock lock{mutex_};
  const StoredSource& stored = known(order.migration);
  const SourceOrder asked = target_never_ran ? SourceOrder::thaw_never_ran : SourceOrder::thaw;
  const SourceAct act = decide(asked, stored, parts_.clock.now());
  if (act == SourceAct::refuse && stored.state == SourceState::committed) return to_answer(stored);  // it says so
  const bool is_about_to_be_taken = stored.state == SourceState::none && checkpointed_.contains(order.migration);
  if (stored.state == SourceState::snapshotted || is_about_to_be_taken) {
    // It runs. Written all the same: a freeze or a snapshot that was on its way finds it.
    StoredSource changed = stored;
    changed.state = SourceState::thawed;
    changed.settled = true;
    changed.name = order.name;
    changed.ended_at = parts_.clock.now();
    changed.term = order.term;
    if (auto kept = put(order.migration, std::move(changed)); !kept) return tl::make_unexpected(kept.error());
    return to_answer(known(order.migration));
  }
  if (act == SourceAct::answer) {
    if (stored.state == SourceState::thawed && !stored.settled)
      if (auto resumed = resume_all(order.migration); !resumed) return failed(resumed.error());
    return to_answer(stored);
  }
  if (stored.state == SourceState::committed) {
    for (const FrozenContainer& container : stored.containers) {
      const auto there = parts_.runtime.exists(container.id);
      if (!there) return failed(there.error(), fmt::format("thaw {}/{}", stored.pod.namespace_, stored.pod.name));
      if (!*there)
        return agent_failure(Kind::refused, fmt::format("thaw {}/{}: it is committed and its container {} is gone; "
                                                        "only the archives hold its memory",
                                                        stored.pod.namespace_, stored.pod.name, container.name));
    }
  }
  auto ended = end_thawed(order.migration, target_never_ran ? "the target never ran" : "");
  checkpoint_ended_.wait_for(lock, kCheckpointPatience, [&] { return !checkpointed_.contains(order.migration); });
  if (!ended) return ended;
  if (const StoredSource& now = known(order.migration); now.settled) return to_answer(now);
  return agent_failure(Kind::failed,
                       fmt::format("thaw {}: it is recorded, but not all of its containers run yet; it is "
                                   "tried again until they do",
                                   order.name));
}

AgentResult<SourceRecord> Source::end_overdue(const std::string& migration) {
  return end_thawed(migration, known(migration).for_snapshot ? "its snapshot was not taken until its deadline"
                                                             : "it was not committed until its deadline");
}

// Written first, then done: once anything runs again no commit can be answered any more.
AgentResult<SourceRecord> Source::end_thawed(const std::string& migration, const std::string& why) {
  StoredSource changed = known(migration);
  changed.state = SourceState::thawed;
  changed.ended_at = parts_.clock.now();
  if (changed.runs_on && changed.snapshot) changed.ended_at = changed.snapshot->frozen_at + changed.snapshot->frozen;
  changed.message = why;
  changed.settled = false;
  changed.for_snapshot = false;
  changed.runs_on = false;
  if (auto kept = put(migration, std::move(changed)); !kept) return tl::make_unexpected(kept.error());
  const StoredSource& stored = known(migration);
  const LogFields fields = {{"migration", migration}, {"name", stored.name}, {"pod", stored.pod.name}};
  if (!why.empty()) parts_.log.warn("the source is thawed: " + why, fields);
  if (auto resumed = resume_all(migration); !resumed) parts_.log.error(resumed.error().message, fields);
  return to_answer(stored);
}

Result<void> Source::resume_all(const std::string& migration) {
  StoredSource changed = known(migration);
  for (const FrozenContainer& container : changed.containers) {
    const auto resumed = parts_.runtime.resume(container.id);
    if (resumed) continue;
    const auto there = parts_.runtime.exists(container.id);
    if (there && !*there) {  // who is gone needs no thaw; but it is not as before
      if (std::find(changed.lost.begin(), changed.lost.end(), container.name) == changed.lost.end())
        changed.lost.push_back(container.name);
      continue;
    }
    return tl::make_unexpected(resumed.error().within(
        fmt::format("thaw {}/{}, container {}", changed.pod.namespace_, changed.pod.name, container.name)));
  }
  if (changed.lost.size() != known(migration).lost.size())
    parts_.log.warn(
        fmt::format("the source was lost while it was frozen: {} gone before the thaw", fmt::join(changed.lost, ", ")),
        {{"migration", migration}, {"name", changed.name}, {"pod", changed.pod.name}});
  changed.settled = !checkpointed_.contains(migration);
  if (auto kept = put(migration, std::move(changed)); !kept) return failure(kept.error().message);
  return {};
}

std::shared_ptr<void> Source::checkpoint_at_work(const std::string& migration) {
  const std::lock_guard lock{mutex_};
  checkpointed_.insert(migration);
  return {this, [migration](Source* source) { source->end_checkpoint(migration); }};
}

void Source::end_checkpoint(const std::string& migration) {
  {
    const std::lock_guard lock{mutex_};
    checkpointed_.erase(migration);
    const StoredSource& stored = known(migration);
    if (stored.state == SourceState::thawed)
      if (auto resumed = resume_all(migration); !resumed)
        parts_.log.error(resumed.error().message, {{"migration", migration}, {"name", stored.name}});
  }
  checkpoint_ended_.notify_all();
}

SourceRecord Source::record(const Order& order) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  if (is_overdue(stored, parts_.clock.now()))
    if (auto thawed = end_overdue(order.migration); thawed) return *thawed;
  return to_answer(stored);
}

AgentResult<bool> Source::is_gone(const Order& order) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  if (stored.state == SourceState::none)
    return agent_failure(Kind::precondition, "this node's agent has not frozen the source of " + order.name);
  for (const FrozenContainer& container : stored.containers) {
    const auto there = parts_.runtime.exists(container.id);
    if (!there) return failed(there.error());
    if (*there) return false;
  }
  return true;
}

std::vector<HeldMigration> Source::held() {
  const std::lock_guard lock{mutex_};
  std::vector<HeldMigration> all;
  all.reserve(records_.size() + unreadable_.size());
  for (const auto& [migration, stored] : records_)
    all.push_back({migration, stored.name, std::string(to_string(stored.state)), stored.pod.uid});
  for (const auto& [migration, why] : unreadable_)
    all.push_back({migration, "", kHeldUnreadable, ""});
  return all;
}

bool Source::is_settled(const std::string& migration) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(migration);
  switch (stored.state) {
    case SourceState::none:
    case SourceState::snapshotted:
      return !unreadable_.contains(migration);
    case SourceState::frozen:
      return false;
    case SourceState::thawed:
      return stored.settled;
    case SourceState::committed:
      return std::all_of(stored.containers.begin(), stored.containers.end(), [&](const FrozenContainer& container) {
        const auto there = parts_.runtime.exists(container.id);
        return there && !*there;
      });
  }
  return false;
}

AgentResult<void> Source::clean_up(const Order& order) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  if (decide(SourceOrder::clean_up, stored, parts_.clock.now()) != SourceAct::go_on)
    return agent_failure(Kind::refused, explain(SourceOrder::clean_up, stored));
  if (checkpointed_.contains(order.migration))
    return agent_failure(Kind::refused, fmt::format("clean up {}: its checkpoint has not ended yet", order.name));
  if (stored.state == SourceState::thawed && !stored.settled)
    if (auto resumed = resume_all(order.migration); !resumed) return failed(resumed.error());
  if (auto removed = remove_tree(parts_.places.source(order.migration)); !removed) return failed(removed.error());
  records_.erase(order.migration);
  return {};
}

AgentResult<StoredSource> Source::permitted(const Order& order, SourceOrder asked) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  switch (decide(asked, stored, parts_.clock.now())) {
    case SourceAct::go_on:
      return stored;
    case SourceAct::thaw:
      if (auto thawed = end_overdue(order.migration); !thawed) return tl::make_unexpected(thawed.error());
      break;
    default:
      break;
  }
  return agent_failure(Kind::precondition, explain(asked, stored));
}

AgentResult<void> Source::keep_archives(const Order& order, const std::vector<Archive>& archives) {
  // A checkpoint that ended after the deadline is of a source that runs again, or is about to.
  auto stored = permitted(order, SourceOrder::checkpoint);
  if (!stored) return tl::make_unexpected(stored.error());
  const std::lock_guard lock{mutex_};
  if (known(order.migration).state != SourceState::frozen)
    return agent_failure(Kind::precondition, explain(SourceOrder::checkpoint, known(order.migration)));
  StoredSource changed = known(order.migration);
  changed.archives = archives;
  return put(order.migration, std::move(changed));
}

Instant Source::tend() {
  const std::lock_guard lock{mutex_};
  const Instant now = parts_.clock.now();
  Instant next = now + kRest;
  std::vector<std::string> due;
  for (const auto& [migration, stored] : records_) {
    const bool overdue = is_overdue(stored, now);
    if (stored.state == SourceState::frozen && !stored.runs_on && !overdue) next = std::min(next, stored.deadline);
    if (overdue || (stored.state == SourceState::thawed && !stored.settled)) due.push_back(migration);
  }
  for (const std::string& migration : due) {
    const StoredSource& stored = known(migration);
    if (stored.state == SourceState::frozen) {
      if (auto ended = end_overdue(migration); !ended)
        parts_.log.error(ended.error().message, {{"migration", migration}, {"name", stored.name}});
    } else if (auto resumed = resume_all(migration); !resumed) {
      parts_.log.error(resumed.error().message, {{"migration", migration}, {"name", stored.name}});
    }
    if (!known(migration).settled || known(migration).state == SourceState::frozen) next = std::min(next, now + kAgain);
  }
  return next;
}

}  // namespace migrate::agent
