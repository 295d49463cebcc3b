// How a Pod's kind is to be spread over the cluster (topologySpreadConstraints that say DoNotSchedule), for a Pod that
// moves. The scheduler cannot be left alone with that: it counts a source that goes, and a placeholder has none of the
// labels by which its target will be counted. Pure.
//
// The arithmetic is Kubernetes' own (its scheduler's plugin PodTopologySpread, filtering.go and common.go): in a node's
// domain the Pods that the selector selects, and one more if it selects this Pod, less those of the domain with the
// fewest, must not be more than maxSkew. Domains are those of the nodes that the Pod wants (nodeAffinityPolicy, Honor
// unless it says Ignore) and tolerates (nodeTaintsPolicy, only if it says Honor) and that have every constraint's
// topologyKey. With fewer domains than minDomains the fewest are none. Pods that are being deleted, or are over, do not
// count.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "extender/controller/json_path.h"

namespace migrate::controller {

// By topology key, which of its values.
using Domains = std::map<std::string, std::vector<std::string>>;

[[nodiscard]] bool is_hard_constraint(const Json& spread_constraint);
// It has such constraints.
[[nodiscard]] bool is_spread(const Json& pod);

class Spread {
 public:
  // `pods` of its namespace and all `nodes`, lists as the API server gives them; Pods with a uid of `absent` are not
  // counted: the one that moves, and what was made in its place already.
  Spread(const Json& pod, const Json& pods, const Json& nodes, const std::set<std::string>& absent);

  // Why it must not come to that node, a clause; empty: it may.
  [[nodiscard]] std::string trouble(const Json& node) const;
  // Where it may come to. A node has to be in one of them for every key.
  [[nodiscard]] Domains domains() const;

 private:
  struct Rule {
    std::string key;
    std::int64_t most = 1;                       // maxSkew
    std::int64_t itself = 0;                     // 1: the selector selects the Pod
    std::map<std::string, std::int64_t> counts;  // by domain
    std::int64_t fewest = 0;
  };
  // With the Pod itself.
  [[nodiscard]] static std::int64_t count_in(const Rule& rule, const std::string& domain);

  std::vector<Rule> rules_;
  std::set<std::map<std::string, std::string>> places_;  // what nodes have as their topology keys' values
};

}  // namespace migrate::controller
