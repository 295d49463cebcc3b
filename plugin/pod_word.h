// How Pods and nodes are named on the command line. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace migrate::plugin {

// The words before the slash.
[[nodiscard]] bool is_pod_type(std::string_view type);
[[nodiscard]] bool is_set_type(std::string_view type);

// The Pod's name of `NAME`, `pod/NAME`, `po/NAME`, `pods/NAME`; and of `sts/NAME` (also `statefulset`, `statefulsets`,
// with or without `.apps`) with the ordinal of one Pod of that StatefulSet. `ordinal` is the flag's value, null: not
// given. The error's message is one sentence.
[[nodiscard]] Result<std::string> pod_named(const std::string& word, const std::string* ordinal);

// The node's name of `NAME`, `node/NAME`, `no/NAME`, `nodes/NAME`.
[[nodiscard]] Result<std::string> node_named(const std::string& word);

}  // namespace migrate::plugin
