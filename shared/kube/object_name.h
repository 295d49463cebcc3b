// Names as the API server takes them. Pure.
#pragma once

#include <string_view>

namespace migrate::kube {

// RFC 1123 subdomain of at most 253 characters, as names of Pods, nodes and Migrations are.
[[nodiscard]] bool is_object_name(std::string_view text);

}  // namespace migrate::kube
