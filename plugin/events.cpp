#include "plugin/events.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

std::string text_of(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? one_line(found->get<std::string>()) : "";
}

// New events have eventTime, old ones lastTimestamp; the other is null then.
std::string time_of(const Json& event) {
  for (const char* key : {"lastTimestamp", "eventTime", "firstTimestamp"})
    if (std::string time = text_of(event, key); !time.empty()) return time;
  return kube::metadata_of(event, "creationTimestamp");
}

}  // namespace

Outcome<std::vector<EventLine>> events_about(const Session& session, const Migration& migration) {
  const auto events = session.client.list(kube::core("events", migration.namespace_),
                                          {.label_selector = "",
                                           .field_selector = "involvedObject.uid=" + migration.uid,
                                           .resource_version = "",
                                           .page = 500});
  if (!events) return fail(events.error().text());
  std::vector<EventLine> lines;
  lines.reserve(events->at("items").size());
  for (const Json& event : events->at("items"))
    lines.push_back({time_of(event), text_of(event, "type"),
                     fmt::format("{}: {}", text_of(event, "reason"), text_of(event, "message"))});
  std::stable_sort(lines.begin(), lines.end(), [](const EventLine& a, const EventLine& b) { return a.time < b.time; });
  return lines;
}

}  // namespace migrate::plugin
