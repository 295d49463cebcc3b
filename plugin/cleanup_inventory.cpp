#include "plugin/cleanup_inventory.h"

#include <fmt/format.h>

#include "plugin/cluster_facts.h"
#include "plugin/format.h"
#include "plugin/installed.h"
#include "plugin/json_path.h"
#include "plugin/of_group.h"
#include "plugin/our_label.h"
#include "plugin/server_clock.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using kube::metadata_of;

constexpr std::chrono::milliseconds kUntilRenewed{10'000};  // a Lease that somebody holds: several times by then

using Objects = std::vector<Json>;

Outcome<Objects> listed(const Session& session, const kube::ResourcePath& path, const kube::ListOptions& options = {}) {
  auto list = session.client.list(path, options);
  if (!list) return tl::make_unexpected(explain(list.error(), "list", path));
  return std::move(list->at("items").get_ref<Json::array_t&>());
}

kube::ListOptions labelled(const std::string& selector) {
  kube::ListOptions options;
  options.label_selector = selector;
  return options;
}

kube::ListOptions with_field(const std::string& selector) {
  kube::ListOptions options;
  options.field_selector = selector;
  return options;
}

// What is worth having and no reason to stop.
Objects listed_if_allowed(const Session& session, const kube::ResourcePath& path, const kube::ListOptions& options,
                          std::vector<std::string>& unseen) {
  auto found = listed(session, path, options);
  if (!found) unseen.push_back(one_line(found.error().message));
  return std::move(found).value_or(Objects{});
}

// By our own clock nobody is said to be silent: it may be minutes off.
void hear_agents(const Session& session, Looked& looked) {
  Inventory& seen = looked.inventory;
  const auto list = session.client.list(migration_nodes());
  const auto review = self_review(session);
  const auto told = review ? time_of_review(*review) : std::nullopt;
  if (!told) looked.unseen.emplace_back("the API server's clock, which says which agents are silent");
  seen.now = told.value_or(session.io.clock.now());
  seen.has_all_nodes = list.has_value() && told.has_value();
  if (!list) {
    if (!is_unknown_type(list.error()))
      looked.unseen.push_back(one_line(explain(list.error(), "list", migration_nodes()).message));
    return;
  }
  for (const Json& item : list->at("items")) {
    auto facts = parse_node_facts(item);
    seen.has_all_nodes = seen.has_all_nodes && facts.has_value();
    if (facts) seen.nodes.push_back(std::move(*facts));
    if (!facts) looked.unseen.push_back(one_line(facts.error().message));
  }
}

Outcome<void> list_migrations_of(const Session& session, const std::string& namespace_, Looked& looked) {
  auto list = session.client.list(migrations(""));
  const bool is_forbidden = !list && list.error().kind == kube::ApiError::Kind::forbidden;
  looked.has_all = looked.has_all && !is_forbidden;
  if (is_forbidden && !namespace_.empty()) list = session.client.list(migrations(namespace_));
  looked.has_types = list || !is_unknown_type(list.error());
  if (!looked.has_types) return {};
  if (!list) return tl::make_unexpected(explain(list.error(), "list", migrations("")));
  looked.inventory.migrations = std::move(list->at("items").get_ref<Json::array_t&>());
  return {};
}

Outcome<bool> is_there(const Session& session, const kube::ResourcePath& path) {
  const auto found = session.client.get(path);
  if (!found && is_unknown_type(found.error())) return false;
  if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
  return found->has_value();
}

// A broker serves all namespaces, so for it the Pods of all are looked at.
Outcome<Objects> pods_of(const Session& session, const std::string& namespace_, ForBrokers for_brokers,
                         Looked& looked) {
  if (for_brokers == ForBrokers::yes && !namespace_.empty()) {
    if (auto all = listed(session, kube::core("pods"))) return all;
    looked.has_all = false;
  }
  return listed(session, kube::core("pods", namespace_));
}

// The Deployment may be away for a moment, while it is made anew; somebody who leads is at work all the same. What
// cannot be seen is perhaps.
bool has_controller(const Session& session, Instant now) {
  if (is_there(session, extender_deployment()).value_or(true)) return true;
  const auto path = of_group("coordination.k8s.io", "leases", kSystemNamespace, kLease);
  const auto first = session.client.get(path);
  if (!first) return true;
  if (!*first) return false;
  if (is_fresh(**first, now)) return true;
  session.io.pacer.sleep(kUntilRenewed, {});
  const auto next = session.client.get(path);
  return !next || (*next && is_renewed(**first, **next));
}

Outcome<std::vector<InstallationSight::Labelled>> labelled_objects(
    const Session& session, const std::vector<std::pair<std::string, kube::ResourcePath>>& kinds) {
  std::vector<InstallationSight::Labelled> all;
  for (const auto& [kind, collection] : kinds) {
    auto found = listed(session, collection, labelled(kOurSelector));
    if (!found) return tl::make_unexpected(found.error());
    all.push_back({kind, collection, std::move(*found)});
  }
  return all;
}

}  // namespace

Outcome<Looked> look_for_leftovers(const Session& session, const std::string& namespace_, ForBrokers for_brokers) {
  Looked looked;
  Inventory& seen = looked.inventory;
  seen.namespace_ = namespace_;
  auto pods = pods_of(session, namespace_, for_brokers, looked);
  if (!pods) return tl::make_unexpected(pods.error());
  seen.pods = std::move(*pods);
  seen.pull_secrets = listed_if_allowed(session, kube::core("secrets", namespace_),
                                        with_field("type=kubernetes.io/dockerconfigjson"), looked.unseen);
  hear_agents(session, looked);
  for (const Json& event : listed_if_allowed(session, kube::core("events", namespace_),
                                             with_field("involvedObject.kind=Migration"), looked.unseen))
    looked.told.push_back(text_at(event, {"involvedObject", "uid"}));
  seen.has_controller = has_controller(session, seen.now);
  if (auto done = list_migrations_of(session, namespace_, looked); !done) return tl::make_unexpected(done.error());
  return looked;
}

Outcome<InstallationSight> look_for_installation(const Session& session, const Looked& looked) {
  constexpr const char* kRbac = "rbac.authorization.k8s.io";
  constexpr const char* kAdmission = "admissionregistration.k8s.io";
  InstallationSight sight;
  sight.has_types = looked.has_types;
  const auto home = is_there(session, kube::core("namespaces", {}, kSystemNamespace));
  if (!home && !sight.has_types) return tl::make_unexpected(home.error());
  sight.has_home = home.value_or(true);
  if (sight.has_types && sight.has_home) return sight;
  auto policies = labelled_objects(
      session, {{"validatingadmissionpolicybinding", of_group(kAdmission, "validatingadmissionpolicybindings")},
                {"validatingadmissionpolicy", of_group(kAdmission, "validatingadmissionpolicies")}});
  if (!policies) return tl::make_unexpected(policies.error());
  sight.policies = std::move(*policies);
  if (sight.has_home) return sight;
  auto rights = labelled_objects(session, {{"rolebinding", of_group(kRbac, "rolebindings")},
                                           {"role", of_group(kRbac, "roles")},
                                           {"clusterrolebinding", of_group(kRbac, "clusterrolebindings")},
                                           {"clusterrole", of_group(kRbac, "clusterroles")}});
  if (!rights) return tl::make_unexpected(rights.error());
  sight.rights = std::move(*rights);
  auto enabled = listed(session, kube::core("namespaces"), labelled(fmt::format("{}=true", kEnabledLabel)));
  if (!enabled) return tl::make_unexpected(enabled.error());
  sight.enabled_namespaces = std::move(*enabled);
  const auto classes = listed(session, of_group("node.k8s.io", "runtimeclasses"), labelled(kOurSelector));
  if (!classes) return tl::make_unexpected(classes.error());
  for (const Json& one : *classes)
    if (metadata_of(one, "name") == kRuntimeClass) sight.runtime_class = one;
  for (const Json& pod : looked.inventory.pods)
    if (text_at(pod, {"spec", "runtimeClassName"}) == kRuntimeClass)
      sight.handler_users.push_back(metadata_of(pod, "namespace") + "/" + metadata_of(pod, "name"));
  auto nodes = listed(session, kube::core("nodes"), labelled("kubernetes.io/os=linux"));
  if (!nodes) return tl::make_unexpected(nodes.error());
  for (const Json& node : *nodes)
    sight.nodes.push_back(metadata_of(node, "name"));
  return sight;
}

}  // namespace migrate::plugin
