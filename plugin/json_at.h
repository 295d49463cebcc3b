// Reading API objects whose shape the server vouches for: what is absent or of another type reads as nothing. Places
// are JSON pointers ("/spec/nodeName"); a part with a slash in it is appended, `Pointer{"/metadata/labels"} / name`.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace migrate::plugin {

using Pointer = nlohmann::json::json_pointer;

// nullptr when it is not there or null.
[[nodiscard]] const nlohmann::json* find_at(const nlohmann::json& object, const Pointer& place);
[[nodiscard]] std::string text_at(const nlohmann::json& object, const Pointer& place);
[[nodiscard]] std::int64_t number_at(const nlohmann::json& object, const Pointer& place, std::int64_t otherwise = 0);
[[nodiscard]] bool flag_at(const nlohmann::json& object, const Pointer& place);
// The list there, or an empty one.
[[nodiscard]] const nlohmann::json& list_at(const nlohmann::json& object, const Pointer& place);

[[nodiscard]] inline std::string text_at(const nlohmann::json& object, const char* place) {
  return text_at(object, Pointer{place});
}
[[nodiscard]] inline const nlohmann::json& list_at(const nlohmann::json& object, const char* place) {
  return list_at(object, Pointer{place});
}

}  // namespace migrate::plugin
