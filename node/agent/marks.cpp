#include "node/agent/marks.h"

#include "node/runtime/files.h"
#include "node/runtime/state_folder.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Folder = runtime::Observation::Folder;
using runtime::Mark;

constexpr std::size_t kMarkLimit = 64U << 10;
constexpr std::size_t kCriuLogLimit = 64U << 20;

std::string text_at(const fs::path& file, std::size_t limit) {
  const auto text = runtime::read_file(file, limit);
  return text && *text ? **text : std::string{};
}

}  // namespace

Marks read_marks(const fs::path& restores, const std::string& pod_uid, const std::string& container,
                 const std::string& boot_id, Instant now) {
  const runtime::StateFolder folder{
      restores, {runtime::Identity::Kind::container, pod_uid, "", container, ""}, boot_id};
  Marks marks;
  marks.seen = folder.observe();
  if (marks.seen.folder == Folder::untrusted) return marks;
  const auto waiting = runtime::parse_mark(text_at(folder.path() / "waiting", kMarkLimit));
  marks.waiting = waiting.at && waiting.boot_id == boot_id && now - *waiting.at < runtime::kPatience;
  if (marks.seen.claimed == Mark::none) return marks;
  const auto claimed = runtime::parse_mark(text_at(folder.path() / "claimed", kMarkLimit));
  marks.claimed_by = claimed.container;
  marks.claimed_at = claimed.at;
  if (const std::string report = text_at(folder.path() / "failed", kMarkLimit); !report.empty()) {
    auto parsed = runtime::parse_report(report);
    marks.failed = parsed ? std::move(*parsed) : runtime::FailureReport{"its report cannot be read", std::nullopt};
  }
  return marks;
}

bool tasks_resumed(const fs::path& restores, const std::string& pod_uid, const std::string& container) {
  return text_at(restores / pod_uid / container / "work/restore.log", kCriuLogLimit).find("Tasks resumed") !=
         std::string::npos;
}

RestoredContainer state_of(const std::string& container, const Marks& marks) {
  RestoredContainer restored{container, RestoreState::none, "", std::nullopt, marks.claimed_by};
  if (marks.seen.folder == Folder::untrusted || marks.seen.folder == Folder::broken) {
    restored.message = marks.seen.trouble;
    return restored;
  }
  if (marks.seen.used) {
    restored.state = RestoreState::used;
    restored.resumed = true;
  } else if (marks.failed) {
    restored.state = RestoreState::failed;
    restored.message = marks.failed->message;
    restored.resumed = marks.failed->tasks_resumed;
  } else if (marks.seen.claimed == Mark::earlier_boot) {
    restored.state = RestoreState::failed;
    restored.message = "the node was started anew during its restore";
  } else if (marks.seen.claimed == Mark::this_boot) {
    restored.state = RestoreState::claimed;
  } else if (marks.seen.folder == Folder::prepared) {
    restored.state = marks.waiting ? RestoreState::waiting : RestoreState::prepared;
  }
  return restored;
}

bool may_have_run(const Marks& marks) {
  if (marks.seen.folder == Folder::untrusted) return true;
  if (marks.seen.used) return true;
  if (marks.seen.claimed == Mark::none) return false;
  return !(marks.failed && marks.failed->tasks_resumed == false);
}

}  // namespace migrate::agent
