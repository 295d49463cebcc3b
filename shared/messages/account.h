// What a migration with replay tells of its messages afterwards. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "shared/migration/migration.h"

namespace migrate::messages {

inline constexpr std::size_t kMostPoints = 60;

// One reading more of a mirror's depth, not older than the last one, for MessagesStatus::backlog. No more than
// kMostPoints stay: when they are full every other one goes, and from then on points are kept twice as far apart, so
// that they stay even over time. The first reading and the newest one are always among them.
void add_backlog(std::vector<BacklogPoint>& series, Instant at, std::uint64_t ready);

// The same for the record of a migration, with the longest time between two readings, which a series that was thinned
// does not tell. A controller that took over counts from the last reading that was written down.
void add_reading(MessagesStatus& messages, Instant at, std::uint64_t ready);

struct MirrorTimes {
  Instant bound;      // it holds everything that came since
  Instant untouched;  // until then nobody can have taken from it
  Instant unbound;    // it got nothing more
};

// About how many messages came into a mirror from which somebody takes while it gets them: nobody counts those exactly.
// What it held when it was last seen untouched, and from then on `arrival_rate` a second; where that is not known, as
// many a second as until then. No fewer than ever waited in it. Nothing: there is no rate to go by.
[[nodiscard]] std::optional<std::uint64_t> estimate_mirrored(const std::vector<BacklogPoint>& series,
                                                             const MirrorTimes& times,
                                                             std::optional<double> arrival_rate);

struct RepeatCounts {
  // Read at the checkpoint or soon after it, first the primary, then the mirror: messages that come or are handled
  // meanwhile only raise the bound.
  std::uint64_t primary_at_checkpoint = 0;  // ready ones
  std::uint64_t mirror_at_checkpoint = 0;
  // When the source is frozen for good, its connections are closed and the mirror is unbound: ready ones of the
  // primary, all of which stand (or stood) in the mirror too. Where the primary is purged, those that came before the
  // mirror was unbound.
  std::uint64_t primary_at_cut = 0;
};

// No more messages than that are met twice: those that the source handled between binding and checkpoint (they are in
// the memory and in the mirror), and those that are in both queues at the cut. Design section 6.
[[nodiscard]] std::uint64_t duplicates_bound(const RepeatCounts& counts);

}  // namespace migrate::messages
