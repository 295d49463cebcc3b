#include "extender/controller/spread.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/node_fit.h"
#include "extender/controller/pod_view.h"
#include "shared/kube/label_selector.h"

namespace migrate::controller {
namespace {

const Json& constraints_of(const Json& pod) {
  return list_at(pod, {"spec", "topologySpreadConstraints"});
}

// With the values that the Pod has of matchLabelKeys. Since Kubernetes 1.34 the API server has put them there itself;
// twice does no harm.
Json selector_of(const Json& constraint, const Json* labels) {
  const Json* given = find(constraint, {"labelSelector"});
  if (given == nullptr) return {};
  Json selector = *given;
  for (const Json& key : list_at(constraint, {"matchLabelKeys"})) {
    if (labels == nullptr || !key.is_string()) continue;
    if (const auto label = labels->find(key.get<std::string>()); label != labels->end())
      selector["matchExpressions"].push_back({{"key", key}, {"operator", "In"}, {"values", Json::array({*label})}});
  }
  return selector;
}

bool is_domain(const Json& constraint, const Json& pod, const Json& node) {
  if (text_at(constraint, {"nodeAffinityPolicy"}) != "Ignore" && !wants_node(pod, node)) return false;
  return text_at(constraint, {"nodeTaintsPolicy"}) != "Honor" || tolerates_node(pod, node);
}

bool counts(const Json& pod, const std::set<std::string>& absent) {
  const PodView view = view_of(pod);
  return !view.deleting && view.phase != "Succeeded" && view.phase != "Failed" && !absent.contains(view.uid);
}

std::string label_of(const Json& node, const std::string& key) {
  return text_at(node, {"metadata", "labels", key.c_str()});
}

}  // namespace

bool is_hard_constraint(const Json& spread_constraint) {
  return text_at(spread_constraint, {"whenUnsatisfiable"}) == "DoNotSchedule";
}

bool is_spread(const Json& pod) {
  const Json& all = constraints_of(pod);
  return std::any_of(all.begin(), all.end(), is_hard_constraint);
}

Spread::Spread(const Json& pod, const Json& pods, const Json& nodes, const std::set<std::string>& absent) {
  const Json* labels = find(pod, {"metadata", "labels"});
  std::vector<const Json*> constraints;
  for (const Json& one : constraints_of(pod))
    if (is_hard_constraint(one)) constraints.push_back(&one);
  const auto has_key = [](const Json& node, const Json* one) {
    return has(node, {"metadata", "labels", text_at(*one, {"topologyKey"}).c_str()});
  };
  std::vector<const Json*> whole;  // nodes with every key
  for (const Json& node : list_at(nodes, {"items"}))
    if (std::all_of(constraints.begin(), constraints.end(), [&](const Json* one) { return has_key(node, one); }))
      whole.push_back(&node);
  for (const Json* constraint : constraints) {
    const Json selector = selector_of(*constraint, labels);
    Rule rule;
    rule.key = text_at(*constraint, {"topologyKey"});
    rule.most = number_at(*constraint, {"maxSkew"}, 1);
    rule.itself = kube::selects(&selector, labels) ? 1 : 0;
    std::map<std::string, std::string> domain_of;  // by node
    for (const Json* node : whole) {
      if (!is_domain(*constraint, pod, *node)) continue;
      const std::string domain = label_of(*node, rule.key);
      rule.counts.try_emplace(domain, 0);
      domain_of.emplace(text_at(*node, {"metadata", "name"}), domain);
    }
    for (const Json& one : list_at(pods, {"items"}))
      if (const auto at = domain_of.find(text_at(one, {"spec", "nodeName"})); at != domain_of.end())
        if (counts(one, absent) && kube::selects(&selector, find(one, {"metadata", "labels"})))
          ++rule.counts[at->second];
    const auto least = std::min_element(rule.counts.begin(), rule.counts.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto wanted = static_cast<std::size_t>(number_at(*constraint, {"minDomains"}, 1));
    rule.fewest = least == rule.counts.end() || rule.counts.size() < wanted ? 0 : least->second;
    rules_.push_back(std::move(rule));
  }
  for (const Json* node : whole) {
    std::map<std::string, std::string> place;
    for (const Rule& rule : rules_)
      place[rule.key] = label_of(*node, rule.key);
    places_.insert(std::move(place));
  }
}

std::int64_t Spread::count_in(const Rule& rule, const std::string& domain) {
  const auto there = rule.counts.find(domain);
  return (there == rule.counts.end() ? 0 : there->second) + rule.itself;
}

std::string Spread::trouble(const Json& node) const {
  for (const Rule& rule : rules_) {
    const std::string name = text_at(node, {"metadata", "name"});
    if (!has(node, {"metadata", "labels", rule.key.c_str()}))
      return fmt::format("node {} has no label {}, by which its topologySpreadConstraints spread its kind", name,
                         rule.key);
    const std::string domain = label_of(node, rule.key);
    const std::int64_t there = count_in(rule, domain);
    if (there - rule.fewest > rule.most)
      return fmt::format(
          "on node {} there would be {} of its kind in {} {} and {} where there are fewest, and its "
          "topologySpreadConstraints allow a difference of {}",
          name, there, rule.key, domain, rule.fewest, rule.most);
  }
  return "";
}

Domains Spread::domains() const {
  Domains found;
  for (const Rule& rule : rules_) {
    std::set<std::string> fit;
    for (const auto& place : places_)
      if (const std::string& domain = place.at(rule.key); count_in(rule, domain) - rule.fewest <= rule.most)
        fit.insert(domain);
    const auto known = found.find(rule.key);
    if (known == found.end())
      found[rule.key] = {fit.begin(), fit.end()};
    else
      std::erase_if(known->second, [&](const std::string& one) { return !fit.contains(one); });
  }
  return found;
}

}  // namespace migrate::controller
