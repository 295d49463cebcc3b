#include "node/agent/runtime_log.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace migrate::agent {
namespace {

using Json = nlohmann::json;

constexpr std::streamoff kLookedThrough = 1 << 20;  // of a file that nobody may have shortened for years
constexpr std::size_t kMostLines = 40;
constexpr std::size_t kMostOfALine = 8U << 10;

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_about(const Json& line, const RestoreSubject& about) {
  return text_in(line, "migration") == about.migration && text_in(line, "pod") == about.pod &&
         text_in(line, "container") == about.container;
}

// A line that the beginning of this cuts is none.
std::string end_of(const std::filesystem::path& file) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(file, code)) return "";
  std::ifstream stream{file, std::ios::binary};
  stream.seekg(0, std::ios::end);
  const std::streamoff size = stream.tellg();
  if (!stream) return "";
  stream.seekg(std::max<std::streamoff>(0, size - kLookedThrough));
  return {std::istreambuf_iterator<char>{stream}, {}};
}

// Before it stands which command said so, and of a long one the end is missing.
bool has_said(const std::vector<RuntimeLine>& lines, const std::string& failure) {
  const std::string beginning = failure.substr(0, kMostOfALine / 2);
  return std::any_of(lines.begin(), lines.end(), [&](const RuntimeLine& line) {
    return line.level == "error" && line.message.find(beginning) != std::string::npos;
  });
}

}  // namespace

std::vector<RuntimeLine> runtime_lines(std::string_view text, const RestoreSubject& about) {
  std::vector<RuntimeLine> lines;
  if (about.migration.empty()) return lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    // Most lines are about something else, and need not be understood.
    if (line.find(about.migration) == std::string_view::npos) continue;
    const Json told = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!told.is_object() || !is_about(told, about)) continue;
    lines.push_back({text_in(told, "time"), text_in(told, "level"), text_in(told, "message").substr(0, kMostOfALine)});
  }
  if (lines.size() > kMostLines) lines.erase(lines.begin(), lines.end() - kMostLines);
  return lines;
}

void tell_runtime_log(Log& log, const std::filesystem::path& file, const RestoreSubject& about, const std::string& name,
                      const std::string& failure) {
  std::vector<RuntimeLine> lines = runtime_lines(end_of(file), about);
  if (!failure.empty() && !has_said(lines, failure)) lines.push_back({"", "error", failure.substr(0, kMostOfALine)});
  for (const RuntimeLine& line : lines)
    log.info("migrate-runc said: " + line.message, {{"migration", about.migration},
                                                    {"name", name},
                                                    {"container", about.container},
                                                    {"pod", about.pod},
                                                    {"file", file.filename().string()},
                                                    {"at", line.at},
                                                    {"said", line.level}});
}

}  // namespace migrate::agent
