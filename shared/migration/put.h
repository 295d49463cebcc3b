// How the parts of our objects are written as JSON. What is empty is left out: absent and empty read the same. Internal
// to shared/migration.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/migration/migration.h"

namespace migrate {

inline void put(nlohmann::json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
inline void put(nlohmann::json& json, const char* key, const std::optional<Instant>& instant) {
  if (instant) json[key] = to_rfc3339(*instant);
}
inline void put(nlohmann::json& json, const char* key, const std::optional<milliseconds>& span) {
  if (span) json[key] = span->count();
}
inline void put(nlohmann::json& json, const char* key, const std::optional<std::uint64_t>& count) {
  if (count) json[key] = *count;
}
// To a thousandth, so that nobody reads noise; what is no number cannot be written.
inline void put(nlohmann::json& json, const char* key, const std::optional<double>& rate) {
  if (rate && std::isfinite(*rate)) json[key] = std::round(*rate * 1000) / 1000;
}
inline void put(nlohmann::json& json, const char* key, nlohmann::json part) {
  if (!part.empty()) json[key] = std::move(part);
}

template <class T>
nlohmann::json list_of(const std::vector<T>& values, nlohmann::json (*one)(const T&)) {
  nlohmann::json list = nlohmann::json::array();
  for (const T& value : values)
    list.push_back(one(value));
  return list;
}

}  // namespace migrate
