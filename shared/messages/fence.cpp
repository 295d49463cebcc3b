#include "shared/messages/fence.h"

#include <algorithm>
#include <iterator>

namespace migrate::messages {
namespace {

constexpr std::chrono::seconds kStatisticsAge{6};
// Readings are kept for totals that come in a little late.
constexpr std::chrono::seconds kKept{15};

}  // namespace

// Each comparison alone bounds what is missing, and that only becomes less: the least of the bounds is one.
void Fence::narrow(std::uint64_t in_primary, std::uint64_t in_mirror) {
  const std::uint64_t bound = in_primary > in_mirror ? in_primary - in_mirror : 0;
  missing_ = std::min(missing_.value_or(bound), bound);
}

void Fence::read(Steady at, std::uint64_t mirror_ready, std::uint64_t primary_ready) {
  if (!at_first_) at_first_ = mirror_ready;
  if (mirror_ready < std::max(mirror_ready_, *at_first_)) mirror_shrank_ = true;
  if (mirror_shrank_) return;
  mirror_ready_ = mirror_ready;
  readings_.push_back({at, mirror_ready - *at_first_});
  while (at - readings_.front().at > kKept)
    readings_.pop_front();
  narrow(primary_ready + may_hold_, readings_.back().without_hole);
}

void Fence::total(Steady at, std::uint64_t ready_and_unacknowledged) {
  const auto newer = std::find_if(readings_.begin(), readings_.end(),
                                  [&](const Reading& one) { return at - one.at < kStatisticsAge; });
  if (newer == readings_.begin()) return;
  narrow(ready_and_unacknowledged, std::prev(newer)->without_hole);
}

}  // namespace migrate::messages
