#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "node/agent/disk.h"
#include "node/agent/target.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;

// A restore that goes on writes its mark itself.
constexpr std::chrono::minutes kStillAtIt{2};

}  // namespace

// `used` of a Pod that lives stays, with whom it was for: it is what lets the container start again as any other,
// should its sandbox still carry the annotation. Everything else goes, `expected` first, so that no create begins
// meanwhile.
Result<void> Target::clean_pod(const std::string& pod_uid) const {
  const fs::path folder = parts_.places.restore(pod_uid);
  bool keep_folder = false;
  for (const std::string& container : containers_of(pod_uid)) {
    const bool keep = marks_of(pod_uid, container).seen.used && parts_.places.may_hold(pod_uid);
    keep_folder = keep_folder || keep;
    if (!keep) {
      if (auto removed = remove_tree(folder / container / "expected"); !removed) return removed;
      if (auto removed = remove_tree(folder / container); !removed) return removed;
      continue;
    }
    for (const char* part : {"go", "abort", "waiting", "claimed", "failed", "archive", "work"})
      if (auto removed = remove_tree(folder / container / part); !removed) return removed;
  }
  return keep_folder ? Result<void>{} : remove_tree(folder);
}

void Target::tend() {
  tend_images();
  const std::lock_guard lock{mutex_};
  std::set<std::string> expected;
  for (const auto& [migration, stored] : records_)
    expected.insert(stored.pods.begin(), stored.pods.end());
  std::vector<std::string> pods;
  std::error_code code;
  for (fs::directory_iterator walk{parts_.places.restores(), code}; !code && walk != fs::directory_iterator{};
       walk.increment(code))
    pods.push_back(walk->path().filename().string());
  for (const std::string& pod : pods) {
    if (!expected.contains(pod) && !parts_.places.may_hold(pod)) {
      if (auto removed = remove_tree(parts_.places.restore(pod)); !removed) parts_.log.warn(removed.error().message);
      continue;
    }
    for (const std::string& container : containers_of(pod)) {
      const Marks marks = marks_of(pod, container);
      if (marks.seen.claimed != runtime::Mark::this_boot || marks.seen.used || marks.failed) continue;
      if (!marks.claimed_at || parts_.clock.now() - *marks.claimed_at < kStillAtIt) continue;
      if (!tasks_resumed(parts_.places.restores(), pod, container)) continue;
      // Its memory runs, but a full disk kept migrate-runc from saying so.
      if (const auto there = parts_.runtime.exists(marks.claimed_by); !there || !*there) continue;
      const fs::path used = parts_.places.restore(pod) / container / "used";
      if (auto written = write_durably(used, "{}\n"); !written) parts_.log.warn(written.error().message);
    }
  }
}

}  // namespace migrate::agent
