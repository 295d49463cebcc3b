// The Threshold-Based Cutoff: when the source of a live migration must stop, from measured rates. Pure.
//
// Dinh-Tuan and Jiang (ICIN 2025): what accumulated in T_accum takes T_replay = lambda * T_accum / mu to be replayed;
// T_replay <= T_replay_max demands T_cutoff = T_accum <= T_replay_max * mu / lambda. Here both rates are measured and
// the rule is corrected for what the formula leaves out: time counts from the mirror's binding, so the fixed phases are
// inside; replay done before the cut shortens the rest, so what counts is the mirror's depth now; and what still comes
// between the decision and the unbinding belongs to the rest.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace migrate::messages {

using Steady = std::chrono::steady_clock::time_point;

using std::chrono::milliseconds;

// Rates from readings of the mirror's depth, some each second. Nobody says how many messages the target has taken, so
// the depth alone tells: before the target takes any, its growth is the arrival rate; afterwards growth is that rate,
// taken as unchanged, less what the target handles. Each is the slope of a straight line through the last 10 s (of
// arrivals: up to 60 s, until 100 are seen), which steps of a prefetch and uneven gaps disturb little. A rate that was
// known stays known while it cannot be measured. Not for use from several threads.
class RateMeter {
 public:
  // `arrival_rate`: as recorded by a controller before us.
  explicit RateMeter(std::optional<double> arrival_rate = std::nullopt) : arrival_rate_(arrival_rate) {}

  // Readings must be in order of time; one that is not is ignored. `target_consumes`: the mirror has a consumer, by the
  // same answer that told `ready`.
  void read(Steady at, std::uint64_t ready, bool target_consumes);

  // Messages a second. Nothing: not known yet (8 messages within 0.5 s or more make it known, or 4 s of anything).
  [[nodiscard]] std::optional<double> arrival_rate() const { return arrival_rate_; }
  // The target's (known after 8 messages within 0.3 s or more, or 1 s of anything). It is measured only while the
  // mirror is not empty: a target that waits shows the arrival rate.
  [[nodiscard]] std::optional<double> drain_rate() const { return drain_rate_; }
  [[nodiscard]] std::uint64_t ready() const { return ready_; }
  // Since when the target consumes the mirror, by the last reading; for ReplayState::replaying.
  [[nodiscard]] std::optional<milliseconds> consuming() const;
  // How many messages the target holds without having acknowledged them, estimated (the broker's own count is up to 5 s
  // old): all that `prefetch` lets it take as long as some are left; once none are, fewer by what it handles beyond
  // what arrives (`service_rate` where none is measured; with neither it is given a second to finish).
  [[nodiscard]] std::uint64_t unacknowledged(std::uint64_t prefetch, std::optional<double> service_rate) const;

 private:
  struct Reading {
    Steady at;
    std::uint64_t ready = 0;
  };
  void begin(Steady at, bool target_consumes);
  void measure();

  std::deque<Reading> window_;  // since the target began, or ceased, to consume
  bool consumes_ = false;
  std::optional<Steady> first_;
  Steady settled_;  // the window holds nothing from before
  Steady last_;
  Steady consumes_since_;
  std::optional<Steady> empty_since_;
  std::uint64_t held_back_ = 0;  // what the target may have taken at most, when it took everything at once
  std::uint64_t ready_ = 0;
  std::optional<double> arrival_rate_;
  std::optional<double> drain_rate_;
};

struct CutPolicy {
  milliseconds max_replay{30'000};  // T_replay_max
  // A cutoff that was asked for, instead of the computed one and of the cut because of divergence.
  std::optional<milliseconds> fixed;
  milliseconds converged{250};  // a rest that takes no longer is worth no more waiting
  milliseconds reaction{500};   // from the decision until the mirror is unbound; what comes meanwhile is replayed too
};

struct ReplayState {
  milliseconds since_bound{0};
  std::optional<milliseconds> replaying;  // since the target consumes the mirror; nothing: it does not yet
  std::uint64_t ready = 0;                // in the mirror
  std::uint64_t unacknowledged = 0;       // RateMeter::unacknowledged
  std::optional<double> arrival_rate;
  std::optional<double> service_rate;  // RateMeter::drain_rate, else the annotation's; 0 counts as unknown
};

enum class CutReason { none, converged, cutoff, diverging, asked };
// As in MessagesStatus::cut_because: "Converged"; "" for none.
[[nodiscard]] std::string_view cut_because(CutReason reason);

struct CutDecision {
  CutReason reason = CutReason::none;  // none: go on
  // T_cutoff after the binding, as planned now; `max_replay` itself (as if the target were just as fast as the
  // arrivals) while a rate is not known; nothing: never, because nothing arrives.
  std::optional<milliseconds> cutoff;
  std::optional<milliseconds> rest;  // how long the mirror's rest would take now; nothing: the service rate is unknown
};

// - Converged: the target consumes, and the rest is empty or takes no longer than `converged`.
// - Asked: the fixed cutoff has come.
// - Diverging: for 3 s at least the target has handled clearly less (a tenth) than arrives: waiting only lengthens
//   the rest.
// - Cutoff: T_cutoff has come, or the rest is about to exceed `max_replay`. Where it exceeds it already (rates changed,
//   nobody looked for a while) but shrinks, the cut waits until it does not: waiting is what keeps the promise then.
// A target that does not consume at all is due at the cutoff only. Whether anybody acts on that, with nobody there to
// go on, and that it must begin within some time is not said here: the controller stops no source for it.
[[nodiscard]] CutDecision decide_cut(const ReplayState& seen, const CutPolicy& policy);

}  // namespace migrate::messages
