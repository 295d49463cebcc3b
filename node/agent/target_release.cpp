#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/agent/target.h"
#include "node/runtime/rootfs_diff.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;
using Folder = runtime::Observation::Folder;
using runtime::Mark;

bool has_begun(const Marks& marks) {
  return marks.seen.used || marks.seen.claimed != Mark::none;
}

bool is_there(const fs::path& path) {
  std::error_code code;
  return fs::exists(fs::symlink_status(path, code));
}

}  // namespace

AgentResult<void> Target::release(const Order& order, const ReleaseOrder& release) {
  const auto attempt = fmt::format("release {}/{}", release.pod.namespace_, release.pod.name);
  const std::string& pod = release.pod.uid;
  for (const std::string& name : release.containers)
    if (!is_plain_name(name)) return agent_failure(Kind::precondition, fmt::format("'{}' names no container", name));
  for (const std::string& name : release.volumes)
    if (!is_plain_name(name)) return agent_failure(Kind::precondition, fmt::format("'{}' names no volume", name));
  if (!is_plain_name(pod)) return agent_failure(Kind::precondition, fmt::format("'{}' is no Pod's uid", pod));

  const std::lock_guard lock{mutex_};
  const StoredTarget stored = known(order.migration);
  std::vector<std::string> waiting;  // those that nothing has begun of
  for (const std::string& name : release.containers) {
    if (has_begun(marks_of(pod, name))) continue;
    if (auto may = may_release(order, pod, name); !may) return may;
    waiting.push_back(name);
  }
  for (const std::string& name : waiting)
    if (auto laid = lay_archive(order, stored, pod, name); !laid)
      return tl::make_unexpected(AgentError{laid.error().kind, attempt + ": " + laid.error().message});
  // A container that runs already uses them.
  if (waiting.size() == release.containers.size())
    for (const std::string& volume : release.volumes)
      if (auto laid = lay_volume(order, pod, volume); !laid)
        return failed(laid.error(), fmt::format("{}: its emptyDir {}", attempt, volume));

  const std::string text = nlohmann::json{{"bootId", parts_.boot_id}}.dump() + "\n";
  for (const std::string& name : waiting) {
    if (marks_of(pod, name).seen.go == Mark::this_boot) continue;
    if (auto written = write_durably(parts_.places.restore(pod) / name / "go", text); !written)
      return failed(written.error(), attempt);
  }
  return {};
}

AgentResult<void> Target::may_release(const Order& order, const std::string& pod_uid,
                                      const std::string& container) const {
  const runtime::Observation seen = marks_of(pod_uid, container).seen;
  const auto refused = [&](const std::string& why) {
    return agent_failure(Kind::precondition,
                         fmt::format("release container {} of Pod {}: {}", container, pod_uid, why));
  };
  if (seen.folder == Folder::absent) return refused("it was not prepared on this node");
  if (seen.folder != Folder::prepared) return refused(seen.trouble);
  if (seen.expected.migration != order.migration)
    return refused("it was prepared for another migration, " + seen.expected.migration);
  if (seen.abort) return refused("its restore was cancelled");
  return {};
}

// From where it was pulled to, or from the folder of an earlier Pod in which memory never ran.
AgentResult<void> Target::lay_archive(const Order& order, const StoredTarget& stored, const std::string& pod_uid,
                                      const std::string& container) {
  const fs::path place = parts_.places.restore(pod_uid) / container / "archive";
  const bool pulled_now = stored.boot_id == parts_.boot_id &&
                          std::any_of(stored.archives.begin(), stored.archives.end(),
                                      [&](const Archive& archive) { return archive.name == container; });
  if (!pulled_now)
    return agent_failure(Kind::precondition, fmt::format("the archive of container {} was not pulled since this node "
                                                         "was started; pull it first",
                                                         container));
  fs::path from = parts_.places.target(order.migration) / "archives" / container;
  if (!is_there(from)) {
    if (is_there(place)) return {};
    from.clear();
    for (const std::string& earlier : stored.pods) {
      const fs::path old = parts_.places.restore(earlier) / container / "archive";
      if (earlier == pod_uid || !is_there(old)) continue;
      auto ended = end_earlier(earlier, container);
      if (!ended) return tl::make_unexpected(ended.error());
      if (!*ended)
        return agent_failure(
            Kind::refused, fmt::format("container {} may have come to life in the earlier Pod {}", container, earlier));
      from = old;
    }
  }
  if (from.empty())
    return agent_failure(Kind::precondition,
                         fmt::format("the archive of container {} is gone; pull it again", container));
  if (auto removed = remove_tree(place); !removed) return failed(removed.error());
  std::error_code code;
  fs::rename(from, place, code);
  if (code) return failed(Error{fmt::format("move {} to {}: {}", from.string(), place.string(), code.message())});
  return {};
}

// Makes sure that nothing begins any more in that folder. False: something may have.
AgentResult<bool> Target::end_earlier(const std::string& pod_uid, const std::string& container) const {
  if (!marks_of(pod_uid, container).seen.abort)
    if (auto written = write_durably(parts_.places.restore(pod_uid) / container / "abort", "{}\n"); !written)
      return failed(written.error());
  return !may_have_run(marks_of(pod_uid, container));
}

Result<void> Target::lay_volume(const Order& order, const std::string& pod_uid, const std::string& volume) {
  const fs::path place = parts_.places.empty_dir(pod_uid, volume);
  std::error_code code;
  if (!fs::is_directory(place, code)) return failure(fmt::format("{} is not there", place.string()));
  // Of an attempt that did not come to its end.
  std::vector<fs::path> old;
  for (fs::directory_iterator walk{place, code}; !code && walk != fs::directory_iterator{}; walk.increment(code))
    old.push_back(walk->path());
  if (code) return failure(fmt::format("list {}: {}", place.string(), code.message()));
  for (const fs::path& path : old)
    if (auto removed = remove_tree(path); !removed) return removed;
  auto laid = runtime::unpack_tree(parts_.places.target(order.migration) / "volumes" / (volume + ".tar"), place);
  if (!laid) return tl::make_unexpected(laid.error());
  for (const std::string& warning : laid->warnings)
    parts_.log.warn(fmt::format("emptyDir {}: {}", volume, warning),
                    {{"migration", order.migration}, {"name", order.name}});
  return {};
}

}  // namespace migrate::agent
