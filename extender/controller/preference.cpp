#include "extender/controller/preference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "shared/base/text.h"
#include "shared/migration/names.h"
#include "shared/migration/prefer_nodes.h"

namespace migrate::controller {
namespace {

constexpr std::size_t kMostNames = 3;

Result<std::vector<std::string>> preferred_by(const Json& pod) {
  return parse_prefer_nodes(text_at(pod, {"metadata", "annotations", kPreferNodesAnnotation}));
}

// "Pod shop/orders: annotation kubectl-migrate.dev/prefer-nodes"
std::string annotation_of(const Json& pod) {
  return fmt::format("Pod {}/{}: annotation {}", text_at(pod, {"metadata", "namespace"}),
                     text_at(pod, {"metadata", "name"}), kPreferNodesAnnotation);
}

}  // namespace

std::string malformed_preference(const Json& pod) {
  const auto names = preferred_by(pod);
  if (names) return {};
  return fmt::format("{} is passed over: {}; it wants names with commas between them, such as node-b,node-c",
                     annotation_of(pod), names.error().message);
}

std::string unknown_preference(const Json& pod, const std::function<bool(const std::string&)>& has_reported) {
  const auto names = preferred_by(pod);
  if (!names) return {};
  std::vector<std::string> unknown;
  for (const std::string& name : *names)
    if (!has_reported(name)) unknown.push_back(name);
  if (unknown.empty()) return {};
  return fmt::format("{} names {}, from where no migrate-agent has reported: nothing can be placed there",
                     annotation_of(pod), some_of(unknown, kMostNames));
}

}  // namespace migrate::controller
