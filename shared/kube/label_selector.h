// Label selectors as Kubernetes means them (metav1.LabelSelector; Services have a map only), and what a term of a node
// selector says of labels. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace migrate::kube {

using Json = nlohmann::json;

// `selector` is a metav1.LabelSelector; an empty one selects everything, null nothing. `labels` is an object or null.
[[nodiscard]] bool selects(const Json* selector, const Json* labels);
// `map` as in a Service's spec.selector, where an empty one selects nothing.
[[nodiscard]] bool selects_by_map(const Json* map, const Json* labels);

}  // namespace migrate::kube
