#include "plugin/preflight.h"

#include <fmt/format.h>

#include "plugin/command_word.h"
#include "plugin/hints.h"
#include "plugin/json_path.h"
#include "plugin/outcome.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using exit_code::kRefused;
using kube::metadata_of;

// Names of what is there; empty when it may not be listed.
std::vector<std::string> names_of(const Session& session, const kube::ResourcePath& path) {
  std::vector<std::string> names;
  auto list = session.client.list(path);
  if (!list) return names;
  names.reserve(list->at("items").size());
  for (const Json& item : list->at("items"))
    names.push_back(metadata_of(item, "name"));
  return names;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& names) {
  const auto near = similar(name, names);
  return near.empty() ? "" : fmt::format("; did you mean {}?", joined(near, " or "));
}

Outcome<Json> find_pod(const Session& session, const std::string& name) {
  const kube::ResourcePath path = kube::pod(session.namespace_, name);
  auto found = session.client.get(path);
  if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
  if (*found) return std::move(**found);
  std::string near = near_hint(name, names_of(session, path.collection()));
  if (const auto commands = commands_like(name); near.empty() && !commands.empty())
    near = fmt::format("\nDid you mean the command {}?", joined(commands, " or "));
  auto absent = not_found(path, fmt::format("{}\nkubectl get pods -n {} shows what there is; -n chooses the namespace",
                                            near, session.namespace_));
  absent.value().hint = hint("PodUnknown");
  return absent;
}

Outcome<void> check_installed_and_free(const Session& session, const std::string& pod_uid) {
  const auto list = session.client.list(migrations(session.namespace_));
  if (!list) {
    if (is_unknown_type(list.error())) return fail(std::string(kHowToInstall));
    if (list.error().kind == kube::ApiError::Kind::forbidden) return {};
    return tl::make_unexpected(explain(list.error(), "list", migrations(session.namespace_)));
  }
  for (const Json& item : list->at("items")) {
    const auto other = parse_migration(item);
    const bool is_over = !other || other->spec.dry_run || is_final(other->status.phase);
    if (is_over || other->spec.pod_uid != pod_uid) continue;
    return fail(
        fmt::format("Pod {}/{} is being migrated already, by {} (phase {})\nFollow it with: {}", session.namespace_,
                    other->spec.pod, other->name, to_string(other->status.phase), command_line("status", *other)),
        kRefused);
  }
  return {};
}

Outcome<void> check_enabled(const Session& session) {
  const auto found = session.client.get(kube::core("namespaces", {}, session.namespace_));
  if (!found || !*found) return {};
  if (text_at(**found, {"metadata", "labels", kEnabledLabel}) == "true") return {};
  return fail(fmt::format("migrations are not enabled in namespace {0}: the controller has no rights there\n"
                          "An administrator of the namespace enables them with: kubectl migrate enable -n {0}",
                          session.namespace_),
              kRefused);
}

Outcome<void> check_running(const Session& session, const Json& pod) {
  const std::string name = fmt::format("Pod {}/{}", session.namespace_, metadata_of(pod, "name"));
  if (!metadata_of(pod, "deletionTimestamp").empty())
    return fail(name + " is being deleted: it cannot be migrated", kRefused);
  const std::string phase = text_at(pod, {"status", "phase"});
  if (phase != "Running")
    return fail(fmt::format("{} is {}, not Running: there is no memory to move (kubectl describe pod says why)", name,
                            phase.empty() ? "not started" : phase),
                kRefused);
  return {};
}

Outcome<void> check_node(const Session& session, const Options& options, const Json& pod) {
  if (options.to.empty()) return {};
  const std::string at = text_at(pod, {"spec", "nodeName"});
  if (options.to == at)
    return fail(
        fmt::format("Pod {}/{} already runs on node {}: name another one, or let the scheduler choose (no --to)",
                    session.namespace_, options.name, at),
        kRefused);
  const kube::ResourcePath path = kube::core("nodes", {}, options.to);
  const auto node = session.client.get(path);
  if (!node) return {};  // not everybody may look at nodes
  if (!*node)
    return fail(fmt::format("--to={}: no such node{}\nkubectl get nodes shows all", options.to,
                            did_you_mean(options.to, names_of(session, path.collection()))),
                kRefused);
  if (flag_at(**node, {"spec", "unschedulable"}))
    return fail(fmt::format("--to={0}: node {0} is cordoned, the scheduler places nothing there\n"
                            "kubectl uncordon {0} opens it; without --to another node is chosen",
                            options.to),
                kRefused);
  return {};
}

}  // namespace

Outcome<Json> look_before(const Session& session, const Options& options) {
  auto pod = find_pod(session, options.name);
  if (!pod) return pod;
  Outcome<void> good = check_installed_and_free(session, metadata_of(*pod, "uid"));
  if (good) good = check_enabled(session);
  if (good) good = check_running(session, *pod);
  if (good) good = check_node(session, options, *pod);
  if (!good) return tl::make_unexpected(good.error());
  return pod;
}

Outcome<Json> named_pod(const Session& session, const std::string& name) {
  return find_pod(session, name);
}

Outcome<Json> running_pod(const Session& session, const std::string& name) {
  auto pod = find_pod(session, name);
  if (!pod) return pod;
  if (auto good = check_running(session, *pod); !good) return tl::make_unexpected(good.error());
  return pod;
}

}  // namespace migrate::plugin
