#include "plugin/drain_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "plugin/drain_finds.h"
#include "plugin/drain_words.h"
#include "plugin/format.h"
#include "plugin/outcome.h"

namespace migrate::plugin {
namespace {

using State = DrainEntry::State;
using Way = Leaving::Way;

constexpr std::chrono::seconds kUntilTold{10};

// Nothing is under way for it, nor has anything been decided that lasts.
bool is_undecided(State state) {
  return state == State::waiting || state == State::to_evict || state == State::left;
}

// As long as nothing has begun, what its object says now counts.
bool is_to_judge(const DrainEntry& entry) {
  const bool is_by_object = is_undecided(entry.state) || entry.state == State::going || entry.state == State::ignored;
  return entry.is_there && (entry.state == State::waiting || (entry.is_judged && is_by_object));
}

// Not for a moment: a budget counts what is ready, so it holds somebody after every move.
bool is_held(const DrainEntry& entry, DrainLedger::Time now) {
  return entry.held_since && now - *entry.held_since >= kUntilTold;
}

std::size_t covered_by(const std::string& budget, const std::vector<AtWork>& at_work) {
  return static_cast<std::size_t>(std::count_if(at_work.begin(), at_work.end(), [&](const AtWork& one) {
    return std::find(one.budgets.begin(), one.budgets.end(), budget) != one.budgets.end();
  }));
}

}  // namespace

bool is_open(const DrainEntry& entry) {
  switch (entry.state) {
    case State::waiting:
    case State::moving:
    case State::to_evict:
      return true;
    case State::moved:
    case State::evicting:
    case State::going:
      return entry.is_there;
    default:
      return false;
  }
}

bool is_pending(const DrainEntry& entry) {
  const bool is_lost = entry.state == State::failed || entry.state == State::in_doubt;
  return is_open(entry) || is_lost || entry.state == State::left;
}

DrainLedger::Lines DrainLedger::take(DrainLook look, Time now) {
  look_ = std::move(look);
  take_pods();
  adopt_moved();
  Lines lines;
  for (auto& [uid, entry] : entries_) {
    follow(entry, now, lines);
    if (!entry.is_there) look_whether_gone(entry, lines);
    if (is_to_judge(entry)) judge(entry);
  }
  return lines;
}

void DrainLedger::take_pods() {
  for (auto& [uid, entry] : entries_)
    entry.is_there = false;
  for (const DrainPod& pod : look_.pods) {
    DrainEntry& entry = entries_[pod.uid];
    entry.pod = pod;
    entry.is_there = true;
  }
}

// A Pod may have left while its Migration is at work: it comes back into its name elsewhere, or is committed and not
// yet restored. Its labels are gone with it, so who asked for some is not told of it.
void DrainLedger::adopt_moved() {
  if (!aims_.scope.selector.empty()) return;
  for (const Migration& one : look_.migrations) {
    const bool is_ours = one.status.source.node == aims_.scope.node &&
                         (aims_.scope.namespace_.empty() || one.namespace_ == aims_.scope.namespace_);
    if (!is_ours || is_final(one.status.phase) || is_local(one) || entries_.contains(one.spec.pod_uid)) continue;
    DrainEntry entry;
    entry.pod.namespace_ = one.namespace_;
    entry.pod.name = one.spec.pod;
    entry.pod.uid = one.spec.pod_uid;
    entry.pod.owner = one.status.owner.value_or(OwnerRef{});
    entry.is_there = false;
    entries_.emplace(entry.pod.uid, std::move(entry));
  }
}

void DrainLedger::judge(DrainEntry& entry) {
  // What comes here, or its place, belongs to another move; what it is then, the next looks will see.
  if (towards(look_, entry.pod) != nullptr) {
    entry.state = State::waiting;
    return;
  }
  Leaving found = leaving(entry.pod, look_.is_enabled(entry.pod.namespace_), aims_.rules);
  // It keeps what it waits for.
  if (found.way == Way::migrate && entry.state == State::waiting) return;
  if (found.way == Way::evict && entry.state == State::to_evict) return;
  leave(entry, std::move(found));
  entry.is_judged = true;
}

void DrainLedger::leave(DrainEntry& entry, Leaving leaving) {
  switch (leaving.way) {
    case Way::migrate:
      entry.state = State::waiting;
      break;
    case Way::evict:
      entry.state = State::to_evict;
      break;
    case Way::ignore:
      entry.state = State::ignored;
      break;
    case Way::go:
      entry.state = State::going;
      break;
    case Way::nothing:
      entry.state = State::left;
      break;
  }
  entry.why = std::move(leaving.why);
  entry.advice = std::move(leaving.advice);
}

void DrainLedger::follow(DrainEntry& entry, Time now, Lines& lines) {
  if (const Migration* at_work = at_work_on(look_, entry.pod.uid)) return follow_at_work(entry, *at_work, now, lines);
  // Of an earlier run, or somebody else's: whoever has its memory, the Pod is nobody's to touch.
  if (const Migration* failed = failed_on(look_, entry.pod.uid); failed != nullptr && is_undecided(entry.state)) {
    entry.moves = *failed;
    return conclude(entry, *failed, now, lines);
  }
  if ((entry.state != State::moving && entry.state != State::in_doubt) || !entry.moves) return;
  if (const Migration* ended = migration_by_uid(look_, entry.moves->uid)) {
    entry.moves = *ended;
    conclude(entry, *ended, now, lines);
    return;
  }
  // That takes back what can be taken back, and somebody wanted it.
  stay(entry, fmt::format("its Migration {} was deleted", entry.moves->name));
  entry.moves.reset();
  lines.push_back(fmt::format("pod {} is left: {}", entry.pod.title(), entry.why));
}

void DrainLedger::follow_at_work(DrainEntry& entry, const Migration& at_work, Time now, Lines& lines) {
  const bool is_known = entry.state == State::moving && entry.moves && entry.moves->uid == at_work.uid;
  entry.moves = at_work;
  if (const Migration* stuck = is_over(at_work) ? &at_work : stuck_hop_of(look_, at_work)) {
    const State state = stuck->status.phase == Phase::failed ? State::failed : State::in_doubt;
    if (entry.state != state) conclude(entry, *stuck, now, lines);
    return;
  }
  if (is_known) return;
  lines.push_back(following_text(entry.pod, at_work));
  entry.state = State::moving;
}

void DrainLedger::conclude(DrainEntry& entry, const Migration& ended, Time now, Lines& lines) {
  std::string line = ended_text(entry.pod, ended);
  count_end(ended, entry.tries);
  stay(entry, against(ended), advice_about(ended));
  switch (ended.status.phase) {
    case Phase::succeeded:
      entry.state = State::moved;
      entry.why = "it has been migrated, and its kubelet has yet to end what is left of it";
      entry.advice = "";
      break;
    case Phase::in_doubt:
      entry.state = State::in_doubt;
      break;
    case Phase::refused:
    case Phase::rolled_back:
      if (const auto pause = again_after(ended, entry.tries)) {
        entry.state = State::waiting;
        entry.not_before = now + *pause;
        line += retry_text(*pause);
      } else if (may_be_evicted(ended, entry.tries)) {
        leave(entry, without_migration(entry.pod, aims_.rules, entry.why, entry.advice));
      }
      break;
    default:
      entry.state = State::failed;
  }
  lines.push_back(std::move(line));
}

void DrainLedger::stay(DrainEntry& entry, const std::string& why, const std::string& advice) {
  entry.state = State::left;
  entry.is_judged = false;
  entry.why = why;
  entry.advice = advice;
}

void DrainLedger::look_whether_gone(DrainEntry& entry, Lines& lines) {
  switch (entry.state) {
    case State::evicting:
      lines.push_back(fmt::format("pod/{} evicted", entry.pod.name));  // kubectl's words
      entry.state = State::evicted;
      break;
    case State::waiting:
    case State::to_evict:
    case State::going:
    case State::ignored:
    case State::left:
      entry.state = State::gone;
      break;
    default:
      break;
  }
}

DrainLedger::Next DrainLedger::next(Time now) {
  Next next;
  std::vector<AtWork> at_work = all_at_work();
  const Turns turns = plugin::turns(movers(now), at_work, all_allowed(look_), aims_.limits);
  for (const auto& [uid, wait] : turns.waiting)
    hold(entries_.at(uid), wait, now, next.lines);
  for (const std::string& uid : turns.start) {
    entries_.at(uid).held_since.reset();
    next.migrate.push_back(entries_.at(uid).pod);
  }
  take_evictions(next, std::move(at_work), now);
  return next;
}

std::vector<Mover> DrainLedger::movers(Time now) {
  std::vector<Mover> found;
  for (auto& [uid, entry] : entries_) {
    if (entry.state != State::waiting) continue;
    if (const Migration* other = towards(look_, entry.pod)) {
      entry.why = fmt::format("it is the target of Migration {}, which is at work ({})", other->name,
                              to_string(other->status.phase));
      entry.advice = "";
    } else if (entry.not_before <= now) {
      found.push_back(mover_of(entry.pod));
    }
  }
  return found;
}

// Whom a budget holds is not waited for: what is to be evicted may be the reason why it allows nothing.
bool DrainLedger::is_anybody_to_move(Time now) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& one) {
    const DrainEntry& entry = one.second;
    return entry.state == State::moving || (entry.state == State::waiting && !is_held(entry, now));
  });
}

// The API server keeps the budgets by what is ready, and so is the source of a migration until it is gone: where one is
// at work, we count as for the next migration.
void DrainLedger::take_evictions(Next& next, std::vector<AtWork> at_work, Time now) {
  const bool is_busy = is_anybody_to_move(now);
  const auto most = all_allowed(look_);
  const std::vector<AtWork> migrations = at_work;
  for (auto& [uid, entry] : entries_) {
    if (entry.state != State::to_evict || entry.not_before > now) continue;
    // Nobody needs it, and no budget counts it.
    if (is_finished(entry.pod.object)) {
      next.evict.push_back(entry.pod);
      continue;
    }
    if (is_busy) continue;
    Mover mover = mover_of(entry.pod);
    const auto full = std::find_if(mover.budgets.begin(), mover.budgets.end(), [&](const std::string& budget) {
      return covered_by(budget, migrations) > 0 && covered_by(budget, at_work) >= most.at(budget);
    });
    if (full != mover.budgets.end()) {
      entry.why = fmt::format("PodDisruptionBudget {} allows no more Pods to be away than migrations take", *full);
      continue;
    }
    at_work.push_back({mover.namespace_, mover.owner, "", std::move(mover.budgets)});
    next.evict.push_back(entry.pod);
  }
}

// Whose turn it is needs no words. A budget may keep somebody for ever; but for a moment it does so after every move,
// as it counts what is ready.
void DrainLedger::hold(DrainEntry& entry, const Wait& wait, Time now, Lines& lines) {
  entry.why = wait.text;
  entry.advice = "";
  if (wait.what != Wait::For::budget) {
    entry.held_since.reset();
    return;
  }
  entry.advice = in_one_piece(fmt::format("kubectl migrate pod/{} -n {}", entry.pod.name, entry.pod.namespace_)) +
                 " moves it all the same: it asks no budget";
  if (!entry.held_since) entry.held_since = now;
  if (now - *entry.held_since < kUntilTold || std::exchange(entry.is_hold_told, true)) return;
  lines.push_back(fmt::format("pod {} waits: {}", entry.pod.title(), wait.text));
}

void DrainLedger::started(const DrainPod& pod, const Migration& migration) {
  DrainEntry& entry = entries_.at(pod.uid);
  entry.state = State::moving;
  entry.moves = migration;
}

void DrainLedger::not_started(const DrainPod& pod, const std::string& why) {
  stay(entries_.at(pod.uid), why);
}

std::optional<std::chrono::seconds> DrainLedger::start_later(const DrainPod& pod, const std::string& why, Time now) {
  DrainEntry& entry = entries_.at(pod.uid);
  if (++entry.tries.waits >= kMostWaits) {
    stay(entry, why);
    return std::nullopt;
  }
  entry.why = why;
  entry.not_before = now + kTryAgain;
  return kTryAgain;
}

void DrainLedger::would_be_refused(const DrainPod& pod, const Migration& answer) {
  DrainEntry& entry = entries_.at(pod.uid);
  if (only_had_to_wait(answer)) return stay(entry, against(answer), advice_about(answer));
  leave(entry, without_migration(pod, aims_.rules, against(answer), advice_about(answer)));
}

void DrainLedger::evicting(const DrainPod& pod) {
  entries_.at(pod.uid).state = State::evicting;
}

void DrainLedger::evict_later(const DrainPod& pod, const std::string& why, Time when) {
  DrainEntry& entry = entries_.at(pod.uid);
  entry.why = why;
  entry.not_before = when;
}

void DrainLedger::not_evicted(const DrainPod& pod, const std::string& why) {
  stay(entries_.at(pod.uid), why);
}

std::string DrainLedger::budget_wait(const DrainPod& pod) const {
  constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  const Turns turns =
      plugin::turns({mover_of(pod)}, all_at_work(), all_allowed(look_), {.parallel = kAny, .per_target = kAny});
  const auto found = turns.waiting.find(pod.uid);
  return found != turns.waiting.end() && found->second.what == Wait::For::budget ? found->second.text : "";
}

bool DrainLedger::is_open() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& one) { return plugin::is_open(one.second); });
}

std::vector<const DrainEntry*> DrainLedger::entries() const {
  std::vector<const DrainEntry*> all;
  all.reserve(entries_.size());
  for (const auto& [uid, entry] : entries_)
    all.push_back(&entry);
  std::sort(all.begin(), all.end(), [](const DrainEntry* a, const DrainEntry* b) {
    return std::tie(a->pod.namespace_, a->pod.name) < std::tie(b->pod.namespace_, b->pod.name);
  });
  return all;
}

std::vector<AtWork> DrainLedger::all_at_work() const {
  std::vector<AtWork> all;
  for (const Migration& one : look_.migrations) {
    if (!is_at_work(one)) continue;
    AtWork at_work;
    at_work.namespace_ = one.namespace_;
    at_work.target = one.status.target.node.empty() ? one.spec.target_node : one.status.target.node;
    at_work.has_room = !is_unplaceable(one);
    if (one.status.owner) at_work.owner = one.status.owner->uid;
    if (const auto pod = look_.moved_pods.find(one.uid); pod != look_.moved_pods.end()) {
      at_work.budgets = budgets_over(pod->second, look_.budgets);
      if (at_work.owner.empty()) at_work.owner = drain_pod(pod->second).owner.uid;
    }
    // Nobody has looked at one that has just been asked for, and its Pod is known here.
    if (const auto here = entries_.find(one.spec.pod_uid); at_work.owner.empty() && here != entries_.end())
      at_work.owner = here->second.pod.owner.uid;
    all.push_back(std::move(at_work));
  }
  return all;
}

Mover DrainLedger::mover_of(const DrainPod& pod) const {
  return {pod.uid, pod.namespace_, pod.name, pod.owner.uid, aims_.target, budgets_over(pod.object, look_.budgets)};
}

}  // namespace migrate::plugin
