#include "shared/kube/label_selector.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "shared/kube/json_path.h"

namespace migrate::kube {
namespace {

const Json* label_of(const Json* labels, const std::string& key) {
  if (labels == nullptr || !labels->is_object()) return nullptr;
  const auto found = labels->find(key);
  return found == labels->end() ? nullptr : &*found;
}

bool has_all(const Json& map, const Json* labels) {
  for (const auto& [key, value] : map.items()) {
    const Json* label = label_of(labels, key);
    if (label == nullptr || *label != value) return false;
  }
  return true;
}

// Gt and Lt, which node selectors alone have: whole numbers.
bool compares(const std::string& how, const Json& label, const Json& values) {
  const auto number = [](const Json& text) {
    std::optional<std::int64_t> read;
    if (!text.is_string()) return read;
    const auto& digits = text.get_ref<const std::string&>();
    const char* const end = digits.data() + digits.size();
    std::int64_t value = 0;
    if (const auto done = std::from_chars(digits.data(), end, value); done.ec == std::errc{} && done.ptr == end)
      read = value;
    return read;
  };
  if (values.size() != 1) return false;
  const auto own = number(label);
  const auto other = number(values.front());
  return own && other && (how == "Gt" ? *own > *other : *own < *other);
}

bool holds(const Json& requirement, const Json* labels) {
  const Json* label = label_of(labels, text_at(requirement, {"key"}));
  const Json& values = list_at(requirement, {"values"});
  const bool is_among = label != nullptr && std::find(values.begin(), values.end(), *label) != values.end();
  const std::string how = text_at(requirement, {"operator"});
  if (how == "In") return is_among;
  if (how == "NotIn") return !is_among;
  if (how == "Exists") return label != nullptr;
  if (how == "DoesNotExist") return label == nullptr;
  if (how == "Gt" || how == "Lt") return label != nullptr && compares(how, *label, values);
  return false;
}

}  // namespace

bool selects_by_map(const Json* map, const Json* labels) {
  return map != nullptr && map->is_object() && !map->empty() && has_all(*map, labels);
}

bool selects(const Json* selector, const Json* labels) {
  if (selector == nullptr || !selector->is_object()) return false;
  if (const Json* map = find(*selector, {"matchLabels"}); map != nullptr && map->is_object() && !has_all(*map, labels))
    return false;
  const Json& requirements = list_at(*selector, {"matchExpressions"});
  return std::all_of(requirements.begin(), requirements.end(), [&](const Json& one) { return holds(one, labels); });
}

}  // namespace migrate::kube
