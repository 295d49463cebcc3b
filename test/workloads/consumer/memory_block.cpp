#include "test/workloads/consumer/memory_block.h"

namespace orders {
namespace {

// SplitMix64's finaliser: a word for every index that nothing compresses or guesses.
constexpr std::uint64_t word_at(std::uint64_t index) {
  std::uint64_t word = (index + 1) * 0x9E3779B97F4A7C15ULL;
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ULL;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBULL;
  return word ^ (word >> 31);
}

}  // namespace

MemoryBlock::MemoryBlock(migrate::Bytes size)
    : words_count_(size.count / sizeof(std::uint64_t)),
      words_(std::make_unique_for_overwrite<std::uint64_t[]>(words_count_)) {  // NOLINT(modernize-avoid-c-arrays)
  for (std::size_t i = 0; i < words_count_; ++i)
    words_[i] = word_at(i);
}

bool MemoryBlock::verify() const {
  std::uint64_t difference = 0;  // no early exit: it is for the good case, and the loop stays tight
  for (std::size_t i = 0; i < words_count_; ++i)
    difference |= words_[i] ^ word_at(i);
  return difference == 0;
}

}  // namespace orders
