#include "shared/base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace migrate {
namespace {

constexpr char kEscape = '\x1b';

// Where the escape sequence that begins at `start` ends (ECMA-48: ESC, or ESC [ parameters final).
std::size_t end_of_escape(std::string_view text, std::size_t start) {
  std::size_t at = start + 1;
  if (at >= text.size() || text[at] != '[') return at;
  ++at;
  while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3f)
    ++at;
  const bool is_final = at < text.size() && text[at] >= 0x40 && text[at] <= 0x7e;
  return is_final ? at + 1 : at;
}

// C1 controls are U+0080 to U+009F: 0xC2 0x80 to 0xC2 0x9F in UTF-8.
bool is_c1(std::string_view text, std::size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
         static_cast<unsigned char>(text[at + 1]) <= 0x9f;
}

}  // namespace

std::string without_terminal_controls(std::string_view text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (text[at] == kEscape) {
      at = end_of_escape(text, at);
    } else if (is_c1(text, at)) {
      at += 2;
    } else {
      if (text[at] == '\n' || text[at] == '\t' || (byte >= 0x20 && byte != 0x7f)) kept += text[at];
      ++at;
    }
  }
  return kept;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string shortened(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string{text};
  const auto is_continued = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U; };
  while (bytes > 0 && is_continued(bytes))
    --bytes;
  return std::string{text.substr(0, bytes)};
}

std::string some_of(const std::vector<std::string>& words, std::size_t most) {
  if (words.size() <= most + 1) return fmt::format("{}", fmt::join(words, ", "));
  const auto end = words.begin() + static_cast<std::ptrdiff_t>(most);
  return fmt::format("{} and {} more", fmt::join(words.begin(), end, ", "), words.size() - most);
}

}  // namespace migrate
