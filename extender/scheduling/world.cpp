#include "extender/scheduling/world.h"

#include <algorithm>
#include <utility>

namespace migrate::scheduling {

void World::put(KnownMigration known) {
  std::string key = known.migration.namespace_ + "/" + known.migration.name;
  migrations_.insert_or_assign(std::move(key), std::move(known));
}

void World::remove_migration(const std::string& namespace_, const std::string& name) {
  migrations_.erase(namespace_ + "/" + name);
}

void World::put(const NodeFacts& facts) {
  std::vector<std::string> features = facts.cpu_features;
  std::sort(features.begin(), features.end());
  const auto [kind, is_new] = kinds_.try_emplace(std::move(features), static_cast<std::uint32_t>(features_.size()));
  if (is_new) features_.push_back(kind->first);
  KnownNode known{facts, parse_version(facts.criu), kind->second};
  known.facts.cpu_features = {};
  nodes_.insert_or_assign(facts.node, std::move(known));
}

void World::remove_node(const std::string& name) {
  nodes_.erase(name);
}

const KnownMigration* World::migration(const std::string& namespace_, const std::string& name) const {
  const auto found = migrations_.find(namespace_ + "/" + name);
  return found != migrations_.end() ? &found->second : nullptr;
}

const KnownNode* World::node(std::string_view name) const {
  const auto found = nodes_.find(name);
  return found != nodes_.end() ? &found->second : nullptr;
}

std::optional<NodeFacts> World::facts(std::string_view name) const {
  const KnownNode* known = node(name);
  if (known == nullptr) return std::nullopt;
  NodeFacts facts = known->facts;
  facts.cpu_features = features_[known->cpu];
  return facts;
}

}  // namespace migrate::scheduling
