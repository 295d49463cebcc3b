#include "extender/scheduling/scheduling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "shared/migration/names.h"
#include "shared/migration/node_match.h"
#include "shared/migration/phase.h"
#include "shared/migration/placeholder.h"
#include "shared/migration/prefer_nodes.h"

namespace migrate::scheduling {
namespace {

enum Cause : std::uint32_t {
  not_asked_for,
  not_selected,
  not_where_held,
  is_source,
  no_agent,
  agent_silent,
  no_handler,
  no_image_restore,
  other_architecture,
  criu_too_old,
  lacks_cpu_features,
  no_room,
  kCauses,
};

Bytes room_needed(const Migration& migration) {
  return {2 * expected_size(migration.status).count + kDiskReserve.count};  // archives, and what they hold, unpacked
}

// A target that is restored from images comes after a placeholder, whose place it takes.
bool is_after_placeholder(const PodInfo& pod, const Migration& migration) {
  return migration.spec.restore == RestoreWay::image && !is_placeholder(pod.name);
}

// One question about many nodes: what is the same for all of them is found out once.
class Filter {
 public:
  Filter(const PodInfo& pod, const KnownMigration& known, const World& world, Instant now)
      : migration_(known.migration),
        selected_(known.selected),
        world_(world),
        source_(world.node(known.migration.status.source.node)),
        oldest_heartbeat_(now - kHeartbeatLimit),
        room_(room_needed(known.migration)) {
    // A name that is kept: its placeholder has found the place already. After the commit the archives lie where the
    // record says, and nowhere else.
    if (pod.name == migration_.spec.pod || is_after_commit(migration_.status.phase) ||
        is_after_placeholder(pod, migration_))
      held_ = migration_.status.target.node;
  }

  [[nodiscard]] std::optional<Cause> objection(std::string_view node) {
    if (!held_.empty() && node != held_) return not_where_held;
    if (held_.empty()) {
      if (!migration_.spec.target_node.empty() && node != migration_.spec.target_node) return not_asked_for;
      if (selected_ && selected_->find(node) == selected_->end()) return not_selected;
      // Once committed the archives may be restored anywhere, where they were made too.
      if (node == migration_.status.source.node && !is_after_commit(migration_.status.phase)) return is_source;
    }
    const KnownNode* known = world_.node(node);
    if (known == nullptr) return no_agent;
    if (known->facts.heartbeat < oldest_heartbeat_) return agent_silent;
    if (!known->facts.has_handler) return no_handler;
    if (migration_.spec.restore == RestoreWay::image && !image_restore_trouble(known->facts).empty())
      return no_image_restore;
    if (source_ != nullptr && known->facts.architecture != source_->facts.architecture) return other_architecture;
    if (known->criu < least_criu()) return criu_too_old;
    if (!has_cpu_features(known->cpu)) return lacks_cpu_features;
    // Where it is held, the archives may lie already and have taken their room.
    if (held_.empty() && known->facts.free_disk < room_) return no_room;
    return std::nullopt;
  }

  [[nodiscard]] std::string words(Cause cause) const {
    const std::string name = migration_.namespace_ + "/" + migration_.name;
    switch (cause) {
      case not_asked_for:
        return fmt::format("Migration {} asks for node {}", name, migration_.spec.target_node);
      case not_selected:
        return fmt::format("Migration {}: the node does not match its node selector", name);
      case not_where_held:
        return fmt::format("Migration {}: room is held on node {}", name, held_);
      case is_source:
        return fmt::format("Migration {}: the Pod comes from this node", name);
      case no_agent:
        return "no migrate-agent has reported from this node";
      case agent_silent:
        return fmt::format("its migrate-agent has been silent for more than {} s", kHeartbeatLimit.count());
      case no_handler:
        return fmt::format("its container runtime does not know the handler {}", kRuntimeClass);
      case no_image_restore:
        return "its container runtime restores nothing from images";
      case other_architecture:
        return fmt::format("another architecture than the source's node {} ({})", source_->facts.node,
                           source_->facts.architecture);
      case criu_too_old: {
        const Version least = least_criu();
        return fmt::format("its CRIU is missing or older than {}.{}.{}", least.major, least.minor, least.patch);
      }
      case lacks_cpu_features:
        return fmt::format("its CPU lacks features of the source's node {}", source_->facts.node);
      case no_room:
        return fmt::format("less than {} MiB free for the archives", room_.count >> 20);
      case kCauses:
        break;
    }
    return {};
  }

 private:
  [[nodiscard]] Version least_criu() const {
    return migrate::least_criu(source_ != nullptr ? source_->criu : Version{});
  }

  [[nodiscard]] bool has_cpu_features(std::uint32_t cpu) {
    if (source_ == nullptr || cpu == source_->cpu) return true;
    if (sufficient_.empty()) sufficient_.resize(world_.cpu_kinds());
    std::optional<bool>& answer = sufficient_[cpu];
    if (!answer) answer = missing_features(world_.cpu_features(source_->cpu), world_.cpu_features(cpu)).empty();
    return *answer;
  }

  const Migration& migration_;
  const std::optional<NodeSet>& selected_;
  const World& world_;
  const KnownNode* source_;
  Instant oldest_heartbeat_;
  Bytes room_;
  std::string held_;
  std::vector<std::optional<bool>> sufficient_;  // by kind of CPU
};

// Why nothing can be said of this Pod now; empty: it can.
std::string not_yet(const PodInfo& pod, const KnownMigration* known) {
  const std::string name = pod.namespace_ + "/" + pod.migration;
  if (known == nullptr) return fmt::format("Migration {} is not known here (yet)", name);
  const Migration& migration = known->migration;
  if (!pod.restore.empty() && pod.restore != migration.uid)
    return fmt::format("Pod {}/{} belongs to a Migration {} with the uid {}, the one known here has {}", pod.namespace_,
                       pod.name, pod.migration, pod.restore, migration.uid);
  if (is_final(migration.status.phase))
    return fmt::format("Migration {} is over ({}), its Pod {} is not placed any more", name,
                       to_string(migration.status.phase), pod.name);
  if ((pod.name == migration.spec.pod || is_after_placeholder(pod, migration)) && migration.status.target.node.empty())
    return fmt::format("Migration {}: where room is held for Pod {} is not known here (yet)", name, pod.name);
  if (!migration.spec.target_selector.empty() && !known->selected)
    return fmt::format("Migration {}: which nodes match its node selector is not known here (yet)", name);
  return {};
}

// 0 to kHighestScore.
int fitness_of(const KnownNode& node, const KnownNode* source, Bytes roomiest) {
  int score = 0;
  // Where a restore meets what the checkpoint was made with, the least can go wrong.
  if (source != nullptr && node.facts.runtime == source->facts.runtime) {
    score += 2;
    if (node.facts.runtime_version == source->facts.runtime_version) score += 2;
  }
  if (source != nullptr && node.facts.kernel == source->facts.kernel) score += 2;
  if (source != nullptr && node.cpu == source->cpu) score += 1;
  if (roomiest.count > 0)
    score +=
        static_cast<int>(3.0 * static_cast<double>(node.facts.free_disk.count) / static_cast<double>(roomiest.count));
  return std::min(score, kHighestScore);
}

NodeSet preferred_of(const PodInfo& pod) {
  const auto names = parse_prefer_nodes(pod.prefer_nodes);
  return names ? NodeSet{names->begin(), names->end()} : NodeSet{};
}

// What a node is fit for decides among those that are preferred, and among those that are not.
int beside_preference(int fitness, bool is_preferred) {
  return (is_preferred ? kPreference : 0) + (kHighestScore - kPreference) * fitness / kHighestScore;
}

}  // namespace

Filtered filter_nodes(const PodInfo& pod, const NodeNames& nodes, const World& world, Instant now) {
  Filtered result;
  const auto count = static_cast<std::uint32_t>(nodes.size());
  result.fitting.reserve(count);
  if (pod.migration.empty()) {
    for (std::uint32_t i = 0; i < count; ++i)
      result.fitting.push_back(i);
    return result;
  }
  const KnownMigration* known = world.migration(pod.namespace_, pod.migration);
  result.error = not_yet(pod, known);
  if (!result.error.empty()) return result;

  Filter filter{pod, *known, world, now};
  std::array<std::optional<std::uint32_t>, kCauses> places;
  result.failed.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::optional<Cause> cause = filter.objection(nodes[i]);
    if (!cause) {
      result.fitting.push_back(i);
      continue;
    }
    auto& place = places.at(*cause);
    if (!place) {
      place = static_cast<std::uint32_t>(result.reasons.size());
      result.reasons.push_back(filter.words(*cause));
    }
    result.failed.push_back({i, *place});
  }
  return result;
}

std::vector<int> score_nodes(const PodInfo& pod, const NodeNames& nodes, const World& world) {
  if (pod.migration.empty()) return {};
  const KnownMigration* known = world.migration(pod.namespace_, pod.migration);
  if (known == nullptr) return {};
  const KnownNode* source = world.node(known->migration.status.source.node);
  Bytes roomiest;
  for (const std::string_view name : nodes)
    if (const KnownNode* node = world.node(name); node != nullptr) roomiest = std::max(roomiest, node->facts.free_disk);
  const NodeSet preferred = preferred_of(pod);
  const bool has_preference = std::any_of(
      nodes.begin(), nodes.end(), [&](std::string_view name) { return preferred.find(name) != preferred.end(); });

  std::vector<int> scores;
  scores.reserve(nodes.size());
  for (const std::string_view name : nodes) {
    const KnownNode* node = world.node(name);
    const int fitness = node != nullptr ? fitness_of(*node, source, roomiest) : 0;
    if (!has_preference)
      scores.push_back(fitness);
    else
      scores.push_back(beside_preference(fitness, preferred.find(name) != preferred.end()));
  }
  return scores;
}

}  // namespace migrate::scheduling
