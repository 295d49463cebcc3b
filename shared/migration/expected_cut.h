// When the source of a live migration will be stopped, at rates that stay as they are: what messages/cutoff.h decides
// by what it sees, told from before. Pure.
#pragma once

#include <chrono>
#include <optional>

namespace migrate {

using std::chrono::milliseconds;

// For so long, and by so much, less is handled than arrives before a replay counts as diverging.
inline constexpr milliseconds kDivergenceEvidence{3'000};
inline constexpr double kClearly = 1.1;

struct SteadyReplay {
  milliseconds begins{0};  // the target consumes the mirror, after that was bound
  double backlog = 0;      // in it by then
  double arrival = 0;      // messages a millisecond
  double service = 0;      // likewise, and never 0
};

struct CutTerms {
  milliseconds max_rest{30'000};      // what the rest may take
  std::optional<milliseconds> fixed;  // a cutoff that was asked for, instead of the computed one
  milliseconds settling{0};           // a target that has caught up is waited for so long, from when it consumes
};

struct ExpectedCut {
  milliseconds replaying{0};  // until the source stops
  double left = 0;            // in the mirror then
};

// Both rates are measured, or told: where they differ by less than `kClearly`, one of them or the other may be the
// larger. So only a target that is clearly faster is expected to catch up; one that is not has at the cutoff what it
// had in the beginning, or more.
[[nodiscard]] ExpectedCut expected_cut(const SteadyReplay& replay, const CutTerms& terms);

}  // namespace migrate
