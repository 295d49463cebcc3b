#include "plugin/self_test_nodes.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"
#include "plugin/json_path.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"
#include "shared/kube/taint.h"
#include "shared/migration/names.h"
#include "shared/migration/node_match.h"

namespace migrate::plugin {
namespace {

constexpr std::size_t kMostLines = 10;  // of a message

std::string against_node(const Json& node) {
  if (flag_at(node, {"spec", "unschedulable"})) return "it is cordoned";
  for (const Json& taint : list_at(node, {"spec", "taints"}))
    if (kube::keeps_pods_away(taint)) return fmt::format("it has the taint {}", text_at(taint, {"key"}));
  const Json& conditions = list_at(node, {"status", "conditions"});
  const bool is_ready = std::any_of(conditions.begin(), conditions.end(), [](const Json& one) {
    return one.value("type", "") == "Ready" && one.value("status", "") == "True";
  });
  return is_ready ? "" : "it is not ready";
}

std::string against_agent(const NodeFacts& facts, Instant now) {
  if (const auto silent = now - facts.heartbeat; silent >= kHeartbeatLimit)
    return fmt::format("its migrate-agent has been silent for {}", age_text(silent));
  if (facts.criu.empty()) return "it has no CRIU";
  if (!facts.has_handler)
    return fmt::format("{} there does not know the runtime handler `{}`", facts.runtime, kRuntimeClass);
  return "";
}

int abilities(const NodeFacts& facts) {
  return static_cast<int>(facts.can_checkpoint_directly) + static_cast<int>(kubelet_checkpoint_trouble(facts).empty()) +
         static_cast<int>(image_restore_trouble(facts).empty());
}

std::vector<std::string> names_of(const std::vector<Candidate>& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Candidate& one : all)
    names.push_back(one.name);
  return names;
}

// Empty where nothing is in the way.
std::string misfit(const NodeFacts& from, const NodeFacts& to) {
  for (const auto& [source, target] : {std::pair{&from, &to}, std::pair{&to, &from}})
    if (const NodeMatch found = match(*source, *target); !found.fits)
      return fmt::format("{} -> {}: {}", source->node, target->node, joined(found.why, "; "));
  return "";
}

// Those that a flag leaves: the one that it names, or all that can be used, the ablest first.
Outcome<std::vector<const Candidate*>> choices(const std::vector<Candidate>& all, const std::string& flag,
                                               const std::string& name) {
  std::vector<const Candidate*> left;
  for (const Candidate& one : all)
    if (name.empty() ? one.against.empty() : one.name == name) left.push_back(&one);
  if (name.empty()) {
    std::stable_sort(left.begin(), left.end(),
                     [](const Candidate* a, const Candidate* b) { return abilities(a->facts) > abilities(b->facts); });
    return left;
  }
  if (left.empty()) {
    const auto near = similar(name, names_of(all));
    return fail(fmt::format("--{}={}: no such node{}", flag, name,
                            near.empty() ? "" : fmt::format("; did you mean {}?", joined(near, " or "))));
  }
  if (!left.front()->against.empty()) return fail(fmt::format("--{}={}: {}", flag, name, left.front()->against));
  return left;
}

tl::unexpected<Failure> too_few(const std::vector<Candidate>& all) {
  std::vector<std::string> usable;
  std::string others;
  std::size_t lines = 0;
  for (const Candidate& one : all) {
    if (one.against.empty())
      usable.push_back(one.name);
    else if (++lines <= kMostLines)
      others += fmt::format("\n{}: {}", one.name, one.against);
  }
  if (lines > kMostLines) others += fmt::format("\nand {} more", lines - kMostLines);
  return fail(fmt::format("a migration needs two nodes, and {}{}",
                          usable.empty() ? "none can be used" : "only one can be used: " + usable.front(), others));
}

}  // namespace

std::string kubelet_checkpoint_trouble(const NodeFacts& facts) {
  if (facts.runtime.starts_with("cri-o"))
    return fmt::format("CRI-O on node {} thaws a Pod at the end of a kubelet's checkpoint", facts.node);
  if (!facts.kubelet_checkpoint)
    return fmt::format("the agent of node {} has not told whether its kubelet checkpoints", facts.node);
  const KubeletCheckpoint& told = *facts.kubelet_checkpoint;
  if (told.state == "Allowed") return "";
  return fmt::format("the kubelet of node {} does not checkpoint ({}){}", facts.node, told.state,
                     told.message.empty() ? "" : ": " + one_line(told.message));
}

Candidate candidate_of(const Json& node, const Json* reported, Instant now) {
  Candidate made;
  made.name = kube::metadata_of(node, "name");
  made.against = against_node(node);
  if (!made.against.empty()) return made;
  if (reported == nullptr) {
    made.against = "no migrate-agent has reported from it";
    return made;
  }
  auto facts = parse_node_facts(*reported);
  made.against = facts ? against_agent(*facts, now) : facts.error().message;
  if (facts) made.facts = std::move(*facts);
  return made;
}

Outcome<NodePair> choose_nodes(const std::vector<Candidate>& all, const std::string& from, const std::string& to) {
  if (!from.empty() && from == to) return fail(fmt::format("--from and --to both name node {}", from));
  const auto sources = choices(all, "from", from);
  if (!sources) return tl::make_unexpected(sources.error());
  const auto targets = choices(all, "to", to);
  if (!targets) return tl::make_unexpected(targets.error());
  std::string first_misfit;
  for (const Candidate* source : *sources)
    for (const Candidate* target : *targets) {
      if (source == target) continue;
      const std::string trouble = misfit(source->facts, target->facts);
      if (trouble.empty()) return NodePair{source->facts, target->facts};
      if (first_misfit.empty()) first_misfit = trouble;
    }
  if (first_misfit.empty()) return too_few(all);
  return fail(fmt::format("no two of the nodes can restore what runs on the other\n{}", first_misfit));
}

}  // namespace migrate::plugin
