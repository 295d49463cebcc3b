#include "plugin/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "plugin/arguments.h"
#include "shared/migration/go_duration.h"

namespace migrate::plugin {

std::string invalid(std::string_view name, std::string_view value, std::string_view why) {
  const Flag* flag = find_flag(name);
  return fmt::format("invalid argument \"{}\" for \"{}\" flag: {}", value,
                     flag != nullptr ? spelled(*flag) : std::string(name), why);
}

Result<bool> toggle(const Typed& typed, std::string_view name, bool otherwise) {
  const std::string* value = typed.value(name);
  if (value == nullptr) return otherwise;
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), *value) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), *value) != kFalse.end()) return false;
  return failure(invalid(name, *value, "must be true or false"));
}

Result<Texts> listed(const Typed& typed, std::string_view name) {
  Texts all;
  for (const std::string& value : typed.values(name)) {
    std::size_t begin = 0;
    for (;;) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      if (end == begin) return failure(invalid(name, value, "a word is empty"));
      if (const std::string one = value.substr(begin, end - begin); std::find(all.begin(), all.end(), one) == all.end())
        all.push_back(one);
      if (end == value.size()) break;
      begin = end + 1;
    }
  }
  return all;
}

Result<std::map<std::string, std::string>> equalities(const Typed& typed, std::string_view name) {
  const auto pairs = listed(typed, name);
  if (!pairs) return tl::make_unexpected(pairs.error());
  std::map<std::string, std::string> labels;
  for (const std::string& pair : *pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || pair.find_first_of("!()<> ") != std::string::npos ||
        pair.find('=', equals + 1) != std::string::npos)
      return failure(invalid(name, pair, "must be KEY=VALUE (only equality is possible)"));
    labels[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return labels;
}

Result<unsigned> whole_number(const Typed& typed, std::string_view name, unsigned otherwise, unsigned least,
                              unsigned most) {
  const std::string* value = typed.value(name);
  if (value == nullptr) return otherwise;
  unsigned number = 0;
  const char* end = value->data() + value->size();
  const auto [stopped, error] = std::from_chars(value->data(), end, number);
  if (error != std::errc{} || stopped != end || number < least || number > most)
    return failure(invalid(name, *value, fmt::format("must be a number from {} to {}", least, most)));
  return number;
}

Result<std::optional<std::chrono::milliseconds>> span(const Typed& typed, std::string_view name) {
  const std::string* value = typed.value(name);
  if (value == nullptr) return std::nullopt;
  const auto parsed = parse_go_duration(*value);
  if (!parsed || parsed->count() == 0)
    return failure(invalid(name, *value, "must be a duration such as 500ms, 90s or 1h30m"));
  return *parsed;
}

void Reader::text(std::string& into, std::string_view name) {
  if (const std::string* value = typed_.value(name); value != nullptr) into = *value;
}

void Reader::object_name(std::string& into, std::string_view name) {
  text(into, name);
  if (typed_.has(name) && !is_object_name(into))
    fail(invalid(name, into, "must be a name (lower case letters, digits, '-' and '.')"));
}

void Reader::fail(std::string message) {
  if (!error_) error_ = Error{std::move(message)};
}

bool is_repository(const std::string& text) {
  constexpr std::size_t kLongest = 255;
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || text.size() > kLongest) return false;
  const std::string host = text.substr(0, slash);
  const std::size_t colon = std::min(host.find(':'), host.size());
  if (!is_object_name(host.substr(0, colon))) return false;
  const std::string_view digits = std::string_view(host).substr(colon);
  if (digits.size() == 1 || digits.size() > 6 ||
      (digits.size() > 1 && digits.find_first_not_of("0123456789", 1) != std::string_view::npos))
    return false;
  char before = '/';
  for (const char c : std::string_view(text).substr(slash + 1)) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!is_word && c != '-' && c != '_' && c != '.' && c != '/') return false;
    if (before == '/' && !is_word) return false;
    before = c;
  }
  return (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9');
}

}  // namespace migrate::plugin
