#include "shared/kube/document.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace migrate::kube {
namespace {

using Json = nlohmann::json;

// An alias may name its own parent or multiply its content without end.
constexpr int kDeepest = 64;
constexpr int kMostNodes = 1'000'000;

template <std::size_t N>
bool is_any_of(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 9> kTrue = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
constexpr std::array<std::string_view, 9> kFalse = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};

template <class Number>
std::optional<Json> as_number(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Json(number);
}

Json plain_scalar(const std::string& text) {
  if (is_any_of(text, kTrue)) return true;
  if (is_any_of(text, kFalse)) return false;
  // from_chars also takes "nan" and "infinity", which JSON cannot say.
  if (text.find_first_of("0123456789") == std::string::npos) return text;
  if (const auto whole = as_number<std::int64_t>(text)) return *whole;
  if (const auto fraction = as_number<double>(text)) return *fraction;
  return text;
}

// yaml-cpp would keep the first of two equal keys, leave "<<" alone and call every scalar a text: hence by hand.
class YamlConverter {
 public:
  Result<Json> convert(const YAML::Node& node, int depth = 0) {
    if (depth > kDeepest || ++nodes_ > kMostNodes)
      return at(node, "nested too deeply, or an alias that contains itself");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return node.Tag() == "?" ? plain_scalar(node.Scalar()) : Json(node.Scalar());
      case YAML::NodeType::Sequence:
        return sequence(node, depth);
      case YAML::NodeType::Map:
        return mapping(node, depth);
      default:
        return Json(nullptr);
    }
  }

 private:
  Result<Json> sequence(const YAML::Node& node, int depth) {
    Json list = Json::array();
    for (const YAML::Node& item : node) {
      auto value = convert(item, depth + 1);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    return list;
  }

  Result<Json> mapping(const YAML::Node& node, int depth) {
    Json object = Json::object();
    std::vector<Json> merged;
    for (const auto& entry : node) {
      const YAML::Node& key = entry.first;
      if (!key.IsScalar()) return at(key, "a key that is not a text");
      auto value = convert(entry.second, depth + 1);
      if (!value) return value;
      if (key.Scalar() == "<<" && key.Tag() == "?") {
        merged.push_back(std::move(*value));
      } else if (!object.emplace(key.Scalar(), std::move(*value)).second) {
        return at(key, fmt::format("the key \"{}\" stands twice", key.Scalar()));
      }
    }
    for (Json& source : merged)
      if (!merge(object, std::move(source))) return at(node, "\"<<\" takes a mapping or a list of mappings");
    return object;
  }

  // What is there already wins.
  static bool merge(Json& object, Json source) {
    if (source.is_array()) {
      for (Json& one : source)
        if (!one.is_object() || !merge(object, std::move(one))) return false;
      return true;
    }
    if (!source.is_object()) return false;
    object.insert(source.begin(), source.end());
    return true;
  }

  static tl::unexpected<Error> at(const YAML::Node& node, const std::string& what) {
    return failure(fmt::format("line {}: {}", node.Mark().line + 1, what));
  }

  int nodes_ = 0;
};

Result<Json> parse_yaml(const std::string& text) {
  try {
    return YamlConverter{}.convert(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return failure(fmt::format("line {}: not YAML: {}", error.mark.line + 1, error.msg));
  }
}

// The library keeps the last of two equal keys; they are noticed while it reads.
Result<Json> parse_json(const std::string& text) {
  std::vector<std::set<std::string>> keys;
  std::optional<std::string> twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return true;
  };
  Json document = Json::parse(text, watch, false);
  if (document.is_discarded()) return failure("not JSON");
  if (twice) return failure(fmt::format("the key \"{}\" stands twice", *twice));
  return document;
}

}  // namespace

Result<Json> parse_document(const std::string& text) {
  // JSON is YAML but for a few things, such as tabs as indentation; what only looks like JSON may still be YAML.
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{' && Json::accept(text)) return parse_json(text);
  return parse_yaml(text);
}

}  // namespace migrate::kube
