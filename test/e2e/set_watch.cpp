#include "test/e2e/set_watch.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "shared/migration/names.h"
#include "test/e2e/rich_pod.h"
#include "test/e2e/small_pods.h"

namespace harness {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

// What its controller says that it has, and that it would do nothing about it.
Json view_of_set(const Json& set) {
  Json view = {{"uid", uid_of(set)},
               {"generation", set.at("metadata").at("generation")},
               {"replicas wanted", set.at("spec").at("replicas")}};
  for (const char* field : {"replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas",
                            "currentRevision", "updateRevision", "observedGeneration"})
    view[field] = set.at("status").value(field, Json{});
  return view;
}

// Restored from an image it names that for good, and says what it is really of.
Json identity_of(const Json& pod) {
  const Json& metadata = pod.at("metadata");
  Json identity = {{"name", name_of(pod)}};
  for (const char* field : {"labels", "annotations", "ownerReferences", "finalizers"})
    identity[field] = metadata.value(field, Json{});
  if (identity["annotations"].is_object()) identity["annotations"].erase(migrate::kImagesAnnotation);
  return identity;
}

std::set<std::string> names_of(const Json& list) {
  std::set<std::string> names;
  for (const Json& one : list.at("items"))
    names.insert(name_of(one));
  return names;
}

const Json* find_pod(const Json& list, const std::string& name) {
  for (const Json& one : list.at("items"))
    if (name_of(one) == name) return &one;
  return nullptr;
}

std::string diff_lines(const std::string& what, const Json& before, const Json& now) {
  std::string lines;
  const Json patch = Json::diff(before, now);
  for (const Json& one : patch) {
    const Json::json_pointer at{one.at("path").get<std::string>()};
    lines += fmt::format("{}{}: {} became {}\n", what, at.to_string(),
                         before.contains(at) ? before.at(at).dump() : "nothing",
                         one.contains("value") ? one.at("value").dump() : "nothing");
  }
  return lines;
}

bool has_order_to_restore(const Json& pod) {
  return pod.at("metadata").value("annotations", Json::object()).contains(migrate::kRestoreAnnotation);
}

int restarts_if_any(const Json& pod) {
  return pod.at("status").contains("containerStatuses") ? restarts_of(pod) : 0;
}

// Somebody who has no part in a migration.
std::string incident_of_bystander(const PodEvent& event, const Json& before) {
  const std::string name = name_of(event.pod);
  const Json& metadata = event.pod.at("metadata");
  if (event.type == "DELETED") return fmt::format("Pod {} was deleted\n", name);
  if (metadata.contains("deletionTimestamp")) return fmt::format("Pod {} was told to end\n", name);
  if (restarts_if_any(event.pod) > restarts_if_any(before)) return fmt::format("Pod {} has restarted\n", name);
  return diff_lines("Pod " + name, identity_of(before), identity_of(event.pod));
}

}  // namespace

std::string incidents_of_set(const Json& before, const std::vector<ObjectEvent>& events) {
  const auto wanted = before.at("spec").at("replicas").get<int>();
  std::set<std::string> lines;
  for (const auto& [type, set, is_listed] : events) {
    if (uid_of(set) != uid_of(before)) continue;
    if (type == "DELETED") lines.insert("the set was deleted\n");
    // An autoscaler writes no more than that, and back.
    if (const auto wants = set.at("spec").at("replicas").get<int>(); wants != wanted)
      lines.insert(fmt::format("the set wanted {} Pods, and not {}\n", wants, wanted));
    // The lent one is not among them; nobody else is missing, and no shadow counts.
    const auto has = set.at("status").value("replicas", 0);
    if (has != wanted && has != wanted - 1) lines.insert(fmt::format("the set had {} Pods of {}\n", has, wanted));
  }
  return fmt::format("{}", fmt::join(lines, ""));
}

SetWatch::SetWatch(const Stage& stage, std::string set, std::string moved)
    : stage_(stage),
      name_(std::move(set)),
      moved_(std::move(moved)),
      set_before_(this->set()),
      pods_before_(pods()),
      events_(stage.cluster(), stage.ns().name()),
      set_events_(stage.cluster(), "/apis/apps/v1", stage.ns().name(), "statefulsets") {}

Json SetWatch::pods() const {
  return stage_.cluster().get({"pods", "-n", stage_.ns().name()});
}

Json SetWatch::set() const {
  return stage_.cluster().get({"statefulset", name_, "-n", stage_.ns().name()});
}

std::string SetWatch::trouble() const {
  std::string left;
  try {
    eventually(
        "set " + name_ + " to be as it was", [&] { return (left = changes()).empty(); }, 60s);
  } catch (const std::exception& error) {
    left = fmt::format("{}:\n{}", error.what(), left);
  }
  return left + incidents() + incidents_of_set(set_before_, set_events_.until_now());
}

std::string SetWatch::changes() const {
  const Json now = pods();
  std::string lines = diff_lines("set " + name_ + " ", view_of_set(set_before_), view_of_set(set()));
  const auto before_names = names_of(pods_before_);
  const auto names = names_of(now);
  if (names != before_names)
    lines += fmt::format("Pods are {}, they were {}\n", fmt::join(names, " "), fmt::join(before_names, " "));
  const Json* moved = find_pod(now, moved_);
  if (moved == nullptr) return lines + fmt::format("there is no Pod {}\n", moved_);
  return lines + changes_of_moved(*moved) + wrong_addresses(*moved);
}

std::string SetWatch::changes_of_moved(const Json& now) const {
  const Json* before = find_pod(pods_before_, moved_);
  if (before == nullptr) return "it was not there before\n";
  std::string lines = diff_lines("Pod " + moved_, identity_of(*before), identity_of(now));
  for (const std::string& line : differences(*before, now))
    lines += fmt::format("Pod {}{}\n", moved_, line);
  const Json owner = controller_of(now);
  if (owner.is_null() || owner.at("uid") != uid_of(set_before_))
    lines += fmt::format("Pod {} is controlled by {}\n", moved_, owner.dump());
  if (now.at("metadata").contains("deletionTimestamp")) lines += fmt::format("Pod {} is told to end\n", moved_);
  return lines;
}

// By its Service's endpoints, and by DNS under its own name.
std::string SetWatch::wrong_addresses(const Json& now) const {
  const std::string& ns = stage_.ns().name();
  const auto address = now.at("status").value("podIP", std::string{});
  std::string lines;
  bool found = false;
  const Json slices = stage_.cluster().get({"endpointslices", "-n", ns, "-l", "kubernetes.io/service-name=" + name_});
  for (const Json& slice : slices.at("items")) {
    const Json endpoints = slice.value("endpoints", Json::array());
    for (const Json& endpoint : endpoints) {
      const auto pod = endpoint.value(Json::json_pointer{"/targetRef/name"}, std::string{});
      if (!pod.starts_with(moved_) || (pod != moved_ && !pod.starts_with(moved_ + "-mig-"))) continue;
      const bool is_right = pod == moved_ && endpoint.value("hostname", std::string{}) == moved_ &&
                            endpoint.at("addresses").at(0) == address &&
                            endpoint.value(Json::json_pointer{"/conditions/ready"}, false);
      if (!is_right) lines += fmt::format("{} is not the endpoint of {} at {}\n", endpoint.dump(), moved_, address);
      found = found || is_right;
    }
  }
  if (!found) lines += fmt::format("Service {} has no endpoint {} at {}\n", name_, moved_, address);
  const auto asked = stage_.cluster().run(
      {"kubectl", "-n", ns, "exec", kClient, "--", "sh", "-c",
       fmt::format("nslookup {}.{}.{}.svc.cluster.local | sed -n 's/^Address: *//p' | tail -n 1", moved_, name_, ns)});
  if (asked.output != address + "\n")
    lines += fmt::format("{}.{} is {} by DNS, not {}\n", moved_, name_, text_of(asked), address);
  return lines;
}

std::string SetWatch::incidents() const {
  std::map<std::string, const Json*> bystanders;
  std::set<std::string> known;
  for (const Json& pod : pods_before_.at("items")) {
    known.insert(uid_of(pod));
    if (name_of(pod) != moved_) bystanders[uid_of(pod)] = &pod;
  }
  const std::string owner = uid_of(set_before_);
  std::set<std::string> lines;  // each once, however many events say it
  const std::vector<PodEvent> events = events_.until_now();
  for (const PodEvent& event : events) {
    const std::string name = name_of(event.pod);
    if (const auto found = bystanders.find(uid_of(event.pod)); found != bystanders.end()) {
      lines.insert(incident_of_bystander(event, *found->second));
      continue;
    }
    const bool is_ours = name.starts_with(moved_ + "-mig-");
    if (name != moved_ && !is_ours) {
      lines.insert(fmt::format("Pod {} was made\n", name));
      continue;
    }
    const bool is_new = known.insert(uid_of(event.pod)).second;
    if (is_new && !event.is_listed && !has_order_to_restore(event.pod))
      lines.insert(fmt::format("Pod {} was made without an order to restore it\n", name));
    if (!name.ends_with("-mig-hold") && !is_owned_by(event.pod, owner))
      lines.insert(fmt::format("Pod {} (uid {}) did not name its set as an owner\n", name, uid_of(event.pod)));
  }
  return fmt::format("{}", fmt::join(lines, ""));
}

}  // namespace harness
