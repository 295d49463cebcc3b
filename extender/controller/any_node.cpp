#include "extender/controller/any_node.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "extender/controller/node_fit.h"
#include "extender/controller/pods.h"
#include "extender/controller/surroundings.h"

namespace migrate::controller {
namespace {

constexpr std::size_t kMostClauses = 6;
// Enough to find one that will do, in a cluster of thousands.
constexpr unsigned kFirstNodes = 100;

// Without the advice, which for many nodes would be too much.
std::string clause_of(const Refusal& refusal) {
  return refusal.message.substr(0, refusal.message.find(';'));
}

std::string text_of_taint(const Json& taint) {
  const std::string value = text_at(taint, {"value"});
  return fmt::format("{}{}{}:{}", text_at(taint, {"key"}), value.empty() ? "" : "=", value, text_at(taint, {"effect"}));
}

// What its own spec and the Migration's selector say.
std::optional<Objection> unwanted(const Migration& migration, const Json& pod, const Candidate& candidate) {
  const NodeState& state = candidate.state;
  for (const auto& [key, value] : migration.spec.target_selector) {
    const auto label = state.labels.find(key);
    if (label == state.labels.end() || label->second != value)
      return Objection{"label", fmt::format("node {} does not have the label {}={}", state.name, key, value)};
  }
  if (!wants_node(pod, *candidate.node))
    return Objection{"affinity", fmt::format("node {} is none of those that the Pod's nodeSelector and node affinity "
                                             "ask for",
                                             state.name)};
  if (state.cordoned && !tolerates_cordon(pod))
    return Objection{"cordon", fmt::format("node {} is cordoned", state.name)};
  if (const Json* taint = lasting_taint(pod, *candidate.node))
    return Objection{"taint", fmt::format("node {} has the taint {}, which the Pod does not tolerate", state.name,
                                          text_of_taint(*taint))};
  return std::nullopt;
}

std::vector<std::string> clauses_of(const std::vector<Objection>& all) {
  std::vector<std::string> clauses;
  std::map<std::string, std::size_t> counts;
  for (const Objection& one : all)
    ++counts[one.kind];
  for (const Objection& one : all) {
    const std::size_t count = all.size() <= kMostClauses ? 1 : std::exchange(counts[one.kind], 0);
    if (count == 1) clauses.push_back(one.clause);
    if (count > 1) clauses.push_back(fmt::format("{}, and {} more like it", one.clause, count - 1));
  }
  return clauses;
}

Attempt<Json> list_nodes(Inquiry& asked, bool first_ones) {
  const auto path = kube::core("nodes", "", "");
  kube::ListOptions options;
  options.first_page_only = first_ones;
  if (first_ones) options.page = kFirstNodes;
  return Pods{asked.hop}.call<Json>("list " + describe(path), asked.limits, [&](const kube::CallOptions& call) {
    return asked.hop.world().client.list(path, options, call);
  });
}

// Nothing: one of them will do.
Attempt<std::optional<std::vector<Objection>>> objections(Inquiry& asked, const Json& nodes) {
  std::vector<Objection> all;
  const NodeState& source = asked.around.source;
  for (const Json& node : list_at(nodes, {"items"})) {
    Candidate candidate{std::make_shared<const Json>(node), state_of_node(node)};
    if (candidate.state.name == source.name) continue;
    auto facts = asked.hop.world().agents.facts(candidate.state.name);
    if (!facts) return give_up(Event::failed, "ApiError", facts.error().message);
    candidate.state.facts = *facts;
    auto found = objection(asked.hop.migration(), *asked.pod, source, candidate,
                           asked.source ? carried(asked) : Bytes{}, asked.around.now);
    if (!found) return std::optional<std::vector<Objection>>{};
    all.push_back(std::move(*found));
  }
  return std::optional{std::move(all)};
}

}  // namespace

std::optional<Objection> objection(const Migration& migration, const Json& pod, const NodeState& source,
                                   const Candidate& candidate, Bytes needed, Instant now) {
  if (auto found = unwanted(migration, pod, candidate)) return found;
  auto found = node_refusals(source, candidate.state, /*local=*/false, needed, now);
  if (found.empty() && is_by_image(migration)) found = image_refusals(candidate.state);
  if (found.empty()) return std::nullopt;
  const Refusal& first = found.front();
  return Objection{first.reason, clause_of(first), first.reason == "AgentDown"};
}

Refusal no_node(const Migration& migration, const std::string& source, const std::vector<Objection>& all) {
  const std::string pod = fmt::format("Pod {}/{}", migration.namespace_, migration.spec.pod);
  const std::string why =
      all.empty() ? "there is none but " + source : fmt::format("{}", fmt::join(clauses_of(all), "; "));
  // One that has an agent, which will report again, is named as that: whoever asks again may have better luck.
  const bool passes = std::any_of(all.begin(), all.end(), [](const Objection& one) { return one.passes; });
  return {passes ? "AgentDown" : "NoNode", fmt::format("no node can take {}: {}; see kubectl migrate nodes", pod, why),
          ""};
}

Attempt<void> judge_nodes(Inquiry& asked) {
  const Migration& migration = asked.hop.migration();
  if (!asked.pod || !migration.spec.target_node.empty() || is_local(migration)) return {};
  for (const bool first_ones : {true, false}) {
    auto nodes = list_nodes(asked, first_ones);
    if (!nodes) return tl::make_unexpected(nodes.error());
    auto all = objections(asked, *nodes);
    if (!all) return tl::make_unexpected(all.error());
    if (!*all) return {};
    // A page that is not full holds all of them.
    if (first_ones && list_at(*nodes, {"items"}).size() >= kFirstNodes) continue;
    asked.add(no_node(migration, asked.around.source.name, **all));
    return {};
  }
  return {};
}

}  // namespace migrate::controller
