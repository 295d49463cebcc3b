#include "plugin/self_test_needs.h"

#include <fmt/format.h>

#include <map>

#include "plugin/cluster.h"
#include "plugin/installed.h"
#include "plugin/json_path.h"
#include "plugin/of_group.h"
#include "plugin/self_test_ways.h"
#include "plugin/server_clock.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

constexpr const char* kRightsHint = "docs/self-test.md#rights";
constexpr const char* kNodesHint = "docs/self-test.md#nodes";

struct Right {
  std::vector<const char*> verbs;
  kube::ResourcePath on;
};

std::vector<Right> rights_for(const std::string& ns, bool needs_deployment) {
  constexpr const char* kRbac = "rbac.authorization.k8s.io";
  std::vector<Right> all{
      {{"create", "get", "patch", "delete"}, kube::core("namespaces")},
      {{"list"}, kube::core("nodes")},
      {{"list"}, migration_nodes()},
      {{"create", "patch"}, of_group(kRbac, "rolebindings", ns)},
      {{"bind"}, of_group(kRbac, "clusterroles", "", kNamespaceRole)},
      {{"create", "get"}, kube::core("pods", ns)},
      {{"create"}, kube::core("pods", ns).sub("exec")},
      {{"get"}, kube::core("pods", ns).sub("log")},
      {{"create", "get"}, of_group("apps", "statefulsets", ns)},
      {{"create", "get", "list", "watch", "patch", "delete"}, migrations(ns)},
  };
  if (needs_deployment) all.push_back({{"get"}, extender_deployment()});
  return all;
}

std::string right_text(const char* verb, const kube::ResourcePath& on) {
  std::string resource = on.plural;
  if (!on.group.empty()) resource += "." + on.group;
  if (!on.subresource.empty()) resource += "/" + on.subresource;
  return fmt::format("{} {}{}{}", verb, resource, on.name.empty() ? "" : " " + on.name,
                     on.namespace_.empty() ? "" : " in namespace " + on.namespace_);
}

Outcome<bool> may(const Session& session, const char* verb, const kube::ResourcePath& on) {
  const kube::ResourcePath reviews = of_group("authorization.k8s.io", "selfsubjectaccessreviews");
  const Json asked = {{"apiVersion", "authorization.k8s.io/v1"},
                      {"kind", "SelfSubjectAccessReview"},
                      {"spec",
                       {{"resourceAttributes",
                         {{"verb", verb},
                          {"group", on.group},
                          {"resource", on.plural},
                          {"subresource", on.subresource},
                          {"namespace", on.namespace_},
                          {"name", on.name}}}}}};
  const auto answer = session.client.create(reviews, asked);
  if (!answer) return tl::make_unexpected(explain(answer.error(), "create", reviews));
  return flag_at(*answer, {"status", "allowed"});
}

Outcome<std::vector<std::string>> missing_rights(const Session& session, const std::string& ns, bool needs_deployment) {
  std::vector<std::string> missing;
  for (const Right& right : rights_for(ns, needs_deployment))
    for (const char* verb : right.verbs) {
      const auto allowed = may(session, verb, right.on);
      if (!allowed) return tl::make_unexpected(allowed.error());
      if (!*allowed) missing.push_back(right_text(verb, right.on));
    }
  return missing;
}

Outcome<std::vector<Candidate>> candidates(const Session& session, Instant now) {
  const kube::ResourcePath reported = migration_nodes();
  const auto facts = session.client.list(reported);
  if (!facts) return tl::make_unexpected(explain(facts.error(), "list", reported));
  const auto nodes = session.client.list(kube::core("nodes"));
  if (!nodes) return tl::make_unexpected(explain(nodes.error(), "list", kube::core("nodes")));
  std::map<std::string, const Json*> by_name;
  for (const Json& one : facts->at("items"))
    by_name[kube::metadata_of(one, "name")] = &one;
  std::vector<Candidate> all;
  all.reserve(nodes->at("items").size());
  for (const Json& node : nodes->at("items")) {
    const auto found = by_name.find(kube::metadata_of(node, "name"));
    all.push_back(candidate_of(node, found != by_name.end() ? found->second : nullptr, now));
  }
  return all;
}

Outcome<std::string> image_of_extender(const Session& session) {
  const kube::ResourcePath deployment = extender_deployment();
  const auto found = session.client.get(deployment);
  if (!found) return tl::make_unexpected(explain(found.error(), "get", deployment));
  if (!*found) return fail(std::string(kHowToInstall));
  if (std::string image = image_of(**found); !image.empty()) return image;
  return fail(fmt::format("Deployment {} names no image; name one with --image", kExtenderAccount));
}

}  // namespace

Outcome<std::optional<Grounds>> look_at_grounds(const Session& session, const Options& options,
                                                const std::string& namespace_, CheckList& checks) {
  checks.group("what it needs");
  const auto missing = missing_rights(session, namespace_, options.image.empty());
  if (!missing) return tl::make_unexpected(missing.error());
  const std::string_view rights = "you have the rights";
  if (!missing->empty()) {
    std::string why = "missing:";
    for (const std::string& one : *missing)
      why += "\n" + one;
    checks.failed(rights, why, kRightsHint);
    return std::nullopt;
  }
  checks.ok(rights);

  Grounds grounds;
  const auto all = candidates(session, server_now(session));
  if (!all) return tl::make_unexpected(all.error());
  auto nodes = choose_nodes(*all, options.from, options.to);
  if (!nodes) {
    checks.failed("two nodes that restore what runs on the other", nodes.error().message, kNodesHint);
    return std::nullopt;
  }
  checks.ok(fmt::format("nodes {} and {} restore what runs on the other", nodes->from.node, nodes->to.node));
  grounds.nodes = std::move(*nodes);

  grounds.image = options.image;
  if (grounds.image.empty()) {
    auto image = image_of_extender(session);
    if (!image) return tl::make_unexpected(image.error());
    grounds.image = std::move(*image);
  }
  checks.ok("migrate-counter is to be found in image " + grounds.image);
  return grounds;
}

}  // namespace migrate::plugin
