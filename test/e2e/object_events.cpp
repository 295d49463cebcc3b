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

ObjectEvents::ObjectEvents(const Cluster& cluster, const std::string& ns, const std::string& api, std::string plural)
    : cluster_(cluster),
      ns_(ns),
      plural_(std::move(plural)),
      watch_(watch_words(fmt::format("{}/namespaces/{}/{}", api, ns, plural_)), folder_ / "events") {
  await_all();
}

void ObjectEvents::await_all() const {
  eventually(
      fmt::format("a watch to see all that happened to the {} of {}", plural_, ns_), [&] { return is_up_to_date(); },
      60s);
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
      Json& object = one["object"];
      // It begins with what is there, and an event that is no ADDED says that this is over at the latest.
      begins = begins && type == "ADDED";
      events.push_back({type, std::move(object), begins});
    }
  }
  return events;
}

// An object's newest version is the last that was seen of it, and none of those that are gone is missing.
bool ObjectEvents::is_up_to_date() const {
  const auto listed = cluster_.run({"kubectl", "-n", ns_, "get", plural_, "-o", "json"});
  const Json objects = Json::parse(listed.output, nullptr, false);
  if (!listed.succeeded() || !objects.is_object()) return false;
  std::map<std::string, std::string> there;
  for (const Json& object : objects.at("items"))
    there[uid_of(object)] = version_of(object);
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
  await_all();
  return seen();
}

}  // namespace harness
