// What a Pod asks of a node against what the node has. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "extender/controller/refusals.h"

namespace migrate::controller {

// A Kubernetes quantity: "250m", "1.5", "128Mi", "1G", "1e3". Nothing when it is none.
[[nodiscard]] std::optional<double> quantity_of(std::string_view text);

// Why no Pod of that kind could come back into its name anywhere, a clause; empty: it could. Its kubelet refuses a
// second one with the same port of the node.
[[nodiscard]] std::string port_trouble(const Json& pod);
// Why the shadow of a StatefulSet's Pod could never come back into its name on that node, a clause; empty: it could. On
// its way both stand there, and a node that has not twice what the Pod asks for has no room for that whatever else is
// there. Init containers have run; they ask for nothing any more.
[[nodiscard]] std::string return_trouble(const Json& pod, const NodeState& node);
// Why there is no room for the Pod beside those of `others` that are on the node and have not ended, a clause; empty:
// there is, as far as they are all. Counted as schedulers and kubelets do.
[[nodiscard]] std::string room_trouble(const Json& pod, const NodeState& node, const Json& others);
// That no shadow could come back, to whoever asked for `live`.
[[nodiscard]] Refusal no_way_back(const Json& pod, const std::string& trouble);

}  // namespace migrate::controller
