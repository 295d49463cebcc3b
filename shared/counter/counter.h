// What the self-test migrates: a process that has nothing but its memory to go by, and says so in a line now and then.
// Whether a line goes on where another one ended tells whether that memory came along. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/units.h"

namespace migrate::counter {

struct Line {
  std::uint64_t count = 0;
  std::uint64_t nonce = 0;  // of the process, drawn when it started
  std::uint64_t sum = 0;    // of its memory, as it is now
  bool operator==(const Line&) const = default;
};

// "count=12 nonce=00f3… sum=9ab0…", the last two in 16 hexadecimal digits.
[[nodiscard]] std::string to_string(const Line& line);
[[nodiscard]] std::optional<Line> line_from(std::string_view text);

// Why `after` is not said by the memory that had said `before`; empty: it is.
[[nodiscard]] std::string trouble_between(const Line& before, const Line& after);

inline constexpr Bytes kMemory = 8_MiB;

class Counter {
 public:
  // Its memory is filled with what only this nonce gives.
  Counter(std::uint64_t nonce, Bytes memory);

  // Counts on, and reads all of its memory for it.
  [[nodiscard]] Line next();
  [[nodiscard]] std::span<std::uint64_t> words() { return words_; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t nonce_;
  std::vector<std::uint64_t> words_;
};

// A line a round, until `wait` says that it is enough.
void run(Counter& counter, const std::function<void(const std::string& line)>& say, const std::function<bool()>& wait);

}  // namespace migrate::counter
