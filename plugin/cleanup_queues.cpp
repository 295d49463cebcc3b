// What is left of migrations at a broker: mirrors, and words that nobody will ever be meant by. Pure.
#include <fmt/format.h>

#include <algorithm>

#include "plugin/cleanup_finds.h"
#include "plugin/json_path.h"
#include "shared/messages/mirror.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;

constexpr const char* kPerhapsAnothers =
    "no Migration of this cluster has that uid, nor is there a trace of one: it may be another cluster's that shares "
    "this broker. Where none does: --accept unknown-mirrors";

std::string uid_of(const std::string& mirror) {
  return mirror.starts_with(messages::kMirrorPrefix) ? mirror.substr(messages::kMirrorPrefix.size()) : "";
}

Findings of_mirror(const QueueSight& queue, const QueueQuestion& asked, const MigrationsKnown& known) {
  const std::string uid = uid_of(queue.name);
  if (!known.is_gone(uid)) return {};
  if (!known.was_here(uid) && !asked.accepts_unknown_mirrors)
    return {{}, {{"queue", "", queue.name, kPerhapsAnothers}}};
  // What a restored application has yet to replay is in its mirror alone.
  const bool is_unneeded = asked.unneeded.contains(uid);
  return {{{"queue", "", queue.name, "the mirror of a Migration that is gone", "deleted",
            RemoveQueue{{.if_unused = true, .if_empty = !is_unneeded}}, uid}},
          {}};
}

// A process that starts under that host name would look for a mirror that never comes again.
Findings of_control_queue(const QueueSight& queue, const QueueQuestion& asked, const MigrationsKnown& known) {
  if (asked.forsaken.contains(queue.name) && !asked.told.contains(queue.name))
    return {{{"queue", "", queue.name, "nobody looks into it but a Pod that goes", "deleted",
              RemoveQueue{{.if_unused = true, .if_empty = false}}}},
            {}};
  std::vector<std::string> uids;
  for (const std::string& word : queue.words)
    if (std::string uid = uid_of(mirror_in(word)); !uid.empty()) uids.push_back(std::move(uid));
  const bool is_meant = std::any_of(uids.begin(), uids.end(), [&](const auto& uid) { return !known.is_gone(uid); });
  if (uids.empty() || is_meant || asked.told.contains(queue.name)) return {};
  const bool were_here = std::all_of(uids.begin(), uids.end(), [&](const auto& uid) { return known.was_here(uid); });
  if (!were_here && !asked.accepts_unknown_mirrors) return {{}, {{"queue", "", queue.name, kPerhapsAnothers}}};
  const bool is_served =
      std::any_of(uids.begin(), uids.end(), [&](const auto& uid) { return asked.served.contains(uid); });
  if (is_served) return {};
  return {{{"queue", "", queue.name, "it tells whoever looks to replay for a Migration that is gone", "emptied",
            PurgeQueue{}}},
          {}};
}

}  // namespace

std::string mirror_in(const std::string& word) {
  const Json message = Json::parse(word, nullptr, false);
  return text_at(message, {"type"}) == "START_REPLAY" ? text_at(message, {"payload", "queue"}) : "";
}

Findings find_left_queues(const QueueQuestion& asked, const MigrationsKnown& known) {
  Findings found;
  for (const QueueSight& queue : asked.queues)
    found.add(queue.name.starts_with(messages::kMirrorPrefix) ? of_mirror(queue, asked, known)
                                                              : of_control_queue(queue, asked, known));
  return found;
}

}  // namespace migrate::plugin
