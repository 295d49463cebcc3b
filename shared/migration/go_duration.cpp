#include "shared/migration/go_duration.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>

namespace migrate {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// "ms" stands before "m".
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\u00b5s", 1'000},
                                      {"\u03bcs", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};

const Unit* unit_at(std::string_view text) {
  for (const Unit& unit : kUnits)
    if (text.starts_with(unit.name)) return &unit;
  return nullptr;
}

bool is_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

// One "1.5h" from the front of `rest`, in nanoseconds; nothing when there is none or it is too long.
std::optional<std::int64_t> take(std::string_view& rest) {
  __extension__ using Wide = __int128;
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  Wide whole = 0;
  Wide fraction = 0;
  Wide scale = 1;
  std::size_t digits = 0;
  for (; is_digit(rest); rest.remove_prefix(1), ++digits) {
    whole = whole * 10 + (rest.front() - '0');
    if (whole > kMost) return std::nullopt;
  }
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    for (; is_digit(rest); rest.remove_prefix(1), ++digits) {
      if (scale > 1'000'000'000'000) continue;  // finer than a nanosecond of an hour
      fraction = fraction * 10 + (rest.front() - '0');
      scale *= 10;
    }
  }
  const Unit* unit = unit_at(rest);
  if (digits == 0 || unit == nullptr) return std::nullopt;
  rest.remove_prefix(unit->name.size());
  const Wide all = whole * unit->nanoseconds + fraction * unit->nanoseconds / scale;
  if (all > kMost) return std::nullopt;
  return static_cast<std::int64_t>(all);
}

}  // namespace

Result<std::chrono::milliseconds> parse_go_duration(std::string_view text) {
  const auto refused = [text] {
    return failure(fmt::format("'{}' is no duration: write it as 10m, 1m30s or 250ms", text));
  };
  if (text == "0") return std::chrono::milliseconds{0};
  if (text.empty()) return refused();
  std::int64_t sum = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto part = take(rest);
    if (!part || *part > std::numeric_limits<std::int64_t>::max() - sum) return refused();
    sum += *part;
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds{sum});
}

std::string to_go_duration(std::chrono::milliseconds span) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(span);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(span - hours);
  const std::int64_t rest = (span - hours - minutes).count();
  std::string text;
  if (hours.count() > 0) text += fmt::format("{}h", hours.count());
  if (minutes.count() > 0) text += fmt::format("{}m", minutes.count());
  if (rest == 0) return text.empty() ? "0s" : text;
  if (rest < 1'000) return text + fmt::format("{}ms", rest);
  text += std::to_string(rest / 1'000);
  if (rest % 1'000 != 0) {
    std::string digits = fmt::format("{:03}", rest % 1'000);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + "s";
}

}  // namespace migrate
