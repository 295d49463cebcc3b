#include "plugin/node_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugin/format.h"
#include "plugin/handler_lines.h"
#include "plugin/hints.h"
#include "plugin/node_row.h"
#include "plugin/similar.h"
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

class Rows {
 public:
  explicit Rows(const NodeQuestion& question) : asked_(question) {
    for (const NodeFacts& one : asked_.facts)
      if (asked_.now - one.heartbeat < kHeartbeatLimit) alive_.push_back(&one);
  }

  void agents() {
    NodeRow row;
    const char* what = "the agent of {} is alive";
    for (const NodeFacts& one : asked_.facts) {
      const auto silent = std::chrono::duration_cast<std::chrono::seconds>(asked_.now - one.heartbeat);
      if (silent < kHeartbeatLimit)
        row.ok(what, one);
      else if (is_known(one.node))
        fault(row, Side::both, what, one.node,
              fmt::format("it has been silent for {}{}; {}", age_text(silent), clock_of(one.node), see_pods()),
              hint("AgentDown"));
      else
        row.bad(Mark::note, what, one.node,
                fmt::format("there is no such node any more; kubectl delete migrationnode {}", one.node),
                hint(Topic::stale_node));
    }
    for (const std::string& node : asked_.nodes.value_or(std::vector<std::string>{}))
      if (!has_facts(node))
        row.bad(is_named(node) ? Mark::failed : Mark::note, "{} has an agent", node,
                fmt::format("none ever reported: nothing moves from or to it; {}", see_pods()), hint("NoAgent"));
    if (!asked_.to.empty() && !is_known(asked_.to))
      row.bad(Mark::failed, "--to={}: there is such a node", asked_.to, "kubectl get nodes shows all",
              hint("NodeUnknown"));
    row.into(lines_);
    versions();
  }

  void runtime() {
    NodeRow row;
    for (const NodeFacts* node : alive_) {
      const std::string name = fmt::format("{} {}", node->runtime, node->runtime_version);
      const bool is_tested = node->runtime == "cri-o" || (node->runtime == "containerd" &&
                                                          parse_version(node->runtime_version) >= kOldestContainerd);
      if (is_tested)
        row.ok(name + " on {}", *node);
      else
        row.bad(Mark::note, "the runtime of {} is known", node->node,
                fmt::format("it is {}; known are containerd from 2.0 on and CRI-O",
                            node->runtime.empty() ? "not told by the agent" : name),
                hint(Topic::old_runtime));
    }
    row.into(lines_);
  }

  void handler() {
    NodeRow row;
    const std::string what = fmt::format("runtime handler `{}` on {{}}", kRuntimeClass);
    std::map<std::string, std::string> shown;  // advice, and the node whose line has it
    for (const NodeFacts* node : alive_) {
      if (node->has_handler) {
        row.ok(what, *node);
        continue;
      }
      std::string advice = handler_advice(node->runtime, node->runtime_version);
      const auto [first, is_new] = shown.try_emplace(advice, node->node);
      if (!is_new) advice = fmt::format("The lines to add are those for {}, above", first->second);
      fault(row, Side::target, what, node->node,
            fmt::format("{} {} does not know it: nothing can be restored there\n{}", node->runtime,
                        node->runtime_version, advice),
            hint("NoHandler"));
    }
    row.into(lines_);
  }

  void direct_checkpoint() {
    NodeRow row;
    const bool is_asked = asked_.checkpoint == CheckpointBackend::direct;
    for (const NodeFacts* node : alive_)
      if (node->can_checkpoint_directly)
        row.ok("direct checkpoints on {}", *node);
      else
        judge(row, is_asked, Side::source, "direct checkpoints on {}", node->node,
              fmt::format("its agent does not reach {} for them; the kubelet's, which take longer, remain",
                          node->runtime),
              hint("NoDirectCheckpoint"));
    row.into(lines_);
  }

  void kubelet_checkpoint() {
    NodeRow row;
    const std::string what = "the kubelet of {} makes checkpoints";
    for (const NodeFacts* node : alive_) {
      const auto& told = node->kubelet_checkpoint;
      if (told && told->state == KubeletCheckpoint::kAllowed)
        row.ok(what, *node);
      else if (!told || (told->state != KubeletCheckpoint::kForbidden && told->state != KubeletCheckpoint::kGateClosed))
        row.skipped(what, told && !told->message.empty() ? told->message : "its agent has not tried it yet", *node);
      else
        judge(row, needs_kubelet(*node), Side::source, what, node->node,
              fmt::format("{}{}", kubelet_advice(told->state),
                          needs_kubelet(*node) ? "" : "; direct checkpoints do not need it"),
              hint("KubeletCheckpoint"));
    }
    row.into(lines_);
  }

  void image_restore() {
    NodeRow row;
    const std::string what = "restores from images on {}";
    for (const NodeFacts* node : alive_) {
      const std::string trouble = image_restore_trouble(*node);
      if (trouble.empty())
        row.ok(what, *node);
      else
        judge(
            row, asked_.restore == RestoreWay::image, Side::target, what, node->node,
            fmt::format("{}{}", trouble, asked_.restore == RestoreWay::image ? "" : "\nOnly --restore image needs it"),
            hint("NoImageRestore"));
    }
    row.into(lines_);
  }

  void criu() {
    NodeRow row;
    for (const NodeFacts* node : alive_) {
      if (node->criu.empty())
        fault(row, Side::both, "CRIU on {}", node->node, "there is none; install version 4.2 or newer there",
              hint("NoCriu"));
      else if (parse_version(node->criu) < kOldestCriu)
        fault(row, Side::both, "CRIU on {}", node->node, fmt::format("it is {}; 4.2 or newer is needed", node->criu),
              hint("CriuTooOld"));
      else
        row.ok(fmt::format("CRIU {} on {{}}", node->criu), *node);
    }
    row.into(lines_);
    criu_check();
    criu_options();
  }

  void clocks() {
    NodeRow row;
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
        judge(row, skew >= kHarmfulSkew, Side::both, what, node->node,
              fmt::format("it is {} {}; set it by NTP there", duration_text(skew),
                          told->second < milliseconds{0} ? "behind" : "ahead"),
              hint(Topic::clock_skew));
    }
    row.into(lines_);
  }

  void disk() {
    NodeRow row;
    const std::string what = "room for checkpoints on {}";
    for (const NodeFacts* node : alive_)
      if (node->free_disk >= kLittleDisk)
        row.ok(what, *node);
      else
        judge(row, node->free_disk < kNoDisk, Side::both, what, node->node,
              fmt::format("{} are left in /var/lib/kubectl-migrate; a target's node needs twice the Pod's memory",
                          bytes_text(node->free_disk)),
              hint("NoRoom"));
    row.into(lines_);
  }

  // A Pod goes from a node to one that restores what that one wrote.
  void compatibility() {
    NodeRow row;
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

  // Whether enough are left when those with a fault are left out, and those that nobody means.
  void choice() {
    if (asked_.pod_node && !asked_.to.empty()) return;  // these two have lines of their own
    std::vector<std::string> usable;
    for (const NodeFacts* node : alive_) {
      const bool is_out = unfit_.contains(node->node) || asked_.closed.contains(node->node) || !is_known(node->node);
      if (!is_out && asked_.pod_node != node->node) usable.push_back(node->node);
    }
    if (usable.size() >= (asked_.pod_node ? 1U : 2U)) return;
    std::string why = usable.empty() ? "there is none" : fmt::format("there is {} alone", usable.front());
    for (const auto& [node, closed] : asked_.closed)
      why += fmt::format("\n{}: {}", node, closed);
    lines_.push_back({Mark::failed,
                      asked_.pod_node ? fmt::format("a node that what runs on {} can go to", *asked_.pod_node)
                                      : "two nodes between which Pods can move",
                      why, hint(Topic::too_few_nodes)});
  }

  std::vector<Check> take() { return std::move(lines_); }

 private:
  // On which node of a migration something is needed.
  enum class Side { both, source, target };

  void judge(NodeRow& row, bool is_fault, Side side, const std::string& what, const std::string& node, std::string why,
             std::string hint) {
    if (is_fault) return fault(row, side, what, node, std::move(why), std::move(hint));
    row.bad(Mark::note, what, node, std::move(why), std::move(hint));
  }
  void fault(NodeRow& row, Side side, const std::string& what, const std::string& node, std::string why,
             std::string hint) {
    if (!asked_.pod_node || side != Side::source) unfit_.insert(node);
    const std::string excuse = excuse_for(node, side);
    if (!excuse.empty()) why += fmt::format("\nThis fails nothing: {}", excuse);
    row.bad(excuse.empty() ? Mark::failed : Mark::note, what, node, std::move(why), std::move(hint));
  }
  // Why nobody means that node: of one Pod those that it neither leaves nor is to reach, otherwise those that are
  // closed to Pods. Empty: somebody does.
  [[nodiscard]] std::string excuse_for(const std::string& node, Side side) const {
    if (side != Side::source && node == asked_.to) return "";
    if (asked_.pod_node) return side != Side::target && node == *asked_.pod_node ? "" : "the Pod does not depend on it";
    const auto closed = asked_.closed.find(node);
    return closed == asked_.closed.end() ? "" : closed->second;
  }
  [[nodiscard]] bool is_named(const std::string& node) const { return node == asked_.to || asked_.pod_node == node; }

  void versions() {
    NodeRow row;
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
    NodeRow row;
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
    NodeRow row;
    const std::string what = "CRIU's options on {}";
    for (const NodeFacts* node : alive_)
      if (node->criu_options_missing.empty())
        row.ok(what, *node);
      else
        fault(row, Side::both, what, node->node,
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
  std::set<std::string> unfit_;  // have a fault, whether or not somebody means them
  std::vector<Check> lines_;
};

}  // namespace

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
  rows.choice();
  return rows.take();
}

}  // namespace migrate::plugin
