#include "shared/messages/account.h"

namespace migrate::messages {
namespace {

// The last point is only provisional while it is nearer to the one before than points are on average.
bool is_provisional(const std::vector<BacklogPoint>& series) {
  if (series.size() < 3) return false;
  const BacklogPoint& before = series[series.size() - 2];
  const auto spacing = (before.at - series.front().at) / static_cast<std::int64_t>(series.size() - 2);
  return (series.back().at - before.at) * 10 < spacing * 9;
}

}  // namespace

void add_backlog(std::vector<BacklogPoint>& series, Instant at, std::uint64_t ready) {
  if (is_provisional(series)) {
    series.back() = {at, ready};
    return;
  }
  if (series.size() >= kMostPoints) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < series.size(); i += 2)
      series[kept++] = series[i];
    series.resize(kept);
  }
  series.push_back({at, ready});
}

std::uint64_t duplicates_bound(const RepeatCounts& counts) {
  const bool handled_some = counts.mirror_at_checkpoint > counts.primary_at_checkpoint;
  const std::uint64_t handled = handled_some ? counts.mirror_at_checkpoint - counts.primary_at_checkpoint : 0;
  return handled + counts.primary_at_cut;
}

}  // namespace migrate::messages
