#include "shared/support/redaction.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "shared/support/secret_shapes.h"

namespace migrate::support {
namespace {

using Json = nlohmann::json;

void redact(Json& value);

// Nothing, and a switch, tell nothing.
void mask(Json& value) {
  const bool is_empty = value.is_string() && value.get_ref<const std::string&>().empty();
  if (!value.is_null() && !value.is_boolean() && !is_empty) value = kMask;
}

void mask_each(Json& values) {
  for (Json& value : values)
    mask(value);
}

// What kubectl, and tools like it, keep of the object as it was applied: with every env value as it was written.
bool is_copy(std::string_view annotation) {
  constexpr auto kEnds =
      std::to_array<std::string_view>({"last-applied-configuration", "last-applied", "/applied", "/original"});
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return annotation.ends_with(end); });
}

// Lists of {name, value} whose values are settings: of a container, of a probe's request.
bool holds_settings(std::string_view key) {
  return key == "env" || key == "httpHeaders";
}

void redact_text(Json& text) {
  const auto& told = text.get_ref<const std::string&>();
  const std::size_t begin = told.find_first_not_of(" \t\r\n");
  if (begin != std::string::npos && (told[begin] == '{' || told[begin] == '[')) {
    Json inside = Json::parse(told, nullptr, /*allow_exceptions=*/false);
    if (inside.is_structured()) {
      redact(inside);
      text = inside.dump(-1, ' ', false, Json::error_handler_t::replace);
      return;
    }
  }
  text = masked(told);
}

// `--password`, and its value as the next argument.
bool is_secret_flag(const Json& argument) {
  if (!argument.is_string()) return false;
  const auto& text = argument.get_ref<const std::string&>();
  return text.starts_with('-') && text.find('=') == std::string::npos && names_secret(text);
}

void redact_list(Json& list) {
  bool is_value = false;
  for (Json& item : list) {
    const bool is_flag = is_secret_flag(item);
    if (is_value && item.is_string()) mask(item);
    redact(item);
    is_value = is_flag;
  }
}

void redact_secret(Json& secret) {
  for (const char* part : {"data", "stringData"})
    if (const auto found = secret.find(part); found != secret.end() && found->is_object()) mask_each(*found);
}

// {"name": …, "value": …}, wherever it stands.
void redact_setting(Json& object) {
  const auto name = object.find("name");
  const auto value = object.find("value");
  if (name == object.end() || value == object.end() || !name->is_string()) return;
  if (names_secret(name->get_ref<const std::string&>())) mask(*value);
}

void redact_object(Json& object) {
  const std::string kind = object.value("kind", Json{}).is_string() ? object["kind"].get<std::string>() : "";
  if (kind == "Secret") redact_secret(object);
  if (const auto items = object.find("items"); kind == "SecretList" && items != object.end() && items->is_array())
    for (Json& item : *items)
      if (item.is_object()) redact_secret(item);
  if (kind == "ConfigMap" && object.contains("binaryData")) mask_each(object["binaryData"]);
  redact_setting(object);
  for (auto& [key, value] : object.items()) {
    if (key == "metadata" && value.is_object()) value.erase("managedFields");
    if (key == "annotations" && value.is_object())
      for (auto& [annotation, text] : value.items())
        if (is_copy(annotation)) mask(text);
    if (holds_settings(key) && value.is_array())
      for (Json& setting : value)
        if (setting.is_object() && setting.contains("value")) mask(setting["value"]);
    if (!value.is_structured() && names_secret(key)) mask(value);
    redact(value);
  }
}

void redact(Json& value) {
  if (value.is_object()) redact_object(value);
  if (value.is_array()) redact_list(value);
  if (value.is_string()) redact_text(value);
}

}  // namespace

Json redacted(Json object) {
  redact(object);
  return object;
}

}  // namespace migrate::support
