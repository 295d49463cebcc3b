#include "plugin/drain_look.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/json_path.h"
#include "plugin/of_group.h"
#include "plugin/outcome.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Kind = kube::ApiError::Kind;
using Items = Result<std::vector<Json>, LookError>;

const kube::ResourcePath kBudgets = of_group("policy", "poddisruptionbudgets");

Items list(const Session& session, const kube::ResourcePath& path, const kube::ListOptions& options = {}) {
  auto found = session.client.list(path, options);
  if (!found) return tl::make_unexpected(LookError{found.error(), "list", path});
  return std::move(found->at("items").get_ref<Json::array_t&>());
}

Result<void, LookError> take_pods(const Session& session, const DrainScope& scope, DrainLook& look) {
  kube::ListOptions options;
  options.field_selector = "spec.nodeName=" + scope.node;
  options.label_selector = scope.selector;
  auto items = list(session, kube::core("pods", scope.namespace_), options);
  if (!items) return tl::make_unexpected(items.error());
  for (Json& one : *items)
    look.pods.push_back(drain_pod(std::move(one)));
  return {};
}

// Of the whole cluster, as the limits are. Who may see no more than the namespace counts what is there.
Result<void, LookError> take_migrations(const Session& session, const DrainScope& scope, DrainLook& look) {
  auto items = list(session, migrations(""));
  if (!items && items.error().error.kind == Kind::forbidden && !scope.namespace_.empty())
    items = list(session, migrations(scope.namespace_));
  if (!items) return tl::make_unexpected(items.error());
  for (Json& one : *items) {
    // What a newer version wrote is nobody's to follow; the controller refuses a second one for its Pod.
    auto migration = parse_migration(one);
    if (migration && !migration->spec.dry_run) look.migrations.push_back(std::move(*migration));
  }
  return {};
}

Result<void, LookError> take_budgets(const Session& session, const DrainScope& scope, DrainLook& look) {
  kube::ResourcePath path = kBudgets;
  path.namespace_ = scope.namespace_;
  const auto items = list(session, path);
  if (!items) return tl::make_unexpected(items.error());
  for (const Json& one : *items)
    look.budgets.push_back(budget_of(one));
  return {};
}

// Not everybody may look at namespaces; the controller knows them in any case.
void take_namespaces(const Session& session, const DrainScope& scope, DrainLook& look) {
  if (!scope.namespace_.empty()) {
    const auto one = session.client.get(kube::core("namespaces", {}, scope.namespace_));
    if (!one || !*one) return;
    look.enabled.emplace();
    if (text_at(**one, {"metadata", "labels", kEnabledLabel}) == "true") look.enabled->insert(scope.namespace_);
    return;
  }
  kube::ListOptions options;
  options.label_selector = fmt::format("{}=true", kEnabledLabel);
  const auto items = list(session, kube::core("namespaces"), options);
  if (!items) return;
  look.enabled.emplace();
  for (const Json& one : *items)
    look.enabled->insert(kube::metadata_of(one, "name"));
}

// A budget may cover Pods that leave other nodes at the same time. Whose Pod cannot be read counts for nothing there.
void take_moved_pods(const Session& session, DrainLook& look) {
  const auto has_budget = [&](const std::string& namespace_) {
    return std::any_of(look.budgets.begin(), look.budgets.end(),
                       [&](const Budget& one) { return one.namespace_ == namespace_; });
  };
  for (const Migration& one : look.migrations) {
    if (!is_at_work(one) || !has_budget(one.namespace_)) continue;
    const auto here = std::find_if(look.pods.begin(), look.pods.end(),
                                   [&](const DrainPod& pod) { return pod.uid == one.spec.pod_uid; });
    if (here != look.pods.end()) {
      look.moved_pods[one.uid] = here->object;
      continue;
    }
    // Of a source that is gone the target has the labels.
    for (const std::string& name : {one.spec.pod, one.status.target.pod}) {
      if (name.empty()) continue;
      auto pod = session.client.get(kube::pod(one.namespace_, name));
      if (!pod || !*pod) continue;
      look.moved_pods[one.uid] = std::move(**pod);
      break;
    }
  }
}

}  // namespace

std::string DrainScope::restriction() const {
  std::vector<std::string> parts;
  if (!namespace_.empty()) parts.push_back("namespace " + namespace_);
  if (!selector.empty()) parts.push_back("pods with " + selector);
  return parts.empty() ? "" : fmt::format(" ({})", joined(parts));
}

bool LookError::is_passing() const {
  return plugin::is_passing(error);
}

Result<DrainLook, LookError> look_at_node(const Session& session, const DrainScope& scope) {
  DrainLook look;
  // Pods come first: what has moved away meanwhile has its Migration in the list that is read after them.
  auto done = take_pods(session, scope, look);
  if (done) done = take_migrations(session, scope, look);
  if (done) done = take_budgets(session, scope, look);
  if (!done) return tl::make_unexpected(done.error());
  take_namespaces(session, scope, look);
  take_moved_pods(session, look);
  return look;
}

bool is_at_work(const Migration& migration) {
  return !is_over(migration) && !is_local(migration);
}

bool is_unplaceable(const Migration& migration) {
  const MigrationStatus& status = migration.status;
  return status.phase == Phase::placing && status.target.node.empty() && !status.steps.empty() &&
         status.steps.back().message.starts_with(kSchedulerSays);
}

}  // namespace migrate::plugin
