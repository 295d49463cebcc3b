#include "shared/messages/cutoff.h"

#include <cmath>

#include "shared/migration/expected_cut.h"

namespace migrate::messages {
namespace {

// A planned time beyond that says "never", and would not fit everywhere.
constexpr double kLongestMs = 24.0 * 3'600'000;

std::optional<milliseconds> time_of(double ms) {
  if (!(ms < kLongestMs)) return std::nullopt;
  return milliseconds{static_cast<milliseconds::rep>(std::ceil(ms))};
}

std::optional<milliseconds> planned(const ReplayState& state, const CutPolicy& policy) {
  if (policy.fixed) return policy.fixed;
  if (!state.arrival_rate || !state.service_rate) return policy.max_replay;
  return time_of(static_cast<double>(policy.max_replay.count()) * *state.service_rate / *state.arrival_rate);
}

std::optional<double> rest_ms(const ReplayState& state) {
  const double messages = static_cast<double>(state.ready + state.unacknowledged);
  if (messages == 0) return 0;
  if (!state.service_rate) return std::nullopt;
  return messages * 1000 / *state.service_rate;
}

bool is_diverging(const ReplayState& state) {
  return state.replaying.value_or(milliseconds{0}) >= kDivergenceEvidence && state.arrival_rate && state.service_rate &&
         *state.arrival_rate >= kClearly * *state.service_rate && *state.arrival_rate > 0;
}

bool is_cutoff(const ReplayState& state, const CutPolicy& policy, std::optional<milliseconds> cutoff,
               std::optional<double> rest) {
  const double limit = static_cast<double>(policy.max_replay.count());
  const bool in_time = !cutoff || state.since_bound + policy.reaction < *cutoff;
  if (!rest || !state.arrival_rate || !state.service_rate) return !in_time;
  const bool shrinks = state.replaying && *state.service_rate > *state.arrival_rate;
  if (shrinks) return !in_time && *rest <= limit;
  const double still_coming = static_cast<double>(policy.reaction.count()) * *state.arrival_rate / *state.service_rate;
  return !in_time || *rest + still_coming >= limit;
}

CutReason reason_of(const ReplayState& state, const CutPolicy& policy, std::optional<milliseconds> cutoff,
                    std::optional<double> rest) {
  if (state.replaying && rest && *rest <= static_cast<double>(policy.converged.count())) return CutReason::converged;
  if (policy.fixed) return state.since_bound + policy.reaction >= *policy.fixed ? CutReason::asked : CutReason::none;
  if (is_diverging(state)) return CutReason::diverging;
  return is_cutoff(state, policy, cutoff, rest) ? CutReason::cutoff : CutReason::none;
}

}  // namespace

std::string_view cut_because(CutReason reason) {
  switch (reason) {
    case CutReason::none:
      return "";
    case CutReason::converged:
      return "Converged";
    case CutReason::cutoff:
      return "Cutoff";
    case CutReason::diverging:
      return "Diverging";
    case CutReason::asked:
      return "Asked";
  }
  return "";
}

CutDecision decide_cut(const ReplayState& seen, const CutPolicy& policy) {
  ReplayState state = seen;
  if (state.service_rate && !(*state.service_rate > 0)) state.service_rate.reset();
  const auto rest = rest_ms(state);
  CutDecision made;
  made.cutoff = planned(state, policy);
  if (rest) made.rest = time_of(*rest);
  made.reason = reason_of(state, policy, made.cutoff, rest);
  return made;
}

}  // namespace migrate::messages
