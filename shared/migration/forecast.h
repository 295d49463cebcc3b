// How long a hop will take, from sizes, speeds and message rates, and which strategy that speaks for. Pure. Default
// speeds: medians of our own measurements of the direct backend between two nodes of one machine (facts in
// ARCHITECTURE.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/units.h"
#include "shared/migration/migration.h"

namespace migrate {

struct HopSize {
  Bytes memory;   // resident, of all containers
  Bytes volumes;  // emptyDir content that is carried
  Bytes image;    // of all containers; matters to the kubelet's backend only
};

struct Speeds {
  milliseconds checkpoint_fixed{150};
  double checkpoint_ms_per_mib = 1.0;
  milliseconds kubelet_fixed{300};
  double kubelet_ms_per_mib = 5.0;
  double kubelet_ms_per_image_mib = 8.0;
  milliseconds transfer_fixed{30};
  double transfer_ms_per_mib = 2.5;
  milliseconds restore_fixed{200};
  double restore_ms_per_mib = 1.5;
};

struct Forecast {
  milliseconds checkpoint{0};
  milliseconds transfer{0};
  milliseconds restore{0};
  // Frozen until the commit, and until the target runs.
  [[nodiscard]] milliseconds freeze() const { return checkpoint + transfer; }
  [[nodiscard]] milliseconds gap() const { return freeze() + restore; }
};

[[nodiscard]] Forecast forecast(const HopSize& size, CheckpointBackend backend, const Speeds& speeds = {});

// How long a target that handles `service_rate` needs to catch up with a backlog while `arrival_rate` goes on, both in
// messages a second. Nothing: it never does, or not within a day.
[[nodiscard]] std::optional<milliseconds> forecast_replay(std::uint64_t backlog, double arrival_rate,
                                                          double service_rate);

// What takes its time whatever the size is.
struct FixedPhases {
  milliseconds placing{1'500};   // the target is scheduled, its image there, its sandbox made
  milliseconds mirroring{300};   // the mirror is made and bound
  milliseconds starting{500};    // a restored application has connected and consumes
  milliseconds cutting{300};     // frozen, connections closed, mirror unbound
  milliseconds switching{300};   // END_REPLAY is sent, and the target consumes the queue itself
  milliseconds renaming{1'000};  // the source Pod is removed and one of its name made
  milliseconds finishing{500};
};

// The queue, where there is one that can be mirrored.
struct QueueOutlook {
  std::optional<double> arrival_rate;  // messages a second
  std::optional<double> service_rate;
  std::uint64_t backlog = 0;   // in it, unacknowledged ones included
  std::uint64_t may_hold = 0;  // the sum of its consumers' prefetches
  RateSource service_rate_from = RateSource::unknown;
};

struct StrategyQuestion {
  HopSize size;
  CheckpointBackend backend = CheckpointBackend::automatic;
  Speeds speeds;
  FixedPhases fixed;
  std::optional<QueueOutlook> queue;
  std::string no_queue;  // why there is none: a clause of a sentence
  std::string no_live;   // what speaks against Live alone: a clause
  bool has_writable_volumes = false;
  bool has_empty_dirs = false;               // and their loss is not accepted
  bool keep_name = false;                    // asked for, or a StatefulSet's
  std::optional<milliseconds> freeze_limit;  // of the liveness probes
  std::optional<milliseconds> max_gap;       // budgets that were asked for
  std::optional<milliseconds> max_total;
  milliseconds max_replay{30'000};
  std::optional<milliseconds> cutoff;  // fixed, after the binding
};

// Times of a strategy that may be used; `against` says what speaks against it.
struct StrategyOutlook {
  Strategy strategy = Strategy::stop;
  milliseconds freeze{0};            // the longest time that the source is frozen at a stretch
  milliseconds gap{0};               // the longest time that nobody handles what arrives
  milliseconds total{0};             // from placing to finishing
  std::vector<std::string> against;  // clauses; empty: it keeps every promise. Times are 0 where none can be told
};

// Of Stop, Live and Sequential, in this order.
[[nodiscard]] std::vector<StrategyOutlook> strategy_outlooks(const StrategyQuestion& question);

// Of one of these three; of Stop for Automatic.
[[nodiscard]] StrategyOutlook strategy_outlook(const StrategyQuestion& question, Strategy strategy);

// How long nobody works at the cut of a live migration, with a rest that takes so long to be replayed.
[[nodiscard]] milliseconds forecast_cut(milliseconds rest, const FixedPhases& fixed = {});

struct StrategyChoice {
  StrategyOutlook outlook;
  std::string because;  // one sentence: which, and why
};

// What Auto takes: the smallest gap of those that keep every promise; of equals, the first. Where none does it is Stop
// with what speaks against it in its outlook: whether that is refused is for the caller.
[[nodiscard]] StrategyChoice choose_strategy(const StrategyQuestion& question);

}  // namespace migrate
