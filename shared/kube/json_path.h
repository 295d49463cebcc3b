// Reading API objects whose shape the server vouches for, without an exception when it is another one: what is absent
// or of another type reads as nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace migrate::kube {

using Json = nlohmann::json;
using Path = std::initializer_list<const char*>;

// nullptr when it is not there or null.
[[nodiscard]] const Json* find(const Json& object, Path path);
[[nodiscard]] std::string text_at(const Json& object, Path path);
[[nodiscard]] bool flag_at(const Json& object, Path path);
[[nodiscard]] std::int64_t number_at(const Json& object, Path path, std::int64_t otherwise = 0);
// The list there, or an empty one.
[[nodiscard]] const Json& list_at(const Json& object, Path path);
[[nodiscard]] inline bool has(const Json& object, Path path) {
  return find(object, path) != nullptr;
}

}  // namespace migrate::kube
