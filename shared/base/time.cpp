#include "shared/base/time.h"

#include <fmt/format.h>

#include <algorithm>

namespace migrate {
namespace {

using namespace std::chrono;  // the calendar types; NOLINT(google-build-using-namespace)

// Reads fixed-width fields from left to right; once something does not fit, everything after fails too.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  int number(std::size_t width) {
    const std::string_view digits = rest_.substr(0, width);
    if (digits.size() < width || !std::all_of(digits.begin(), digits.end(), is_digit)) return fail();
    int value = 0;
    for (const char c : digits)
      value = value * 10 + (c - '0');
    rest_.remove_prefix(width);
    return value;
  }

  // One of the characters, which is returned.
  char one_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) return static_cast<char>(fail());
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // ".5" is 500000; nothing is 0.
  Microseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') return Microseconds{0};
    rest_.remove_prefix(1);
    if (rest_.empty() || !is_digit(rest_.front())) return Microseconds{fail()};
    Microseconds::rep value = 0;
    Microseconds::rep unit = 100'000;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1), unit /= 10)
      value += (rest_.front() - '0') * unit;
    return Microseconds{value};
  }

  [[nodiscard]] bool complete() const { return !failed_ && rest_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  int fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

Result<Instant> parse_rfc3339(std::string_view text) {
  Fields fields{text};
  const year y{fields.number(4)};
  fields.one_of("-");
  const month m{static_cast<unsigned>(fields.number(2))};
  fields.one_of("-");
  const day d{static_cast<unsigned>(fields.number(2))};
  fields.one_of("Tt");
  const int hour = fields.number(2);
  fields.one_of(":");
  const int minute = fields.number(2);
  fields.one_of(":");
  const int second = fields.number(2);
  const Microseconds fraction = fields.fraction();
  const char zone = fields.one_of("Zz+-");
  int offset_hour = 0;
  int offset_minute = 0;
  if (zone == '+' || zone == '-') {
    offset_hour = fields.number(2);
    fields.one_of(":");
    offset_minute = fields.number(2);
  }
  const year_month_day date{y, m, d};
  if (!fields.complete() || !date.ok() || hour > 23 || minute > 59 || second > 59 || offset_hour > 23 ||
      offset_minute > 59)
    return failure(fmt::format("\"{}\" is not an RFC 3339 time such as 2006-01-02T15:04:05Z", text));
  const minutes offset = hours{offset_hour} + minutes{offset_minute};
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second} + fraction - (zone == '-' ? -offset : offset);
}

std::string to_rfc3339(Instant instant) {
  const sys_days midnight = floor<days>(instant);
  const year_month_day date{midnight};
  const hh_mm_ss time{instant - midnight};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

}  // namespace migrate
