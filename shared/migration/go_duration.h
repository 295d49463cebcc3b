// Durations as Go and Kubernetes write them: "10m", "24h", "1m30s", "1.5s", "250ms". Without a sign: no span of ours is
// negative.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace migrate {

// Any sequence of numbers with units (h, m, s, ms, us, µs, ns), or "0". What is finer than a millisecond is cut off;
// what Go cannot hold (292 years) is refused.
[[nodiscard]] Result<std::chrono::milliseconds> parse_go_duration(std::string_view text);

// The shortest that reads as the same: "10m", not Go's "10m0s". `span` is not negative.
[[nodiscard]] std::string to_go_duration(std::chrono::milliseconds span);

}  // namespace migrate
