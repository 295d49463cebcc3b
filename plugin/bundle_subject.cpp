#include "plugin/bundle_subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugin/json_path.h"
#include "plugin/of_group.h"
#include "shared/base/time.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;
using kube::metadata_of;

bool is_owned_by(const Json& object, const std::string& uid) {
  const Json& owners = list_at(object, {"metadata", "ownerReferences"});
  return std::any_of(owners.begin(), owners.end(), [&](const Json& owner) { return text_at(owner, {"uid"}) == uid; });
}

bool is_agent(const Json& pod) {
  return text_at(pod, {"metadata", "labels", "app.kubernetes.io/name"}) == kAgentAccount;
}

}  // namespace

std::vector<Json> related_to(const std::string& name, const Json& items) {
  const auto named =
      std::find_if(items.begin(), items.end(), [&](const Json& item) { return metadata_of(item, "name") == name; });
  if (named == items.end()) return {};
  std::vector<Json> all;
  for (const Json& item : items)
    if (&item == &*named || is_owned_by(item, metadata_of(*named, "uid")) ||
        is_owned_by(*named, metadata_of(item, "uid")))
      all.push_back(item);
  return all;
}

std::vector<kube::ResourcePath> pods_of(const std::vector<Migration>& migrations) {
  std::set<std::pair<std::string, std::string>> names;
  for (const Migration& one : migrations)
    for (const std::string& name : {one.spec.pod, one.status.source.pod, one.status.target.pod, one.status.placeholder})
      if (!name.empty()) names.emplace(one.namespace_, name);
  std::vector<kube::ResourcePath> paths;
  paths.reserve(names.size());
  for (const auto& [namespace_, name] : names)
    paths.push_back(kube::pod(namespace_, name));
  return paths;
}

std::set<std::string> nodes_of(const std::vector<Migration>& migrations) {
  std::set<std::string> nodes;
  for (const Migration& one : migrations)
    nodes.insert({one.status.source.node, one.status.target.node, one.spec.target_node});
  nodes.erase("");
  return nodes;
}

std::optional<kube::ResourcePath> owner_path(std::string_view kind, const std::string& name,
                                             const std::string& namespace_) {
  struct Known {
    std::string_view kind;
    const char* group;
    const char* plural;
  };
  static constexpr auto kKnown = std::to_array<Known>({{"StatefulSet", "apps", "statefulsets"},
                                                       {"ReplicaSet", "apps", "replicasets"},
                                                       {"Deployment", "apps", "deployments"},
                                                       {"DaemonSet", "apps", "daemonsets"},
                                                       {"Job", "batch", "jobs"}});
  const auto* known = std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& one) { return one.kind == kind; });
  if (known == kKnown.end() || name.empty()) return std::nullopt;
  return of_group(known->group, known->plural, namespace_, name);
}

support::LogQuestion question_about(const std::vector<Migration>& migrations) {
  support::LogQuestion question;
  if (migrations.empty()) return question;
  question.from = Instant::max();
  question.to = Instant::min();
  for (const Migration& one : migrations) {
    question.words.push_back(fmt::format("{}/{}", one.namespace_, one.name));
    if (!one.uid.empty()) question.words.push_back(one.uid);
    question.from = std::min(question.from, one.created - kAround);
    question.to = std::max(question.to, one.status.finished ? *one.status.finished + kAround : Instant::max());
  }
  for (const kube::ResourcePath& pod : pods_of(migrations))
    question.words.push_back(fmt::format("{}/{}", pod.namespace_, pod.name));
  return question;
}

bool is_about(const Json& event, const EventSubjects& subjects) {
  if (subjects.uids.contains(text_at(event, {"involvedObject", "uid"}))) return true;
  return text_at(event, {"involvedObject", "kind"}) == "Pod" &&
         subjects.pods.contains(text_at(event, {"involvedObject", "name"}));
}

Json node_as_collected(Json node) {
  if (const auto status = node.find("status"); status != node.end() && status->is_object()) status->erase("images");
  return node;
}

std::vector<Json> pods_with_logs(const std::vector<Json>& pods, const std::set<std::string>& nodes,
                                 std::size_t most_agents) {
  std::vector<Json> chosen;
  std::size_t agents = 0;
  for (const Json& pod : pods) {
    const bool is_elsewhere = !nodes.empty() && !nodes.contains(text_at(pod, {"spec", "nodeName"}));
    if (is_agent(pod) && (is_elsewhere || agents++ >= most_agents)) continue;
    chosen.push_back(pod);
  }
  return chosen;
}

std::string bundle_name(const std::string& migration, Instant now) {
  std::string time = to_rfc3339(now).substr(0, std::string_view{"2026-01-01T12:00:00"}.size());
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("kubectl-migrate-support-{}{}{}Z", migration, migration.empty() ? "" : "-", time);
}

}  // namespace migrate::plugin
