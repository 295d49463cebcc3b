#include "shared/counter/counter.h"

#include <fmt/format.h>

#include <charconv>

namespace migrate::counter {
namespace {

// SplitMix64's finaliser: words that nothing compresses or guesses.
constexpr std::uint64_t word_at(std::uint64_t nonce, std::uint64_t index) {
  std::uint64_t word = nonce + (index + 1) * 0x9E3779B97F4A7C15ULL;
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ULL;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBULL;
  return word ^ (word >> 31);
}

// FNV-1a over words: of the order, too.
std::uint64_t sum_of(std::span<const std::uint64_t> words) {
  std::uint64_t sum = 14695981039346656037ULL;
  for (const std::uint64_t word : words)
    sum = (sum ^ word) * 1099511628211ULL;
  return sum;
}

// Takes "NAME=NUMBER" and the space behind it off the text.
bool take(std::string_view& text, std::string_view name, int base, std::uint64_t& number) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, base);
  if (read.ec != std::errc{} || (read.ptr != end && *read.ptr != ' ')) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + (read.ptr != end ? 1 : 0));
  return true;
}

}  // namespace

std::string to_string(const Line& line) {
  return fmt::format("count={} nonce={:016x} sum={:016x}", line.count, line.nonce, line.sum);
}

std::optional<Line> line_from(std::string_view text) {
  Line line;
  if (take(text, "count=", 10, line.count) && take(text, "nonce=", 16, line.nonce) &&
      take(text, "sum=", 16, line.sum) && text.empty())
    return line;
  return std::nullopt;
}

std::string trouble_between(const Line& before, const Line& after) {
  if (after.nonce != before.nonce)
    return fmt::format("it began anew instead: its nonce was {:016x} and is {:016x}, its count was {} and is {}",
                       before.nonce, after.nonce, before.count, after.count);
  if (after.sum != before.sum)
    return fmt::format("its memory is not the same: the checksum was {:016x} and is {:016x}", before.sum, after.sum);
  if (after.count <= before.count)
    return fmt::format("its count was {} and is {}: it went on from an older state", before.count, after.count);
  return "";
}

Counter::Counter(std::uint64_t nonce, Bytes memory) : nonce_(nonce), words_(memory.count / sizeof(std::uint64_t)) {
  for (std::size_t i = 0; i < words_.size(); ++i)
    words_[i] = word_at(nonce, i);
}

Line Counter::next() {
  return {++count_, nonce_, sum_of(words_)};
}

void run(Counter& counter, const std::function<void(const std::string& line)>& say, const std::function<bool()>& wait) {
  do
    say(to_string(counter.next()));
  while (wait());
}

}  // namespace migrate::counter
