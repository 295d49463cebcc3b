#include "extender/controller/node_fit.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/kube/label_selector.h"
#include "shared/kube/taint.h"

namespace migrate::controller {
namespace {

bool matches(const Json& term, const Json& node) {
  const Json& fields = list_at(term, {"matchFields"});
  const Json& expressions = list_at(term, {"matchExpressions"});
  if (fields.empty() && expressions.empty()) return false;
  // The only field there is (Kubernetes API, NodeSelectorTerm).
  const Json of_node{{"metadata.name", text_at(node, {"metadata", "name"})}};
  const Json by_fields{{"matchExpressions", fields}};
  const Json by_labels{{"matchExpressions", expressions}};
  return kube::selects(&by_fields, &of_node) && kube::selects(&by_labels, find(node, {"metadata", "labels"}));
}

bool tolerates(const Json& toleration, const Json& taint) {
  const std::string effect = text_at(toleration, {"effect"});
  const std::string key = text_at(toleration, {"key"});
  const std::string how = text_at(toleration, {"operator"});
  if (!effect.empty() && effect != text_at(taint, {"effect"})) return false;
  if (!key.empty() && key != text_at(taint, {"key"})) return false;
  if (how == "Exists") return true;
  return !key.empty() && (how.empty() || how == "Equal") && text_at(toleration, {"value"}) == text_at(taint, {"value"});
}

bool is_tolerated(const Json& pod, const Json& taint) {
  const Json& tolerations = list_at(pod, {"spec", "tolerations"});
  return !kube::keeps_pods_away(taint) ||
         std::any_of(tolerations.begin(), tolerations.end(), [&](const Json& one) { return tolerates(one, taint); });
}

}  // namespace

bool wants_node(const Json& pod, const Json& node) {
  const Json* labels = find(node, {"metadata", "labels"});
  if (const Json* map = find(pod, {"spec", "nodeSelector"});
      map != nullptr && !map->empty() && !kube::selects_by_map(map, labels))
    return false;
  const Json* required =
      find(pod, {"spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"});
  if (required == nullptr) return true;
  const Json& terms = list_at(*required, {"nodeSelectorTerms"});
  return std::any_of(terms.begin(), terms.end(), [&](const Json& term) { return matches(term, node); });
}

bool tolerates_node(const Json& pod, const Json& node) {
  const Json& taints = list_at(node, {"spec", "taints"});
  return std::all_of(taints.begin(), taints.end(), [&](const Json& taint) { return is_tolerated(pod, taint); });
}

const Json* lasting_taint(const Json& pod, const Json& node) {
  for (const Json& taint : list_at(node, {"spec", "taints"}))
    if (!kube::comes_and_goes(taint) && !is_tolerated(pod, taint)) return &taint;
  return nullptr;
}

bool tolerates_cordon(const Json& pod) {
  return is_tolerated(pod, {{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}});
}

void add_node_terms(Json& spec, const Json& terms) {
  Json& own = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  if (!own.is_array() || own.empty()) {
    own = terms;
    return;
  }
  Json both = Json::array();
  for (const Json& mine : own)
    for (const Json& other : terms) {
      Json term = mine;
      for (const char* kind : {"matchExpressions", "matchFields"})
        for (const Json& one : list_at(other, {kind}))
          term[kind].push_back(one);
      both.push_back(std::move(term));
    }
  own = std::move(both);
}

}  // namespace migrate::controller
