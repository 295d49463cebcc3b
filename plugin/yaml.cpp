#include "plugin/yaml.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;

// Only what no YAML reader takes for anything but a text stands bare. All else is quoted as in JSON, which is YAML.
bool stands_bare(const std::string& text) {
  if (text.empty() || (std::isalpha(static_cast<unsigned char>(text.front())) == 0 && text.front() != '/'))
    return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && std::string_view("-_./").find(c) == std::string_view::npos) return false;
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kWords[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  return std::find(std::begin(kWords), std::end(kWords), lower) == std::end(kWords);
}

std::string text_of(const std::string& text) {
  return stands_bare(text) ? text : Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_block(const Json& value) {
  return (value.is_object() || value.is_array()) && !value.empty();
}

std::string flat(const Json& value) {
  if (value.is_string()) return text_of(value.get<std::string>());
  return value.dump();
}

void write(const Json& value, std::size_t indent, bool continues_line, std::string& out) {
  const std::string margin(indent, ' ');
  bool first = continues_line;  // the first line stands behind "- "
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      if (!first) out += margin;
      first = false;
      out += text_of(key) + ":";
      if (is_block(member)) {
        out += "\n";
        write(member, member.is_array() ? indent : indent + 2, false, out);
      } else {
        out += " " + flat(member) + "\n";
      }
    }
    return;
  }
  for (const Json& item : value) {
    if (!first) out += margin;
    first = false;
    out += "- ";
    if (is_block(item)) {
      write(item, indent + 2, true, out);
    } else {
      out += flat(item) + "\n";
    }
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  if (!is_block(value)) return flat(value) + "\n";
  std::string out;
  write(value, 0, false, out);
  return out;
}

}  // namespace migrate::plugin
