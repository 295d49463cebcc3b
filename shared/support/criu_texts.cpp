#include "shared/support/criu_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace migrate::support {
namespace {

using Json = nlohmann::json;

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::map<std::string, std::string> criu_texts(std::string_view log) {
  std::map<std::string, std::string> texts;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    // Most lines are about something else, and need not be understood.
    if (line.find("\"criuLog\"") == std::string_view::npos) continue;
    const Json told = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!told.is_object() || !told.contains("criuLog")) continue;
    std::string& text =
        texts[fmt::format("{}-{}-{}", text_in(told, "migration"), text_in(told, "container"), text_in(told, "file"))];
    if (text_in(told, "part").starts_with("1/")) text.clear();
    text += text_in(told, "criuLog");
  }
  return texts;
}

}  // namespace migrate::support
