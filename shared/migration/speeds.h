// What the hops of a cluster have taken, and what that says of the next one. Pure.
//
// A hop is forecast from a time that is fixed and one for each MiB. How far both are off on this cluster is seen from
// every migration that has succeeded, step by step; the median of that corrects the defaults, and how far it scatters
// is the forecast's range. What was measured between the same nodes and with about as much memory weighs most. One that
// was held up somewhere is an outlier among others: that is what medians are for. Phases of no size are learned from
// hops of the same kind where there are two of them, else from all.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/migration/forecast.h"

namespace migrate {

// What makes two hops comparable.
struct HopKind {
  std::string from;  // nodes
  std::string to;    // empty: not known yet
  CheckpointBackend backend = CheckpointBackend::direct;
  bool is_by_image = false;      // restored from an image
  bool is_via_registry = false;  // its archives go through one
  bool is_local = false;         // within one node: a live migration's way back into its name
  // What its fixed phases take hangs on these, too. Of a hop that is asked for, the strategy does not count: its phases
  // are told by each.
  Strategy strategy = Strategy::stop;
  bool is_of_set = false;  // of a StatefulSet's Pod
};

struct HopSample {
  std::string uid;  // of the Migration
  Instant finished;
  HopKind kind;
  Bytes size;                             // what it was forecast from
  std::map<Phase, milliseconds> steps;    // each that it went through
  std::optional<milliseconds> mirroring;  // until the mirror was bound, without the wait for what was there before
  std::optional<milliseconds> snapshot;   // frozen for a checkpoint after which it ran on
  std::optional<milliseconds> halting;    // Stop: frozen, until its checkpoint began
  std::optional<milliseconds> cutting;    // with replay: frozen, until the mirror was unbound
  std::optional<milliseconds> restore;    // released, until it ran
  std::optional<milliseconds> switching;  // Live: from the commit until it had the queue
  std::optional<milliseconds> finishing;  // all that came when it ran
};

// Of one that has succeeded and needed no second try of anything; nothing of all others.
[[nodiscard]] std::optional<HopSample> sample_of(const Migration& migration);

struct Learned {
  Speeds speeds;
  PhasesByStrategy fixed;
  Spread spread;
};

// For a hop of that kind and size. Without samples: the defaults.
[[nodiscard]] Learned learn(const std::vector<HopSample>& samples, const HopKind& kind, Bytes size);

}  // namespace migrate
