// How long a hop will take, from sizes, speeds and message rates, and which strategy that speaks for. Pure. Default
// speeds and times fit the medians of our own measurements between two nodes of one virtual machine (README.md, "The
// test cluster": 20 to 500 MiB) to within some 20 %; what a cluster has shown itself takes their place (speeds.h).
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
  milliseconds checkpoint_fixed{170};
  double checkpoint_ms_per_mib = 3.0;
  double frozen_share = 1.0;  // of a checkpoint after which its source runs on: so much of it the source is frozen
  milliseconds kubelet_fixed{300};
  double kubelet_ms_per_mib = 5.0;
  double kubelet_ms_per_image_mib = 8.0;
  milliseconds transfer_fixed{30};
  double transfer_ms_per_mib = 3.5;
  milliseconds restore_fixed{150};
  double restore_ms_per_mib = 3.5;
};

struct Forecast {
  milliseconds checkpoint{0};
  milliseconds transfer{0};
  milliseconds restore{0};
  milliseconds snapshot{0};  // frozen for a checkpoint after which the source runs on
  // Frozen until the archives are there, and until the target runs.
  [[nodiscard]] milliseconds freeze() const { return checkpoint + transfer; }
  [[nodiscard]] milliseconds gap() const { return freeze() + restore; }
};

[[nodiscard]] Forecast forecast(const HopSize& size, CheckpointBackend backend, const Speeds& speeds = {});

// What takes its time whatever the size is.
struct FixedPhases {
  milliseconds preparing{150};    // all is looked at
  milliseconds placing{900};      // the target is scheduled, its image there, its sandbox made
  milliseconds orphaning{1'100};  // a StatefulSet's name is held, which is proven twice
  milliseconds mirroring{200};    // the mirror is made and bound
  milliseconds halting{40};       // frozen, and connections closed
  milliseconds cutting{90};       // the same with replay, and the mirror unbound
  milliseconds committing{40};    // the record is durable
  milliseconds starting{150};     // a restored application has connected and consumes
  milliseconds switching{130};    // END_REPLAY is sent, and the target consumes the queue itself
  milliseconds renaming{600};     // the source Pod is removed and the target made in its placeholder's room
  milliseconds attaching{600};    // a volume for one node at a time comes over
  milliseconds finishing{300};    // all that follows when the target runs
};

// What goes by the same name in each strategy does not take the same time in each.
struct PhasesByStrategy {
  FixedPhases stop;
  FixedPhases live;
  FixedPhases sequential;
  FixedPhases way_back;  // of the second hop with which a live one that keeps its name ends: a Stop within one node
};

// Between which parts of its forecast a time is expected to be. Of speeds that no hop of the cluster has shown: another
// machine is half or twice as fast.
struct Spread {
  double low = 0.5;
  double high = 2.0;
  bool operator==(const Spread&) const = default;
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
  PhasesByStrategy fixed;
  Spread spread;
  std::optional<QueueOutlook> queue;
  std::string no_queue;  // why there is none: a clause of a sentence
  std::string no_live;   // what speaks against Live alone: a clause
  bool has_writable_volumes = false;
  bool has_empty_dirs = false;               // and their loss is not accepted
  bool keep_name = false;                    // asked for, or a StatefulSet's
  bool is_lent = false;                      // a StatefulSet's: it goes through Orphaning
  bool is_by_image = false;                  // restored from an image: a target that stops its source is made late
  bool moves_volumes = false;                // such as one node at a time may use
  std::optional<milliseconds> freeze_limit;  // of the liveness probes
  std::optional<milliseconds> max_gap;       // budgets that were asked for
  std::optional<milliseconds> max_total;
  milliseconds max_replay{30'000};
  std::optional<milliseconds> cutoff;  // fixed, after the binding
  milliseconds settling{0};  // from when a shadow consumes until it is cut over to, however soon it catches up
};

// Times of a strategy that may be used; `against` says what speaks against it.
struct StrategyOutlook {
  Strategy strategy = Strategy::stop;
  milliseconds freeze{0};            // the longest time that the source is frozen at a stretch
  milliseconds gap{0};               // the longest time that nobody handles what arrives
  milliseconds total{0};             // from preparing to finishing
  std::vector<std::string> against;  // clauses; empty: it keeps every promise
  // With replay: when the source stops at the latest, after the binding, and what is left in the mirror then.
  std::optional<milliseconds> cutoff;
  std::optional<std::uint64_t> backlog_at_cut;

  // Gap and total can be told: what they depend on is known. They are 0 otherwise, and the freeze is a checkpoint's.
  [[nodiscard]] bool is_told() const { return total > milliseconds{0}; }
};

// Of Stop, Live and Sequential, in this order.
[[nodiscard]] std::vector<StrategyOutlook> strategy_outlooks(const StrategyQuestion& question);

// Of one of these three; of Stop for Automatic.
[[nodiscard]] StrategyOutlook strategy_outlook(const StrategyQuestion& question, Strategy strategy);

// Low: all that it is made of goes as fast as `spread.low` of its forecast says; high likewise. Rates of messages are
// taken as they are. Around the forecast, whatever it is.
struct OutlookRanges {
  Range freeze;
  Range gap;
  Range total;
};
[[nodiscard]] OutlookRanges outlook_ranges(const StrategyQuestion& question, Strategy strategy);

// How long nobody works at the cut of a live migration, with a rest that takes so long to be replayed.
[[nodiscard]] milliseconds forecast_cut(milliseconds rest, const FixedPhases& fixed = {});

// What a rest may take that is replayed while the source is frozen: no longer than its liveness probes leave, with some
// time for the commit. `freeze_limit`: nothing where no probe counts.
inline constexpr milliseconds kCommitReserve{3'000};
[[nodiscard]] milliseconds longest_rest(milliseconds max_replay, std::optional<milliseconds> freeze_limit,
                                        const FixedPhases& fixed = {});

struct StrategyChoice {
  StrategyOutlook outlook;
  std::string because;  // one sentence: which, and why
};

// What Auto takes: the smallest gap of those that keep every promise; of equals, the first. Where none does it is Stop
// with what speaks against it in its outlook: whether that is refused is for the caller.
[[nodiscard]] StrategyChoice choose_strategy(const StrategyQuestion& question);

// What speaks against a budget (spec.gapBudget where `of_gap`, else spec.maxTotal): what each strategy is forecast at,
// for a person. Empty: `chosen` keeps it, or there is none. `asked`: the strategy that was asked for.
[[nodiscard]] std::string budget_trouble(const StrategyQuestion& question, Strategy asked,
                                         const StrategyOutlook& chosen, bool of_gap);

// "305 ms", "1.44 s", "10.7 s".
[[nodiscard]] std::string span_text(milliseconds span);
// "clause and clause".
[[nodiscard]] std::string joined_clauses(const std::vector<std::string>& clauses);

}  // namespace migrate
