#include "plugin/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "shared/base/text.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono;

constexpr std::string_view kNoBreak = "\xc2\xa0";

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

}  // namespace

std::string duration_text(microseconds span) {
  const auto ms = std::max<milliseconds::rep>(duration_cast<milliseconds>(span).count(), 0);
  if (ms < 10'000) return fmt::format("{}.{:03} s", ms / 1'000, ms % 1'000);
  if (ms < 60'000) return fmt::format("{}.{} s", ms / 1'000, ms % 1'000 / 100);
  const auto s = ms / 1'000;
  if (s < 3'600) return fmt::format("{} m {} s", s / 60, s % 60);
  return fmt::format("{} h {} m", s / 3'600, s % 3'600 / 60);
}

std::string age_text(microseconds span) {
  const auto s = std::max<seconds::rep>(duration_cast<seconds>(span).count(), 0);
  if (s < 120) return fmt::format("{}s", s);
  if (s < 600) return s % 60 == 0 ? fmt::format("{}m", s / 60) : fmt::format("{}m{}s", s / 60, s % 60);
  if (s < seconds::rep{3} * 3'600) return fmt::format("{}m", s / 60);
  if (s < seconds::rep{2} * 86'400) return fmt::format("{}h", s / 3'600);
  return fmt::format("{}d", s / 86'400);
}

std::string clock_text(Instant instant, seconds offset) {
  constexpr milliseconds::rep kDay = 86'400'000;
  const auto ms = (duration_cast<milliseconds>(instant.time_since_epoch() + offset).count() % kDay + kDay) % kDay;
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1'000 % 60, ms % 1'000);
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : without_terminal_controls(text)) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    line += blank ? ' ' : c;
  }
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  return line;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string elided(std::string_view text, std::size_t width) {
  if (characters(text) <= width) return std::string(text);
  constexpr std::string_view kMore = "...";
  if (width <= kMore.size()) return std::string(kMore.substr(0, width));
  std::size_t seen = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    if (begins_character(text[end]) && ++seen > width - kMore.size()) break;
    ++end;
  }
  return std::string(text.substr(0, end)) + std::string(kMore);
}

std::vector<std::string> listing(std::string_view head, const std::vector<std::string>& parts, std::size_t width) {
  std::vector<std::string> lines;
  if (parts.empty()) return lines;
  const std::string margin(characters(head), ' ');
  std::string line(head);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    // A comma follows all but the last.
    if (i > 0 && characters(line) + 1 + characters(parts[i]) + (is_last ? 0 : 1) > width) {
      lines.push_back(line);
      line = margin;
    } else if (i > 0) {
      line += ' ';
    }
    line += parts[i];
    if (!is_last) line += ',';
  }
  lines.push_back(line);
  return lines;
}

std::vector<std::string> wrapped(std::string_view head, std::string_view text, std::size_t width) {
  const std::string margin(characters(head), ' ');
  std::vector<std::string> lines;
  std::string line(head);
  bool is_begun = false;  // the line has a word
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word; is_begun = true) {
    for (std::size_t at = 0; (at = word.find(kNoBreak, at)) != std::string::npos;)
      word.replace(at, kNoBreak.size(), " ");
    if (is_begun && characters(line) + 1 + characters(word) > width) {
      lines.push_back(line);
      line = margin;
      is_begun = false;
    }
    if (is_begun) line += ' ';
    line += word;
  }
  lines.push_back(line);
  return lines;
}

std::string in_one_piece(std::string_view text) {
  std::string piece;
  for (const char c : text)
    piece += c == ' ' ? std::string(kNoBreak) : std::string(1, c);
  return piece;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  if (text.find_first_not_of(' ') == std::string_view::npos) return {};
  return wrapped("", text, width);
}

std::string padded(std::string_view text, std::size_t width) {
  std::string line(text);
  const std::size_t length = characters(text);
  if (length < width) line.append(width - length, ' ');
  return line;
}

}  // namespace migrate::plugin
