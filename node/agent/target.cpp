#include "node/agent/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "node/agent/criu_log.h"
#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/agent/runtime_log.h"
#include "node/runtime/files.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;
using Folder = runtime::Observation::Folder;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kRecordLimit = 1U << 20;
constexpr milliseconds kLook{20};         // between two looks at marks
constexpr milliseconds kClaimEnds{2000};  // a create that claimed beside an abort reports within milliseconds
constexpr const char* kRecord = "record.json";

AgentResult<void> checked(const PodRef& pod, const std::vector<std::string>& containers) {
  if (!is_plain_name(pod.uid)) return agent_failure(Kind::precondition, fmt::format("'{}' is no Pod's uid", pod.uid));
  for (const std::string& name : containers)
    if (!is_plain_name(name)) return agent_failure(Kind::precondition, fmt::format("'{}' names no container", name));
  return {};
}

}  // namespace

Target::Target(TargetParts parts) : parts_(std::move(parts)) {
  registry_.ask_before(
      [this](const std::string& migration, const std::string& repository) { return may_give(migration, repository); });
  std::error_code code;
  for (fs::directory_iterator walk{parts_.places.targets(), code}; !code && walk != fs::directory_iterator{};
       walk.increment(code)) {
    const std::string migration = walk->path().filename().string();
    const auto text = runtime::read_file(walk->path() / kRecord, kRecordLimit);
    if (text && !*text) continue;
    auto stored = text ? parse_target(**text) : Result<StoredTarget>(tl::make_unexpected(text.error()));
    if (stored)
      records_[migration] = std::move(*stored);
    else
      unreadable_[migration] = stored.error().message;
  }
  for (const auto& [migration, why] : unreadable_)
    parts_.log.error("a target's record cannot be read: " + why, {{"migration", migration}});
  for (const auto& [migration, stored] : records_)
    if (stored.offer && stored.boot_id == parts_.boot_id) open_registry(migration, *stored.offer);
}

AgentResult<void> Target::is_readable(const std::string& migration) const {
  const auto found = unreadable_.find(migration);
  if (found == unreadable_.end()) return {};
  return agent_failure(
      Kind::failed, fmt::format("this agent cannot read its record {} ({}); an agent of the version that wrote it can",
                                (parts_.places.target(migration) / kRecord).string(), found->second));
}

StoredTarget Target::known(const std::string& migration) const {
  const auto found = records_.find(migration);
  return found != records_.end() ? found->second : StoredTarget{};
}

AgentResult<void> Target::put(const std::string& migration, const StoredTarget& changed) {
  if (auto made = make_private_folder(parts_.places.state, fs::path("targets") / migration); !made)
    return failed(made.error());
  if (auto written = write_durably(parts_.places.target(migration) / kRecord, to_text(changed)); !written)
    return failed(written.error());
  records_[migration] = changed;
  return {};
}

Marks Target::marks_of(const std::string& pod_uid, const std::string& container) const {
  return read_marks(parts_.places.restores(), pod_uid, container, parts_.boot_id, parts_.clock.now());
}

std::vector<std::string> Target::containers_of(const std::string& pod_uid) const {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator walk{parts_.places.restore(pod_uid), code}; !code && walk != fs::directory_iterator{};
       walk.increment(code))
    names.push_back(walk->path().filename().string());
  return names;
}

AgentResult<void> Target::prepare(const Order& order, const PrepareOrder& prepare) {
  if (auto named = checked(prepare.pod, prepare.containers); !named) return named;
  if (prepare.as_image) return prepare_images(order, prepare);
  const auto attempt = fmt::format("prepare {}/{}", prepare.pod.namespace_, prepare.pod.name);
  const std::lock_guard lock{mutex_};
  StoredTarget stored = known(order.migration);
  stored.name = order.name;
  std::erase(stored.pods, prepare.pod.uid);
  stored.pods.push_back(prepare.pod.uid);
  if (auto kept = put(order.migration, stored); !kept) return kept;

  const std::string text = nlohmann::json{{"migration", order.migration},
                                          {"forecastMs", std::max<std::int64_t>(0, prepare.forecast.count())}}
                               .dump() +
                           "\n";
  for (const std::string& name : prepare.containers) {
    const runtime::Observation seen = marks_of(prepare.pod.uid, name).seen;
    if (seen.folder == Folder::untrusted || seen.folder == Folder::broken)
      return agent_failure(Kind::failed, fmt::format("{}: {}", attempt, seen.trouble));
    if (seen.folder == Folder::prepared && seen.expected.migration != order.migration)
      return agent_failure(Kind::precondition,
                           fmt::format("{}: it was made for another migration, {}", attempt, seen.expected.migration));
    if (seen.used || seen.claimed != runtime::Mark::none) continue;
    // Taking an `abort` back would break the word that nothing will begin.
    if (seen.abort)
      return agent_failure(Kind::precondition,
                           fmt::format("{}: its restore was cancelled before; make another Pod for it", attempt));
    const fs::path below = fs::path("restores") / prepare.pod.uid / name;
    if (auto made = make_private_folder(parts_.places.state, below); !made) return failed(made.error(), attempt);
    if (auto written = write_durably(parts_.places.state / below / "expected", text); !written)
      return failed(written.error(), attempt);
  }
  return {};
}

AgentResult<std::vector<RestoredContainer>> Target::states(const PodRef& pod,
                                                           const std::vector<std::string>& containers,
                                                           const std::vector<RestoreState>& known, const Call& call) {
  if (auto named = checked(pod, containers); !named) return tl::make_unexpected(named.error());
  const auto images_of = migration_of_images(pod.uid);
  const auto until = Steady::now() + call.timeout;
  for (;;) {
    std::vector<RestoredContainer> states;
    states.reserve(containers.size());
    for (const std::string& name : containers)
      states.push_back(images_of ? image_state(*images_of, pod.uid, name) : state_of(name, marks_of(pod.uid, name)));
    const bool same = std::equal(states.begin(), states.end(), known.begin(), known.end(),
                                 [](const RestoredContainer& now, RestoreState then) { return now.state == then; });
    if (!same) tell_failures(pod, states, known);
    if (!same || Steady::now() + kLook > until) return states;
    if (call.stop.stop_requested()) return agent_failure(Kind::cancelled, "wait for the restore: cancelled");
    std::this_thread::sleep_for(kLook);
  }
}

// Only where another state was known, hence once: who is in doubt knows none and asks every few seconds. What an image
// was restored with is the runtime's, and leaves no log here.
void Target::tell_failures(const PodRef& pod, const std::vector<RestoredContainer>& states,
                           const std::vector<RestoreState>& known) const {
  for (std::size_t i = 0; i < std::min(states.size(), known.size()); ++i) {
    if (states[i].state != RestoreState::failed || known[i] == RestoreState::failed) continue;
    const std::string& name = states[i].name;
    const Marks marks = marks_of(pod.uid, name);
    const std::string& migration = marks.seen.expected.migration;
    const std::string whole_name = pod.namespace_ + "/" + pod.name;
    tell_runtime_log(parts_.log, parts_.places.runtime_log, {migration, pod.name, name}, whole_name,
                     marks.failed ? marks.failed->message : "");
    tell_criu_log(parts_.log, parts_.places.restore(pod.uid) / name / "work/restore.log",
                  {{"migration", migration}, {"name", whole_name}, {"container", name}, {"pod", pod.name}});
  }
}

AgentResult<bool> Target::cancel(const Order& order, const PodRef& pod, const Call& call) {
  const std::lock_guard lock{mutex_};
  // Whatever Pod it is: images are given to whoever has the credentials.
  if (StoredTarget stored = known(order.migration); stored.offer) return cancel_images(order, std::move(stored));
  if (auto named = checked(pod, {}); !named) return tl::make_unexpected(named.error());
  const auto attempt = fmt::format("cancel the restore of {}/{}", pod.namespace_, pod.name);
  bool nothing_ran = true;
  for (const std::string& name : containers_of(pod.uid)) {
    Marks marks = marks_of(pod.uid, name);
    if (marks.seen.folder == Folder::prepared && marks.seen.expected.migration != order.migration) continue;
    // Our mark first, then a look at the other side's: either a create sees `abort`, or we see its `claimed`.
    if (!marks.seen.abort)
      if (auto written = write_durably(parts_.places.restore(pod.uid) / name / "abort", "{}\n"); !written)
        return failed(written.error(), attempt);
    const auto until = Steady::now() + std::min(call.timeout, kClaimEnds);
    for (marks = marks_of(pod.uid, name); may_have_run(marks); marks = marks_of(pod.uid, name)) {
      const bool may_be_told = marks.seen.claimed == runtime::Mark::this_boot && !marks.seen.used && !marks.failed;
      if (!may_be_told || Steady::now() + kLook > until) break;
      std::this_thread::sleep_for(kLook);
    }
    if (may_have_run(marks)) nothing_ran = false;
  }
  return nothing_ran;
}

std::vector<HeldMigration> Target::held() const {
  const std::lock_guard lock{mutex_};
  std::vector<HeldMigration> all;
  all.reserve(records_.size());
  for (const auto& [migration, stored] : records_)
    all.push_back({migration, stored.name, "", ""});
  return all;
}

AgentResult<void> Target::clean_up(const Order& order) {
  const std::lock_guard lock{mutex_};
  registry_.close(order.migration);
  const StoredTarget stored = known(order.migration);
  if (stored.offer) forget_images(*stored.offer);
  for (const std::string& pod : stored.pods)
    if (auto cleaned = clean_pod(pod); !cleaned) return failed(cleaned.error());
  if (auto removed = remove_tree(parts_.places.target(order.migration)); !removed) return failed(removed.error());
  records_.erase(order.migration);
  return {};
}

}  // namespace migrate::agent
