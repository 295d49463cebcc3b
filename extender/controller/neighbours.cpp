#include "extender/controller/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/node_fit.h"
#include "extender/controller/pods.h"
#include "extender/controller/requests.h"
#include "extender/controller/set_refusals.h"
#include "extender/controller/surroundings.h"

namespace migrate::controller {
namespace {

// Both lists in one object: "pods" of the Migration's namespace and all "nodes".
Attempt<Json> list_both(Hop& hop, const Limits& limits) {
  Json both;
  for (const auto& path : {kube::core("pods", hop.migration().namespace_, ""), kube::core("nodes", "", "")}) {
    auto listed = Pods{hop}.call<Json>("list " + describe(path), limits, [&](const kube::CallOptions& options) {
      return hop.world().client.list(path, {}, options);
    });
    if (!listed) return tl::make_unexpected(listed.error());
    both[path.plural] = std::move(*listed);
  }
  return both;
}

const Json* node_in(const Json& both, const std::string& name) {
  for (const Json& node : list_at(both, {"nodes", "items"}))
    if (text_at(node, {"metadata", "name"}) == name) return &node;
  return nullptr;
}

// One of its kind more, with the labels by which it is counted, while the source is there still.
bool stands_beside_source(Hop& hop) {
  return !hop.has_placeholder() || strategy_of(hop.migration()) == Strategy::live;
}

class Neighbours {
 public:
  // `made`: the uid of what stands in the target's place already; empty: nothing.
  Neighbours(const Json& pod, const NodeState& source, const Json& both, const std::string& made)
      : pod_(pod),
        source_(source),
        both_(both),
        after_(pod, both.at("pods"), both.at("nodes"), {view_of(pod).uid, made}),
        beside_(pod, both.at("pods"), both.at("nodes"), {made}) {}

  // A node that it may run on as far as its own spec goes, other than the source's.
  [[nodiscard]] bool is_candidate(const Json& node, const MigrationSpec& spec) const {
    if (text_at(node, {"metadata", "name"}) == source_.name || flag_at(node, {"spec", "unschedulable"})) return false;
    const auto& wanted = spec.target_selector;
    return wants_node(pod_, node) && tolerates_node(pod_, node) &&
           std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
             return text_at(node, {"metadata", "labels", one.first.c_str()}) == one.second;
           });
  }

  // `beside`: while the source is there, too. `node`: another one than the source's.
  [[nodiscard]] std::vector<Refusal> of_node(const Json& node, bool beside) const {
    std::vector<Refusal> found = affinity_refusals(pod_, source_, state_of_node(node));
    const auto of_spread = spread_refusals(node, beside);
    found.insert(found.end(), of_spread.begin(), of_spread.end());
    return found;
  }

  [[nodiscard]] std::vector<Refusal> spread_refusals(const Json& node, bool beside) const {
    const std::string why = spread_trouble(node, beside);
    if (why.empty()) return {};
    const PodView view = view_of(pod_);
    std::string advice = "no other node keeps that either: add one, or let maxSkew be more";
    for (const Json& other : list_at(both_, {"nodes", "items"}))
      if (is_candidate(other, MigrationSpec{}) && spread_trouble(other, beside).empty()) {
        advice = "name one that keeps it, as --to " + text_at(other, {"metadata", "name"});
        break;
      }
    return {{"Spread", fmt::format("Pod {}/{}: {}; {}", view.namespace_, view.name, why, advice), ""}};
  }

  // Nothing, too, where there is no node to choose from: why that is so, the scheduler says.
  [[nodiscard]] std::vector<Refusal> of_all(const MigrationSpec& spec, bool beside) const {
    const Json* first = nullptr;
    for (const Json& node : list_at(both_, {"nodes", "items"})) {
      if (!is_candidate(node, spec)) continue;
      if (spread_trouble(node, beside).empty() && affinity_refusals(pod_, source_, state_of_node(node)).empty())
        return {};
      if (first == nullptr) first = &node;
    }
    return first == nullptr ? std::vector<Refusal>{} : of_node(*first, beside);
  }

 private:
  [[nodiscard]] std::string spread_trouble(const Json& node, bool beside) const {
    std::string why = after_.trouble(node);
    if (!why.empty() || !beside) return why;
    why = beside_.trouble(node);
    return why.empty() ? why : "while the source is there still, " + why;
  }

  const Json& pod_;
  const NodeState& source_;
  const Json& both_;
  Spread after_;   // when the source is gone
  Spread beside_;  // while it is there
};

// The shadow of a StatefulSet's Pod has to come back into the name, however long that takes; and no other one with a
// name to keep is moved where it is plain that it could not.
void note_way_back(const Migration& migration, const Json& pod, Surroundings& around) {
  std::string trouble = keeps_name(migration) ? port_trouble(pod) : "";
  if (trouble.empty() && around.target && is_owned_by(migration, kStatefulSet))
    trouble = return_trouble(pod, *around.target);
  if (trouble.empty()) return;
  if (migration.spec.strategy == Strategy::live)
    around.set_refusals.push_back(no_way_back(pod, trouble));
  else
    around.against_live.push_back(trouble);
}

}  // namespace

Attempt<void> look_at_neighbours(Hop& hop, const Json& pod, const Limits& limits, Surroundings& around) {
  // A hop within its node changes nothing for long, and that node was looked at when the shadow came there.
  if (is_local(hop.migration())) return {};
  note_way_back(hop.migration(), pod, around);
  if (!is_spread(pod) && !keeps_apart(pod)) return {};
  auto both = list_both(hop, limits);
  if (!both) return tl::make_unexpected(both.error());
  const Neighbours neighbours{pod, around.source, *both, ""};
  const auto look = [&](bool beside) -> std::vector<Refusal> {
    if (!around.target) return neighbours.of_all(hop.migration().spec, beside);
    const Json* node = node_in(*both, around.target->name);
    if (node == nullptr || around.target->name == around.source.name) return {};
    return neighbours.of_node(*node, beside);
  };
  const bool beside = stands_beside_source(hop);
  const auto found = look(beside);
  around.set_refusals.insert(around.set_refusals.end(), found.begin(), found.end());
  if (beside || !found.empty()) return {};
  if (const auto of_shadow = look(/*beside=*/true); !of_shadow.empty())
    around.against_live.push_back(of_shadow.front().message);
  return {};
}

Attempt<Domains> look_for_domains(Hop& hop, const Limits& limits) {
  // Who named a node is told why not that one.
  if (!is_spread(hop.source()) || !hop.migration().spec.target_node.empty()) return Domains{};
  auto both = list_both(hop, limits);
  if (!both) return tl::make_unexpected(both.error());
  const std::string& made = hop.status().target.uid;
  const auto domains_without = [&](const std::set<std::string>& absent) {
    return Spread{hop.source(), both->at("pods"), both->at("nodes"), absent}.domains();
  };
  Domains left = domains_without({hop.status().source.uid, made});
  if (stands_beside_source(hop)) {
    const Domains now = domains_without({made});
    for (auto& [key, values] : left)
      std::erase_if(values, [&, &fit = now.at(key)](const std::string& one) {
        return std::find(fit.begin(), fit.end(), one) == fit.end();
      });
  }
  if (std::any_of(left.begin(), left.end(), [](const auto& of_key) { return of_key.second.empty(); }))
    return give_up(Event::refused, "Spread",
                   fmt::format("Pod {}/{}: its topologySpreadConstraints hold on no node any more",
                               hop.migration().namespace_, hop.status().source.pod));
  return left;
}

Attempt<std::vector<Refusal>> look_at_place(Hop& hop, const NodeState& target, const Limits& limits) {
  if (is_local(hop.migration())) return std::vector<Refusal>{};
  const bool comes_back = hop.status().strategy == Strategy::live && is_owned_by(hop.migration(), kStatefulSet);
  if (const std::string trouble = comes_back ? return_trouble(hop.source(), target) : ""; !trouble.empty())
    return std::vector{no_way_back(hop.source(), trouble)};
  if (!is_spread(hop.source())) return std::vector<Refusal>{};
  auto both = list_both(hop, limits);
  if (!both) return tl::make_unexpected(both.error());
  const Json* node = node_in(*both, target.name);
  if (node == nullptr) return std::vector<Refusal>{};
  NodeState source;
  source.name = hop.status().source.node;
  const Neighbours neighbours{hop.source(), source, *both, hop.status().target.uid};
  return neighbours.spread_refusals(*node, stands_beside_source(hop));
}

}  // namespace migrate::controller
