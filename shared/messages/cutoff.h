// The Threshold-Based Cutoff: when the source of a live migration must stop, from measured rates. Pure.
//
// Dinh-Tuan and Jiang (ICIN 2025): what accumulated in T_accum takes T_replay = lambda * T_accum / mu to be replayed;
// T_replay <= T_replay_max demands T_cutoff = T_accum <= T_replay_max * mu / lambda. Here both rates are measured and
// the rule is corrected for what the formula leaves out: replay that is done before the cut shortens the rest, so what
// counts is the mirror's depth now; time is counted from the mirror's binding, so the fixed phases are inside.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace migrate::messages {

using Steady = std::chrono::steady_clock::time_point;

using std::chrono::milliseconds;

// Rates from readings of the mirror's depth. Before the target takes from it, the depth's growth is the arrival rate;
// afterwards growth is arrivals less what the target handles. Both over a window of some seconds.
class RateMeter {
 public:
  // `handled`: how many messages the target has taken out so far can't be seen; the meter tells by depth alone.
  void read(Steady at, std::uint64_t ready, bool target_consumes);

  // Messages a second. Nothing: not known yet.
  [[nodiscard]] std::optional<double> arrival_rate() const;
  // The target's; known only while the mirror is not empty.
  [[nodiscard]] std::optional<double> drain_rate() const;
  [[nodiscard]] std::uint64_t ready() const;

 private:
  struct Reading {
    Steady at;
    std::uint64_t ready = 0;
  };
  std::deque<Reading> before_;
  std::deque<Reading> after_;
};

struct CutPolicy {
  milliseconds max_replay{30'000};    // T_replay_max
  std::optional<milliseconds> fixed;  // a cutoff that was asked for, instead of the computed one
  milliseconds converged{250};        // a rest that takes no longer is worth no more waiting
};

struct ReplayState {
  milliseconds since_bound{0};
  milliseconds replaying{0};         // since the target took its first message from the mirror
  std::uint64_t ready = 0;           // in the mirror
  std::uint64_t unacknowledged = 0;  // the target's prefetch at most
  std::optional<double> arrival_rate;
  std::optional<double> service_rate;
};

enum class CutReason { none, converged, cutoff, diverging, asked };

struct CutDecision {
  CutReason reason = CutReason::none;  // none: go on
  std::optional<milliseconds> cutoff;  // T_cutoff after the binding, as planned now
  std::optional<milliseconds> rest;    // how long the mirror's rest would take now
};

[[nodiscard]] CutDecision decide_cut(const ReplayState& state, const CutPolicy& policy);

}  // namespace migrate::messages
