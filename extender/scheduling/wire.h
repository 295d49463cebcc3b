// kube-scheduler's language for its extenders (k8s.io/kube-scheduler/extender/v1): structs without JSON tags, so keys
// are Go's names, capitalised, and read whatever their case; the Pod inside is ordinary Kubernetes JSON. Only the form
// with node names is spoken (nodeCacheCapable: true), the other one would make the scheduler see empty nodes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "extender/scheduling/scheduling.h"
#include "shared/base/result.h"

namespace migrate::scheduling {

// ExtenderArgs, without what nobody asks for: of the Pod only its identity and its preference are kept.
struct ExtenderArgs {
  PodInfo pod;
  NodeNames nodes;              // pieces of the body
  std::string_view names_text;  // the whole list of them, as it was sent
};
// `body` must outlive what is made of it. An error says what is wrong with it.
[[nodiscard]] Result<ExtenderArgs> parse_extender_args(std::string_view body);

// ExtenderFilterResult. Names are written as they came.
[[nodiscard]] std::string filter_answer(const NodeNames& nodes, const Filtered& filtered);
// The one for a Pod that is nobody's business here: all nodes, in the words that came.
[[nodiscard]] std::string filter_passes(std::string_view names_text);
// One that only says why there is none; the scheduler tries again.
[[nodiscard]] std::string filter_error(const std::string& error);
// HostPriorityList; nodes without a score get nothing, which is what 0 means.
[[nodiscard]] std::string score_answer(const NodeNames& nodes, const std::vector<int>& scores);

}  // namespace migrate::scheduling
