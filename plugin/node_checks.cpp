#include "plugin/node_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"
#include "plugin/hints.h"
#include "plugin/json_at.h"
#include "plugin/look.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"
#include "shared/migration/node_match.h"

namespace migrate::plugin {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNotableSkew{5'000};
constexpr milliseconds kHarmfulSkew{15'000};  // as old as a kubelet's Lease may be for a commit
constexpr Bytes kLittleDisk = 1024_MiB;
constexpr Bytes kNoDisk = 64_MiB;  // less than any migration leaves
constexpr Version kOldestContainerd{2, 0, 0};

// What an agent says may hold anything, so this is no format of fmt's.
std::string placed(std::string what, const std::string& nodes) {
  const std::size_t place = what.rfind("{}");
  return place == std::string::npos ? what : what.replace(place, 2, nodes);
}

// One thing on all nodes: lines of those where it is well, alike ones in one, before those where it is not.
class Row {
 public:
  // `what` has a place for the nodes: "handler `migrate` on {}".
  void ok(const std::string& what, const NodeFacts& node) { like(Mark::ok, what).nodes.push_back(node.node); }
  void skipped(const std::string& what, const std::string& why, const NodeFacts& node) {
    like(Mark::skipped, what, why).nodes.push_back(node.node);
  }
  void bad(Mark mark, const std::string& what, const std::string& node, std::string why, std::string hint) {
    bad_.push_back({mark, placed(what, node), std::move(why), std::move(hint)});
  }
  void into(std::vector<Check>& lines) {
    for (const Like& one : alike_)
      lines.push_back({one.mark, placed(one.what, names_text(one.nodes)), one.why});
    std::move(bad_.begin(), bad_.end(), std::back_inserter(lines));
  }

 private:
  struct Like {
    Mark mark;
    std::string what;
    std::string why;
    std::vector<std::string> nodes;
  };
  Like& like(Mark mark, const std::string& what, const std::string& why = "") {
    const auto found = std::find_if(alike_.begin(), alike_.end(), [&](const Like& one) {
      return one.mark == mark && one.what == what && one.why == why;
    });
    return found != alike_.end() ? *found : alike_.emplace_back(Like{mark, what, why, {}});
  }

  std::vector<Like> alike_;
  std::vector<Check> bad_;
};

class Rows {
 public:
  explicit Rows(const NodeQuestion& question) : asked_(question) {
    for (const NodeFacts& one : asked_.facts)
      if (asked_.now - one.heartbeat < kHeartbeatLimit) alive_.push_back(&one);
  }

  void agents() {
    Row row;
    const char* what = "the agent of {} is alive";
    for (const NodeFacts& one : asked_.facts) {
      const auto silent = std::chrono::duration_cast<std::chrono::seconds>(asked_.now - one.heartbeat);
      if (silent < kHeartbeatLimit)
        row.ok(what, one);
      else if (is_known(one.node))
        row.bad(Mark::failed, what, one.node,
                fmt::format("it has been silent for {}{}; {}", age_text(silent), clock_of(one.node), see_pods()),
                hint("AgentDown"));
      else
        row.bad(Mark::note, what, one.node,
                fmt::format("there is no such node any more; kubectl delete migrationnode {}", one.node),
                hint(Topic::stale_node));
    }
    for (const std::string& node : asked_.nodes.value_or(std::vector<std::string>{}))
      if (!has_facts(node))
        row.bad(node == asked_.to ? Mark::failed : Mark::note, "{} has an agent", node,
                fmt::format("none ever reported: nothing moves from or to it; {}", see_pods()), hint("NoAgent"));
    if (!asked_.to.empty() && !is_known(asked_.to))
      row.bad(Mark::failed, "--to={}: there is such a node", asked_.to, "kubectl get nodes shows all",
              hint("NodeUnknown"));
    row.into(lines_);
    versions();
  }

  void runtime() {
    Row row;
    for (const NodeFacts* node : alive_) {
      const std::string name = fmt::format("{} {}", node->runtime, node->runtime_version);
      const bool is_tested = node->runtime == "cri-o" || (node->runtime == "containerd" &&
                                                          parse_version(node->runtime_version) >= kOldestContainerd);
      if (is_tested)
        row.ok(name + " on {}", *node);
      else
        row.bad(Mark::note, "the runtime of {} is known", node->node,
                fmt::format("it is {}; tested are containerd from 2.0 on and CRI-O",
                            node->runtime.empty() ? "not told by the agent" : name),
                hint(Topic::old_runtime));
    }
    row.into(lines_);
  }

  void handler() {
    Row row;
    const std::string what = fmt::format("runtime handler `{}` on {{}}", kRuntimeClass);
    for (const NodeFacts* node : alive_)
      if (node->has_handler)
        row.ok(what, *node);
      else
        row.bad(Mark::failed, what, node->node,
                fmt::format("{} {} does not know it: nothing can be restored there. An administrator adds it to the "
                            "runtime's configuration and restarts it",
                            node->runtime, node->runtime_version),
                hint("NoHandler"));
    row.into(lines_);
  }

  void direct_checkpoint() {
    Row row;
    const bool is_asked = asked_.checkpoint == CheckpointBackend::direct;
    for (const NodeFacts* node : alive_)
      if (node->can_checkpoint_directly)
        row.ok("direct checkpoints on {}", *node);
      else
        row.bad(is_asked ? Mark::failed : Mark::note, "direct checkpoints on {}", node->node,
                fmt::format("its agent does not reach {} for them; the kubelet's, which take longer, remain",
                            node->runtime),
                hint("NoDirectCheckpoint"));
    row.into(lines_);
  }

  void kubelet_checkpoint() {
    Row row;
    const std::string what = "the kubelet of {} makes checkpoints";
    for (const NodeFacts* node : alive_) {
      const auto& told = node->kubelet_checkpoint;
      if (told && told->state == KubeletCheckpoint::kAllowed)
        row.ok(what, *node);
      else if (!told || (told->state != KubeletCheckpoint::kForbidden && told->state != KubeletCheckpoint::kGateClosed))
        row.skipped(what, told && !told->message.empty() ? told->message : "its agent has not tried it yet", *node);
      else
        row.bad(needs_kubelet(*node) ? Mark::failed : Mark::note, what, node->node,
                fmt::format("{}{}", kubelet_advice(told->state),
                            needs_kubelet(*node) ? "" : "; direct checkpoints do not need it"),
                hint("KubeletCheckpoint"));
    }
    row.into(lines_);
  }

  void image_restore() {
    Row row;
    const std::string what = "restores from images on {}";
    for (const NodeFacts* node : alive_) {
      const std::string trouble = image_restore_trouble(*node);
      if (trouble.empty())
        row.ok(what, *node);
      else
        row.bad(
            asked_.restore == RestoreWay::image ? Mark::failed : Mark::note, what, node->node,
            fmt::format("{}{}", trouble, asked_.restore == RestoreWay::image ? "" : "\nOnly --restore image needs it"),
            hint("NoImageRestore"));
    }
    row.into(lines_);
  }

  void criu() {
    Row row;
    for (const NodeFacts* node : alive_) {
      if (node->criu.empty())
        row.bad(Mark::failed, "CRIU on {}", node->node, "there is none; install version 4.2 or newer there",
                hint("NoCriu"));
      else if (parse_version(node->criu) < kOldestCriu)
        row.bad(Mark::failed, "CRIU on {}", node->node, fmt::format("it is {}; 4.2 or newer is needed", node->criu),
                hint("CriuTooOld"));
      else
        row.ok(fmt::format("CRIU {} on {{}}", node->criu), *node);
    }
    row.into(lines_);
    criu_check();
    criu_options();
  }

  void clocks() {
    Row row;
    const std::string what = "the clock of {} is the API server's";
    for (const NodeFacts* node : alive_) {
      const auto told = asked_.skews.find(node->node);
      if (told == asked_.skews.end()) {
        row.skipped(what, "the API server does not show when it took the agent's report", *node);
        continue;
      }
      const milliseconds skew = std::chrono::abs(told->second);
      if (skew < kNotableSkew)
        row.ok(what + " (to within 5 s)", *node);
      else
        row.bad(skew < kHarmfulSkew ? Mark::note : Mark::failed, what, node->node,
                fmt::format("it is {} {}; set it by NTP there", duration_text(skew),
                            told->second < milliseconds{0} ? "behind" : "ahead"),
                hint(Topic::clock_skew));
    }
    row.into(lines_);
  }

  void disk() {
    Row row;
    const std::string what = "room for checkpoints on {}";
    for (const NodeFacts* node : alive_)
      if (node->free_disk >= kLittleDisk)
        row.ok(what, *node);
      else
        row.bad(node->free_disk < kNoDisk ? Mark::failed : Mark::note, what, node->node,
                fmt::format("{} are left in /var/lib/kubectl-migrate; a target's node needs twice the Pod's memory",
                            bytes_text(node->free_disk)),
                hint("NoRoom"));
    row.into(lines_);
  }

  // A Pod goes from a node to one that restores what that one wrote.
  void compatibility() {
    Row row;
    const std::string what = "Pods of {} fit on another node";
    for (const NodeFacts* from : alive_) {
      std::vector<std::string> against;
      const bool fits = std::any_of(alive_.begin(), alive_.end(), [&](const NodeFacts* to) {
        const NodeMatch matched = from == to ? NodeMatch{false, {}} : match(*from, *to);
        if (!matched.why.empty()) against.push_back(joined(matched.why, "; "));
        return matched.fits;
      });
      if (fits)
        row.ok(what, *from);
      else
        row.bad(Mark::note, what, from->node, lines_of(against), hint(Topic::one_kind_of_node));
    }
    row.into(lines_);
  }

  std::vector<Check> take() { return std::move(lines_); }

 private:
  void versions() {
    Row row;
    for (const NodeFacts* node : alive_)
      if (node->agent_version != MIGRATE_VERSION)
        row.bad(Mark::note, "the agent of {} is of this plugin's version", node->node,
                fmt::format("it is {}, this plugin is {}",
                            node->agent_version.empty() ? "of one that it does not tell" : node->agent_version,
                            MIGRATE_VERSION),
                hint(Topic::versions_differ));
    row.into(lines_);
  }

  void criu_check() {
    Row row;
    const std::string what = "`criu check` on {}";
    for (const NodeFacts* node : alive_) {
      if (node->criu.empty()) continue;
      if (!node->criu_check)
        row.skipped(what, "its agent has not run it yet", *node);
      else if (node->criu_check->ok)
        row.ok(what, *node);
      else
        row.bad(Mark::note, what, node->node, node->criu_check->message, hint(Topic::criu_check));
    }
    row.into(lines_);
  }

  void criu_options() {
    Row row;
    const std::string what = "CRIU's options on {}";
    for (const NodeFacts* node : alive_)
      if (node->criu_options_missing.empty())
        row.ok(what, *node);
      else
        row.bad(Mark::failed, what, node->node,
                fmt::format("/etc/criu/runc.conf lacks, or has otherwise: {}", joined(node->criu_options_missing)),
                hint(Topic::criu_options));
    row.into(lines_);
  }

  [[nodiscard]] bool needs_kubelet(const NodeFacts& node) const {
    return asked_.checkpoint == CheckpointBackend::kubelet || !node.can_checkpoint_directly;
  }
  static std::string kubelet_advice(const std::string& state) {
    if (state == KubeletCheckpoint::kForbidden)
      return "the agent has no right to create nodes/checkpoint: kubectl apply -k manifests/ gives it";
    return "its feature gate ContainerCheckpoint is closed, or its debugging handlers are off: set "
           "`featureGates: {ContainerCheckpoint: true}` in the kubelet's configuration and restart it";
  }
  static std::string lines_of(const std::vector<std::string>& against) {
    constexpr std::size_t kShown = 3;
    if (against.empty()) return "there is no other one whose agent is alive";
    const std::size_t shown = std::min(against.size(), kShown);
    std::string text = joined({against.begin(), against.begin() + static_cast<std::ptrdiff_t>(shown)}, "\n");
    if (shown < against.size()) text += fmt::format("\nand {} more nodes", against.size() - shown);
    return text;
  }

  [[nodiscard]] bool has_facts(const std::string& node) const {
    return std::any_of(asked_.facts.begin(), asked_.facts.end(),
                       [&](const NodeFacts& one) { return one.node == node; });
  }
  // A late clock looks like silence.
  [[nodiscard]] std::string clock_of(const std::string& node) const {
    const auto skew = asked_.skews.find(node);
    if (skew == asked_.skews.end() || skew->second > -kNotableSkew) return "";
    return fmt::format(", but the clock there is {} late", duration_text(-skew->second));
  }
  // Or nobody can tell.
  [[nodiscard]] bool is_known(const std::string& node) const {
    if (!asked_.nodes) return true;
    return std::find(asked_.nodes->begin(), asked_.nodes->end(), node) != asked_.nodes->end();
  }

  const NodeQuestion& asked_;
  std::vector<const NodeFacts*> alive_;
  std::vector<Check> lines_;
};

std::optional<std::vector<std::string>> linux_nodes(const Session& session) {
  const auto all = look_for(session, kube::core("nodes"), "nodes");
  if (!all) return std::nullopt;
  std::vector<std::string> names;
  for (const Json& one : *all) {
    const std::string system = text_at(one, Pointer{"/metadata/labels"} / "kubernetes.io/os");
    if (system.empty() || system == "linux") names.push_back(kube::metadata_of(one, "name"));
  }
  return names;
}

}  // namespace

std::string names_text(const std::vector<std::string>& nodes) {
  constexpr std::size_t kFew = 4;
  if (nodes.size() > kFew) return fmt::format("{} nodes", nodes.size());
  if (nodes.size() < 2) return joined(nodes);
  return fmt::format("{} and {}", joined({nodes.begin(), nodes.end() - 1}), nodes.back());
}

std::vector<Check> node_checks(const NodeQuestion& question) {
  Rows rows{question};
  rows.agents();
  rows.runtime();
  rows.handler();
  rows.direct_checkpoint();
  rows.kubelet_checkpoint();
  rows.image_restore();
  rows.criu();
  rows.clocks();
  rows.disk();
  rows.compatibility();
  return rows.take();
}

void check_nodes(const Session& session, const Options& options, CheckList& checks, Instant now) {
  checks.group("nodes");
  const char* what = "agents have told of their nodes";
  const auto all = look_for(session, migration_nodes(), what);
  if (!all) return checks.add(all.error());
  NodeQuestion question{{}, {}, linux_nodes(session), now, options.to, options.checkpoint, options.restore};
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
