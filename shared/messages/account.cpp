#include "shared/messages/account.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace migrate::messages {
namespace {

// The last point is only provisional while it is nearer to the one before than points are on average.
bool is_provisional(const std::vector<BacklogPoint>& series) {
  if (series.size() < 3) return false;
  const BacklogPoint& before = series[series.size() - 2];
  const auto spacing = (before.at - series.front().at) / static_cast<std::int64_t>(series.size() - 2);
  return (series.back().at - before.at) * 10 < spacing * 9;
}

double seconds_between(Instant from, Instant to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
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

void add_reading(MessagesStatus& messages, Instant at, std::uint64_t ready) {
  if (!messages.backlog.empty()) {
    const auto unread = std::chrono::ceil<milliseconds>(at - messages.backlog.back().at);
    messages.backlog_interval = std::max(messages.backlog_interval.value_or(milliseconds{0}), unread);
  }
  add_backlog(messages.backlog, at, ready);
}

std::optional<std::uint64_t> estimate_mirrored(const std::vector<BacklogPoint>& series, const MirrorTimes& times,
                                               std::optional<double> arrival_rate) {
  BacklogPoint last{times.bound, 0};  // untouched
  std::uint64_t most = 0;
  for (const BacklogPoint& one : series) {
    if (one.at <= times.untouched) last = one;
    most = std::max(most, one.ready);
  }
  const double watched = seconds_between(times.bound, last.at);
  if (!arrival_rate && watched > 0) arrival_rate = static_cast<double>(last.ready) / watched;
  if (!arrival_rate) return std::nullopt;
  const double later = *arrival_rate * seconds_between(last.at, times.unbound);
  return std::max(most, last.ready + static_cast<std::uint64_t>(std::llround(later)));
}

std::uint64_t duplicates_bound(const RepeatCounts& counts) {
  const bool handled_some = counts.mirror_at_checkpoint > counts.primary_at_checkpoint;
  const std::uint64_t handled = handled_some ? counts.mirror_at_checkpoint - counts.primary_at_checkpoint : 0;
  return handled + counts.primary_at_cut;
}

}  // namespace migrate::messages
