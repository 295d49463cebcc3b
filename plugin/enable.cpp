// enable and disable: what the controller may do, and where.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/json_path.h"
#include "plugin/of_group.h"
#include "plugin/our_label.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

constexpr const char* kBinding = "kubectl-migrate";
constexpr const char* kSecrets = "kubectl-migrate-secrets";
constexpr const char* kRbac = "rbac.authorization.k8s.io";
// The cluster's own Pods, and ours, are nobody's to move.
constexpr std::array<std::string_view, 4> kNeverLabelled = {"kube-system", "kube-public", "kube-node-lease",
                                                            kSystemNamespace};

kube::ResourcePath rbac(const char* plural, const std::string& namespace_, const char* name) {
  return of_group(kRbac, plural, namespace_, name);
}

Json object(const char* kind, const std::string& namespace_, const char* name) {
  Json made = {{"apiVersion", fmt::format("{}/v1", kRbac)},
               {"kind", kind},
               {"metadata", {{"name", name}, {"labels", {{kPartOfLabel, kPartOfUs}}}}}};
  if (!namespace_.empty()) made["metadata"]["namespace"] = namespace_;
  return made;
}

Json binding(const char* kind, const std::string& namespace_, const char* name, const char* role_kind,
             const char* role) {
  Json made = object(kind, namespace_, name);
  made["roleRef"] = {{"apiGroup", kRbac}, {"kind", role_kind}, {"name", role}};
  made["subjects"] =
      Json::array({{{"kind", "ServiceAccount"}, {"name", kExtenderAccount}, {"namespace", kSystemNamespace}}});
  return made;
}

class Changes {
 public:
  explicit Changes(const Session& session) : session_(session) {}

  Outcome<void> apply(const kube::ResourcePath& path, const Json& what) {
    const auto applied = session_.client.apply(path, what, {.force = kube::Force::yes});
    if (!applied) return tl::make_unexpected(explain(applied.error(), "patch", path));
    say(path, "applied");
    return {};
  }
  Outcome<void> remove(const kube::ResourcePath& path) {
    const auto removed = session_.client.remove(path);
    if (!removed) return tl::make_unexpected(explain(removed.error(), "delete", path));
    if (*removed) say(path, "deleted");
    return {};
  }
  Outcome<void> label(const std::string& namespace_, bool enabled) {
    const kube::ResourcePath path = kube::core("namespaces", {}, namespace_);
    const Json value = enabled ? Json("true") : Json(nullptr);
    const auto patched = session_.client.merge_patch(path, {{"metadata", {{"labels", {{kEnabledLabel, value}}}}}});
    if (!patched) return tl::make_unexpected(explain(patched.error(), "patch", path));
    say(path, enabled ? "labelled" : "label removed");
    return {};
  }

 private:
  void say(const kube::ResourcePath& path, std::string_view what) {
    session_.io.out.stream << fmt::format(
        "{} {}{}\n", kube::describe(path), what,
        path.namespace_.empty() ? "" : fmt::format(" in namespace {}", path.namespace_));
  }
  const Session& session_;
};

bool is_labelled(const Json& namespace_) {
  return text_at(namespace_, {"metadata", "labels", kEnabledLabel}) == "true";
}

Outcome<std::vector<Json>> all_namespaces(const Session& session) {
  auto list = session.client.list(kube::core("namespaces"));
  if (!list) return tl::make_unexpected(explain(list.error(), "list", kube::core("namespaces")));
  std::vector<Json> all;
  all.reserve(list->at("items").size());
  for (Json& item : list->at("items")) {
    const std::string name = kube::metadata_of(item, "name");
    if (std::find(kNeverLabelled.begin(), kNeverLabelled.end(), name) == kNeverLabelled.end())
      all.push_back(std::move(item));
  }
  return all;
}

Outcome<void> check_namespace(const Session& session) {
  const kube::ResourcePath path = kube::core("namespaces", {}, session.namespace_);
  const auto found = session.client.get(path);
  // Who may not look may still bind; the label's patch tells.
  if (!found || *found) return {};
  std::vector<std::string> names;
  if (const auto all = session.client.list(path.collection()); all)
    for (const Json& item : all->at("items"))
      names.push_back(kube::metadata_of(item, "name"));
  return not_found(path, near_hint(session.namespace_, names) + "\nkubectl get namespaces shows what there is");
}

Outcome<void> enable_one(const Session& session, const Options& options) {
  Changes changes{session};
  const std::string& ns = session.namespace_;
  if (auto good = check_namespace(session); !good) return good;
  // The rights first: the label promises that a migration will work.
  auto done = changes.apply(rbac("rolebindings", ns, kBinding),
                            binding("RoleBinding", ns, kBinding, "ClusterRole", kNamespaceRole));
  std::vector<std::string> secrets = options.broker_secrets;
  if (!options.registry_secret.empty()) secrets.push_back(options.registry_secret);
  if (done && !secrets.empty()) {
    Json role = object("Role", ns, kSecrets);
    role["rules"] = Json::array(
        {{{"apiGroups", {""}}, {"resources", {"secrets"}}, {"resourceNames", secrets}, {"verbs", {"get"}}}});
    done = changes.apply(rbac("roles", ns, kSecrets), role);
    if (done)
      done = changes.apply(rbac("rolebindings", ns, kSecrets), binding("RoleBinding", ns, kSecrets, "Role", kSecrets));
  }
  if (done) done = changes.label(ns, true);
  return done;
}

Outcome<void> enable_all(const Session& session) {
  Changes changes{session};
  const auto namespaces = all_namespaces(session);
  if (!namespaces) return tl::make_unexpected(namespaces.error());
  auto done = changes.apply(rbac("clusterrolebindings", "", kBinding),
                            binding("ClusterRoleBinding", "", kBinding, "ClusterRole", kNamespaceRole));
  for (const Json& one : *namespaces) {
    if (!done) return done;
    if (!is_labelled(one)) done = changes.label(kube::metadata_of(one, "name"), true);
  }
  if (done)
    session.io.out.stream << "All namespaces of now are enabled, but for "
                          << joined({kNeverLabelled.begin(), kNeverLabelled.end()})
                          << ".\nA namespace made later needs: kubectl migrate enable -n NAMESPACE\n";
  return done;
}

// What is over has its finalizer until everything is cleaned up. What has failed keeps that until it is deleted, and
// holds the name of its set's Pod as long; only the controller lets go of either.
bool holds_something(const Migration& migration) {
  const Phase phase = migration.status.phase;
  return is_final(phase) &&
         (migration.has_finalizer || (phase == Phase::failed && is_owned_by(migration, kStatefulSet)));
}

// Rights must not go away under a migration; a dry run touches nothing.
Outcome<void> check_idle(const Session& session, const std::string& namespace_) {
  const auto all = list_migrations(session, namespace_);
  if (!all) return tl::make_unexpected(all.error());
  std::vector<std::string> running;
  std::vector<std::string> ending;
  std::vector<std::string> failed;
  for (const Seen& one : *all) {
    const std::string name = fmt::format("{}/{}", one.migration.namespace_, one.migration.name);
    if (!one.migration.spec.dry_run && !is_final(one.migration.status.phase)) running.push_back(name);
    if (holds_something(one.migration)) (one.migration.status.phase == Phase::failed ? failed : ending).push_back(name);
  }
  std::vector<std::string> troubles;
  if (!running.empty())
    troubles.push_back(
        fmt::format("migrations are under way and need the rights: {}\n"
                    "Wait for them, or: kubectl migrate abort NAME",
                    joined(running)));
  if (!ending.empty())
    troubles.push_back(
        fmt::format("migrations are over and are being cleaned up, which needs the rights: {}\n"
                    "Wait some seconds and run this again; if it takes longer: kubectl migrate describe NAME "
                    "-n NAMESPACE",
                    joined(ending)));
  if (!failed.empty())
    troubles.push_back(
        fmt::format("migrations have failed, and what they hold is let go with the rights alone: {}\n"
                    "Delete them first: kubectl delete migration NAME -n NAMESPACE",
                    joined(failed)));
  if (troubles.empty()) return {};
  return fail(joined(troubles, "\n"), exit_code::kRefused);
}

// The label first: no new migration begins while the rights go.
Outcome<void> disable_one(const Session& session) {
  Changes changes{session};
  const std::string& ns = session.namespace_;
  if (auto good = check_namespace(session); !good) return good;
  if (auto idle = check_idle(session, ns); !idle) return idle;
  auto done = changes.label(ns, false);
  if (done) done = changes.remove(rbac("rolebindings", ns, kSecrets));
  if (done) done = changes.remove(rbac("roles", ns, kSecrets));
  if (done) done = changes.remove(rbac("rolebindings", ns, kBinding));
  return done;
}

Outcome<void> disable_all(const Session& session) {
  Changes changes{session};
  if (auto idle = check_idle(session, ""); !idle) return idle;
  const auto namespaces = all_namespaces(session);
  if (!namespaces) return tl::make_unexpected(namespaces.error());
  Outcome<void> done;
  for (const Json& one : *namespaces) {
    if (!is_labelled(one)) continue;
    const Session there{session.io, session.client, kube::metadata_of(one, "name")};
    done = disable_one(there);
    if (!done) return done;
  }
  return changes.remove(rbac("clusterrolebindings", "", kBinding));
}

int concluded(const Session& session, const Outcome<void>& done) {
  session.io.out.stream.flush();
  return done ? exit_code::kDone : report(session.io, done.error());
}

}  // namespace

int run_enable(const Session& session, const Options& options) {
  return concluded(session, options.all_namespaces ? enable_all(session) : enable_one(session, options));
}

int run_disable(const Session& session, const Options& options) {
  return concluded(session, options.all_namespaces ? disable_all(session) : disable_one(session));
}

}  // namespace migrate::plugin
