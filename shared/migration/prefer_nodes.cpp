#include "shared/migration/prefer_nodes.h"

#include <fmt/format.h>

#include "shared/base/text.h"
#include "shared/kube/object_name.h"

namespace migrate {

Result<std::vector<std::string>> parse_prefer_nodes(std::string_view annotation) {
  std::vector<std::string> names;
  if (trimmed(annotation).empty()) return names;
  for (std::string_view rest = annotation;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view name = trimmed(rest.substr(0, comma));
    if (!kube::is_object_name(name)) return failure(fmt::format("'{}' is no node's name", name));
    names.emplace_back(name);
    if (comma == std::string_view::npos) return names;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace migrate
