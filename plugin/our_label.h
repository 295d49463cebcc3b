// The label by which whatever is ours in a cluster is known: the manifests put it on all they make, and so does this
// program.
#pragma once

namespace migrate::plugin {

inline constexpr const char* kPartOfLabel = "app.kubernetes.io/part-of";
inline constexpr const char* kPartOfUs = "kubectl-migrate";
inline constexpr const char* kOurSelector = "app.kubernetes.io/part-of=kubectl-migrate";

}  // namespace migrate::plugin
