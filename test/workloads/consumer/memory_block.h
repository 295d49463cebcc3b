// A block of touched memory whose content is known, so that a restored copy can prove it got every page back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "shared/base/units.h"

namespace orders {

class MemoryBlock {
 public:
  explicit MemoryBlock(migrate::Bytes size);
  [[nodiscard]] migrate::Bytes size() const { return {words_count_ * sizeof(std::uint64_t)}; }
  // Reads every word, about 0.3 s for each GiB; true when all are as they were written. From any thread.
  [[nodiscard]] bool verify() const;

  [[nodiscard]] std::span<std::uint64_t> words() { return {words_.get(), words_count_}; }

 private:
  std::size_t words_count_;
  std::unique_ptr<std::uint64_t[]> words_;  // NOLINT(modernize-avoid-c-arrays): left unset until filled, once
};

}  // namespace orders
