#include "shared/migration/expected_cut.h"

#include <algorithm>
#include <cmath>

namespace migrate {
namespace {

constexpr double kLongestMs = 24.0 * 3'600'000;  // a day stands for never

double count_of(milliseconds time) {
  return static_cast<double>(time.count());
}

// Until the cutoff comes, from when the target consumes.
double in_time(const SteadyReplay& replay, const CutTerms& terms) {
  const double cutoff =
      terms.fixed ? count_of(*terms.fixed) : count_of(terms.max_rest) * replay.service / replay.arrival;
  return std::max(0.0, cutoff - count_of(replay.begins));
}

double catching_up(const SteadyReplay& replay, const CutTerms& terms) {
  const double net = replay.service - replay.arrival;
  double due = in_time(replay, terms);
  // A rest that is too long when the cutoff comes is waited for, as it shrinks.
  if (!terms.fixed) due = std::max(due, (replay.backlog - count_of(terms.max_rest) * replay.service) / net);
  return std::min(std::max(replay.backlog / net, count_of(terms.settling)), due);
}

}  // namespace

ExpectedCut expected_cut(const SteadyReplay& replay, const CutTerms& terms) {
  double net = replay.service - replay.arrival;
  double replaying = 0;
  if (replay.service >= kClearly * replay.arrival) {
    replaying = catching_up(replay, terms);
  } else {
    net = std::min(net, 0.0);
    replaying = in_time(replay, terms);
    const bool is_diverging = !terms.fixed && replay.arrival >= kClearly * replay.service;
    if (is_diverging) replaying = std::min(replaying, count_of(kDivergenceEvidence));
  }
  ExpectedCut made;
  made.replaying = milliseconds{static_cast<milliseconds::rep>(std::ceil(std::min(replaying, kLongestMs)))};
  made.left = std::max(0.0, replay.backlog - net * count_of(made.replaying));
  return made;
}

}  // namespace migrate
