#include "test/e2e/object_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace harness {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

std::string version_of(const Json& object) {
  return object.at("metadata").at("resourceVersion").get<std::string>();
}

}  // namespace

std::string name_of(const Json& object) {
  return object.at("metadata").at("name").get<std::string>();
}

std::string uid_of(const Json& object) {
  return object.at("metadata").at("uid").get<std::string>();
}

ObjectEvents::ObjectEvents(const Cluster& cluster, const std::string& api, const std::string& ns,
                           const std::string& plural)
    : cluster_(cluster),
      path_(fmt::format("{}/namespaces/{}/{}", api, ns, plural)),
      watch_(watch_words(path_), folder_ / "events") {
  eventually(
      "a watch to see all of " + path_, [&] { return is_up_to_date(); }, 60s);
}

std::vector<ObjectEvent> ObjectEvents::seen() const {
  std::vector<ObjectEvent> events;
  std::istringstream lines{watch_.output()};
  bool begins = true;
  for (std::string line; std::getline(lines, line);) {
    Json one = Json::parse(line, nullptr, false);  // the last one may be half a line
    if (!one.is_object()) continue;
    const auto type = one.value("type", std::string{});
    if (type == "BEGUN") {
      begins = true;
    } else if (one.contains("object") && one["object"].value("kind", std::string{}) != "Status") {
      // It begins with what is there, and an event that is no ADDED says that this is over at the latest.
      begins = begins && type == "ADDED";
      events.push_back({type, std::move(one["object"]), begins});
    }
  }
  return events;
}

// An object's newest version is the last that was seen of it, and none of those that are gone is missing.
bool ObjectEvents::is_up_to_date() const {
  const auto listed = cluster_.run({"kubectl", "get", "--raw", path_});
  const Json objects = Json::parse(listed.output, nullptr, false);
  if (!listed.succeeded() || !objects.is_object()) return false;
  std::map<std::string, std::string> there;
  for (const Json& one : objects.at("items"))
    there[uid_of(one)] = version_of(one);
  std::map<std::string, std::string> seen_of;
  for (const ObjectEvent& event : seen())
    if (event.type == "DELETED")
      seen_of.erase(uid_of(event.object));
    else
      seen_of[uid_of(event.object)] = version_of(event.object);
  return std::all_of(there.begin(), there.end(), [&](const auto& one) {
    const auto found = seen_of.find(one.first);
    return found != seen_of.end() && found->second == one.second;
  });
}

std::vector<ObjectEvent> ObjectEvents::until_now() const {
  eventually(
      "a watch to see all that happened to " + path_, [&] { return is_up_to_date(); }, 60s);
  return seen();
}

}  // namespace harness
