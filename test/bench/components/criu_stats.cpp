#include "test/bench/components/criu_stats.h"

#include <fmt/format.h>

#include <map>

namespace bench {
namespace {

using migrate::failure;
using migrate::Microseconds;
using migrate::Result;

// criu/include/magic.h, both little-endian: the first says what kind of image it is, the second which.
constexpr std::uint32_t kServiceMagic = 0x55105940;
constexpr std::uint32_t kStatsMagic = 0x57093306;

// By the field's number; nested messages and texts as their bytes.
struct Fields {
  std::map<std::uint64_t, std::uint64_t> numbers;
  std::map<std::uint64_t, std::string_view> pieces;
  [[nodiscard]] std::uint64_t number(std::uint64_t field) const {
    const auto found = numbers.find(field);
    return found == numbers.end() ? 0 : found->second;
  }
  [[nodiscard]] Microseconds time(std::uint64_t field) const {
    return Microseconds{static_cast<std::int64_t>(number(field))};
  }
};

// As much of protobuf's wire format as these messages take: varints and what has a length.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : left_(bytes) {}

  Result<Fields> fields() {
    constexpr std::uint64_t kVarint = 0;
    constexpr std::uint64_t kLength = 2;
    Fields fields;
    while (!left_.empty()) {
      const auto key = varint();
      const auto value = key ? varint() : key;
      if (!value) return tl::make_unexpected(value.error());
      if ((*key & 7U) == kVarint) {
        fields.numbers[*key >> 3U] = *value;
      } else if ((*key & 7U) == kLength && *value <= left_.size()) {
        fields.pieces[*key >> 3U] = left_.substr(0, *value);
        left_.remove_prefix(*value);
      } else {
        return failure(fmt::format("field {} is of a kind or length that is not expected", *key >> 3U));
      }
    }
    return fields;
  }

 private:
  Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    return failure("a number that does not end");
  }

  std::string_view left_;
};

std::uint32_t word_at(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < sizeof word; ++i)
    word |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return word;
}

// Two magic words, the entry's size, the entry.
Result<Fields> part_of_entry(std::string_view image, std::uint64_t part) {
  constexpr std::size_t kHead = 3 * sizeof(std::uint32_t);
  if (image.size() < kHead) return failure(fmt::format("CRIU's statistics: only {} bytes", image.size()));
  if (word_at(image, 0) != kServiceMagic || word_at(image, 4) != kStatsMagic)
    return failure("CRIU's statistics: it does not begin as such an image does");
  if (word_at(image, 8) != image.size() - kHead)
    return failure(fmt::format("CRIU's statistics: {} bytes of {}", image.size() - kHead, word_at(image, 8)));
  const auto entry = WireReader{image.substr(kHead)}.fields();
  if (!entry) return tl::make_unexpected(entry.error().within("CRIU's statistics"));
  const auto found = entry->pieces.find(part);
  if (found == entry->pieces.end()) return failure("CRIU's statistics: they are of something else");
  auto fields = WireReader{found->second}.fields();
  if (!fields) return tl::make_unexpected(fields.error().within("CRIU's statistics"));
  return fields;
}

}  // namespace

Result<CriuDump> parse_stats_dump(std::string_view image) {
  const auto of = part_of_entry(image, 1);
  if (!of) return tl::make_unexpected(of.error());
  return CriuDump{of->time(1), of->time(2), of->time(3), of->time(4), of->number(7)};
}

Result<CriuRestore> parse_stats_restore(std::string_view image) {
  const auto of = part_of_entry(image, 2);
  if (!of) return tl::make_unexpected(of.error());
  return CriuRestore{of->time(3), of->time(4)};
}

}  // namespace bench
