// A block of touched memory whose content is known, so that a restored copy can prove it got every page back.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/base/units.h"

namespace orders {

class MemoryBlock {
 public:
  explicit MemoryBlock(migrate::Bytes size);
  [[nodiscard]] migrate::Bytes size() const { return {words_.size() * sizeof(std::uint64_t)}; }
  // Reads every word; true when all are as they were written.
  [[nodiscard]] bool verify() const;

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace orders
