// What a check sees of the nodes: their objects, and what their agents say.
#include <fmt/format.h>

#include "plugin/hints.h"
#include "plugin/json_path.h"
#include "plugin/look.h"
#include "plugin/node_checks.h"
#include "shared/kube/known_objects.h"
#include "shared/kube/taint.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

bool is_linux(const Json& node) {
  const std::string system = text_at(node, {"metadata", "labels", "kubernetes.io/os"});
  return system.empty() || system == "linux";
}

// Empty: it takes Pods as they come. Of one Pod nobody knows here which taints it tolerates. Kubernetes marks a node in
// trouble by taints, too; that is no reason to leave it out.
std::string closed_because(const Json& node, bool is_about_pod) {
  if (flag_at(node, {"spec", "unschedulable"})) return "the node is cordoned";
  if (is_about_pod) return "";
  for (const Json& taint : list_at(node, {"spec", "taints"}))
    if (kube::keeps_pods_away(taint) && !kube::comes_and_goes(taint))
      return fmt::format("the node has the taint {}:{}, so it is not for Pods as they come", text_at(taint, {"key"}),
                         text_at(taint, {"effect"}));
  return "";
}

// Not everybody may list them.
void look_at_cluster(const Session& session, NodeQuestion& question) {
  const auto all = look_for(session, kube::core("nodes"), "nodes");
  if (!all) return;
  question.nodes.emplace();
  for (const Json& node : *all) {
    if (!is_linux(node)) continue;
    const std::string name = kube::metadata_of(node, "name");
    question.nodes->push_back(name);
    if (std::string why = closed_because(node, question.pod_node.has_value()); !why.empty())
      question.closed.emplace(name, std::move(why));
  }
}

}  // namespace

void check_nodes(const Session& session, const Options& options, CheckList& checks, Instant now,
                 const std::optional<std::string>& pod_node) {
  checks.group("nodes");
  const char* what = "agents have told of their nodes";
  const auto all = look_for(session, migration_nodes(), what);
  if (!all) return checks.add(all.error());
  NodeQuestion question;
  question.now = now;
  question.to = options.to;
  question.pod_node = pod_node;
  question.checkpoint = options.checkpoint;
  question.restore = options.restore;
  look_at_cluster(session, question);
  for (const Json& one : *all) {
    auto facts = parse_node_facts(one);
    if (!facts) {
      checks.failed(what, facts.error().message, hint(Topic::versions_differ));
      continue;
    }
    if (const auto skew = clock_skew(one)) question.skews[facts->node] = *skew;
    question.facts.push_back(std::move(*facts));
  }
  if (question.facts.empty())
    return checks.failed(what, fmt::format("none has; kubectl -n {} get daemonset,pods -o wide", kSystemNamespace),
                         hint("NoAgent"));
  for (Check& line : node_checks(question))
    checks.add(std::move(line));
}

}  // namespace migrate::plugin
