// What speaks against moving a Pod of a StatefulSet or a ReplicaSet, beyond what speaks against moving a Pod. Pure.
#pragma once

#include "extender/controller/refusals.h"

namespace migrate::controller {

struct SetFacts {
  const Json& set;         // null: there is none of that name
  const Json& deployment;  // that a ReplicaSet belongs to; null: none
};

// Whether its set is at rest and wants that Pod as it is.
[[nodiscard]] std::vector<Refusal> set_refusals(const Migration& migration, const Json& pod, const SetFacts& set);

// What nothing hinders and a user should know.
[[nodiscard]] std::vector<std::string> set_warnings(const SetFacts& set);

// It has such a rule as the next one is about.
[[nodiscard]] bool keeps_apart(const Json& pod);

// A rule that the Pod has about others of its kind, and that two of it beside each other, the source and what comes to
// `target`, would break.
[[nodiscard]] std::vector<Refusal> affinity_refusals(const Json& pod, const NodeState& source, const NodeState& target);

// Names of those Services that would send to a shadow before its time: they ask nobody whether it is ready.
[[nodiscard]] std::vector<std::string> services_of_unready(const Json& services, const Json& pod);

}  // namespace migrate::controller
