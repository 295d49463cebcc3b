#include "shared/base/bytes_text.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace migrate {

std::string bytes_text(Bytes size) {
  constexpr std::array<std::string_view, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (size.count < 1'024) return fmt::format("{} B", size.count);
  double amount = static_cast<double>(size.count) / 1'024;
  std::size_t unit = 0;
  while (amount >= 1'024 && unit + 1 < kUnits.size()) {
    amount /= 1'024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits.at(unit));
}

}  // namespace migrate
