#include "test/e2e/pod_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace harness {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

std::string version_of(const Json& pod) {
  return pod.at("metadata").at("resourceVersion").get<std::string>();
}

}  // namespace

Json controller_of(const Json& pod) {
  const Json owners = pod.at("metadata").value("ownerReferences", Json::array());
  for (const Json& owner : owners)
    if (owner.value("controller", false)) return owner;
  return nullptr;
}

bool is_owned_by(const Json& pod, const std::string& uid) {
  const Json owners = pod.at("metadata").value("ownerReferences", Json::array());
  return std::any_of(owners.begin(), owners.end(), [&](const Json& owner) { return owner.at("uid") == uid; });
}

std::string name_of(const Json& object) {
  return object.at("metadata").at("name").get<std::string>();
}

std::string uid_of(const Json& object) {
  return object.at("metadata").at("uid").get<std::string>();
}

PodEvents::PodEvents(const Cluster& cluster, const std::string& ns)
    : cluster_(cluster),
      ns_(ns),
      watch_(watch_words(fmt::format("/api/v1/namespaces/{}/pods", ns)), folder_ / "events") {
  eventually(
      "a watch to see the Pods of " + ns_, [&] { return is_up_to_date(); }, 60s);
}

std::vector<PodEvent> PodEvents::seen() const {
  std::vector<PodEvent> events;
  std::istringstream lines{watch_.output()};
  bool begins = true;
  for (std::string line; std::getline(lines, line);) {
    Json one = Json::parse(line, nullptr, false);  // the last one may be half a line
    if (!one.is_object()) continue;
    const auto type = one.value("type", std::string{});
    if (type == "BEGUN") {
      begins = true;
    } else if (one.contains("object") && one["object"].value("kind", std::string{}) == "Pod") {
      Json& pod = one["object"];
      // It begins with what is there, and an event that is no ADDED says that this is over at the latest.
      begins = begins && type == "ADDED";
      events.push_back({type, std::move(pod), begins});
    }
  }
  return events;
}

// A Pod's newest version is the last that was seen of it, and none of those that are gone is missing.
bool PodEvents::is_up_to_date() const {
  const auto listed = cluster_.run({"kubectl", "-n", ns_, "get", "pods", "-o", "json"});
  const Json pods = Json::parse(listed.output, nullptr, false);
  if (!listed.succeeded() || !pods.is_object()) return false;
  std::map<std::string, std::string> there;
  for (const Json& pod : pods.at("items"))
    there[uid_of(pod)] = version_of(pod);
  std::map<std::string, std::string> seen_of;
  for (const PodEvent& event : seen())
    if (event.type == "DELETED")
      seen_of.erase(uid_of(event.pod));
    else
      seen_of[uid_of(event.pod)] = version_of(event.pod);
  return std::all_of(there.begin(), there.end(), [&](const auto& one) {
    const auto found = seen_of.find(one.first);
    return found != seen_of.end() && found->second == one.second;
  });
}

std::vector<PodEvent> PodEvents::until_now() const {
  eventually(
      "a watch to see all that happened to the Pods of " + ns_, [&] { return is_up_to_date(); }, 60s);
  return seen();
}

}  // namespace harness
