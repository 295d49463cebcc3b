// What filter and score look at: migrations and nodes, boiled down to what they compare, so that 5,000 nodes take less
// than a millisecond. Values; no thread safety of its own (cache.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "shared/base/units.h"
#include "shared/migration/migration.h"
#include "shared/migration/node_facts.h"
#include "shared/migration/version.h"

namespace migrate::scheduling {

struct KnownNode {
  NodeFacts facts;  // but cpu_features, see World
  Version criu;
  std::uint32_t cpu = 0;
};

// So that a piece of a request's text is looked up without being copied.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class T>
using ByName = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;
using NodeSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

struct KnownMigration {
  Migration migration;
  // The nodes that match spec.target.nodeSelector, when there is one and the API server was asked.
  std::optional<NodeSet> selected;
};

class World {
 public:
  void put(KnownMigration known);
  void remove_migration(const std::string& namespace_, const std::string& name);
  void put(const NodeFacts& facts);
  void remove_node(const std::string& name);

  // nullptr: not there.
  [[nodiscard]] const KnownMigration* migration(const std::string& namespace_, const std::string& name) const;
  [[nodiscard]] const KnownNode* node(std::string_view name) const;
  // With everything the agent reported.
  [[nodiscard]] std::optional<NodeFacts> facts(std::string_view name) const;
  // Many nodes have the same processors, so their sorted features are kept once and compared by number.
  [[nodiscard]] const std::vector<std::string>& cpu_features(std::uint32_t cpu) const { return features_[cpu]; }
  [[nodiscard]] std::size_t cpu_kinds() const { return features_.size(); }

 private:
  ByName<KnownMigration> migrations_;  // by "namespace/name"
  ByName<KnownNode> nodes_;
  std::vector<std::vector<std::string>> features_;
  std::map<std::vector<std::string>, std::uint32_t> kinds_;
};

}  // namespace migrate::scheduling
