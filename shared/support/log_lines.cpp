#include "shared/support/log_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/support/secret_shapes.h"

namespace migrate::support {
namespace {

using Json = nlohmann::json;

// Longer ones are cut: what has no line end may be anything.
constexpr std::size_t kLongestLine = 256U << 10;

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// "I0102 15:04:05.000000       1 file.go:12] message", klog's header. Its time has no year, so it is not read: how far
// back a log goes is asked of whoever has it.
bool is_klog(std::string_view line) {
  return line.size() > 5 && std::string_view{"IWEF"}.find(line[0]) != std::string_view::npos && line[5] == ' ' &&
         std::all_of(line.begin() + 1, line.begin() + 5, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_wanted(std::string_view line, const LogQuestion& question) {
  if (line.empty()) return false;
  if (question.words.empty()) return true;
  if (std::any_of(question.words.begin(), question.words.end(),
                  [&](const std::string& word) { return line.find(word) != std::string_view::npos; }))
    return true;
  if (is_klog(line)) return line[0] != 'I';
  if (line[0] != '{') return true;
  const Json told = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!told.is_object()) return true;
  const std::string level = text_in(told, "level");
  if (level != "warning" && level != "error") return false;
  const auto time = parse_rfc3339(text_in(told, "time"));
  return !time || (*time >= question.from && *time <= question.to);
}

void LogLines::feed(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    begun_.append(part.substr(0, kLongestLine - std::min(kLongestLine, begun_.size())));
    if (end == std::string_view::npos) return;
    take(begun_);
    begun_.clear();
    piece.remove_prefix(end + 1);
  }
}

void LogLines::take(std::string_view line) {
  if (!is_wanted(line, question_)) return;
  lines_.push_back(masked(line) + "\n");
  kept_.count += lines_.back().size();
  for (; kept_ > room_; ++left_out_) {
    kept_.count -= lines_.front().size();
    lines_.pop_front();
  }
}

std::string LogLines::text() {
  take(begun_);
  begun_.clear();
  std::string whole;
  if (left_out_ > 0) whole = fmt::format("({} older lines are left out: there is room for the newest)\n", left_out_);
  for (const std::string& line : lines_)
    whole += line;
  return whole;
}

}  // namespace migrate::support
