// A Pod of a node that is drained, and which way it leaves. Pure. What may be evicted, and whose word it takes, is
// kubectl drain's (k8s.io/kubectl, pkg/drain/filters.go).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "plugin/drain_options.h"
#include "shared/migration/migration.h"

namespace migrate::plugin {

using Json = nlohmann::json;

struct DrainPod {
  std::string namespace_;
  std::string name;
  std::string uid;
  // Its controller, also while a Migration has borrowed it; kind empty: nobody makes it anew.
  OwnerRef owner;
  Json object;

  [[nodiscard]] std::string title() const { return namespace_ + "/" + name; }
};
[[nodiscard]] DrainPod drain_pod(Json pod);

inline constexpr std::string_view kDaemonSet = "DaemonSet";
// Succeeded or Failed: there is no memory.
[[nodiscard]] bool is_finished(const Json& pod);

struct Leaving {
  enum class Way {
    migrate,
    evict,
    ignore,   // it belongs to the node: drained is who has only such ones
    go,       // it is being deleted already
    nothing,  // it stays, and has to be told
  };
  Way way = Way::nothing;
  std::string why = {};     // of those that are not migrated, a clause
  std::string advice = {};  // what would take it away; empty: nothing that can be said in general
};

// By what its object says. Everything else about a migration is the controller's to say. `is_enabled`: migrations are
// allowed in its namespace.
[[nodiscard]] Leaving leaving(const DrainPod& pod, bool is_enabled, const DrainRules& rules);
// The same of one that no migration takes away, for that reason.
[[nodiscard]] Leaving without_migration(const DrainPod& pod, const DrainRules& rules, std::string why,
                                        std::string advice = "");

}  // namespace migrate::plugin
