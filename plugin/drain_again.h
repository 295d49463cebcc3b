// What the end of a Migration means to the drain that follows it: whether it is tried once more, and whether its Pod
// may be evicted instead. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "shared/migration/migration.h"

namespace migrate::plugin {

// The pause before something is tried once more, and how often what has only had to wait is tried: for a minute.
inline constexpr std::chrono::seconds kTryAgain{10};
inline constexpr unsigned kMostWaits = 6;

// How its Migrations have ended so far.
struct Tries {
  unsigned waits = 0;        // refused, or not even made, for what passes
  unsigned rolled_back = 0;  // in all
  unsigned disturbed = 0;    // of these: for what passes
};
void count_end(const Migration& ended, Tries& tries);

// Nothing stood against it that does not pass by itself: a state of things (the set rolls out, the broker is away), not
// a kind of Pod or node.
[[nodiscard]] bool only_had_to_wait(const Migration& ended);

// How long to wait before it is tried once more; nothing: it is not. `tries` with this one. Refused for what passes it
// is tried for a minute; rolled back, three times in all, unless somebody had it aborted.
[[nodiscard]] std::optional<std::chrono::seconds> again_after(const Migration& ended, const Tries& tries);

// Its memory may be given up: it cannot be migrated. Neither what only had to wait says so, nor what was rolled back
// for that, be it one time of three.
[[nodiscard]] bool may_be_evicted(const Migration& ended, const Tries& tries);

}  // namespace migrate::plugin
