// Versions of what is installed on nodes, as far as they are compared.
#pragma once

#include <compare>
#include <string_view>

namespace migrate {

// "4.2.1" and what distributions append to it ("2.3.7~ds1"). Nothing readable is 0.0.0.
struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  auto operator<=>(const Version&) const = default;  // NOLINT(modernize-use-nullptr): it takes the 0 of <=> for one
};
[[nodiscard]] Version parse_version(std::string_view text);

// The oldest CRIU that restores on current kernels. An archive is read by the CRIU that wrote it and by newer ones.
inline constexpr Version kOldestCriu{4, 2, 0};

}  // namespace migrate
