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

MemoryBlock::MemoryBlock(migrate::Bytes size) : words_(size.count / sizeof(std::uint64_t)) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] = word_at(i);
}

bool MemoryBlock::verify() const {
  for (std::size_t i = 0; i < words_.size(); ++i)
    if (words_[i] != word_at(i)) return false;
  return true;
}

}  // namespace orders
