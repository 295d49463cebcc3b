#include "test/workloads/audit/gap.h"

#include <algorithm>
#include <tuple>

namespace orders {
namespace {

struct Event {
  std::int64_t at;
  bool is_finish;  // at the same instant, arrivals come first: a message finished at once has waited no time
  const std::string* id;
  bool operator<(const Event& other) const { return std::tie(at, is_finish) < std::tie(other.at, other.is_finish); }
};

}  // namespace

std::vector<Wait> waits_within(const std::vector<Wait>& waits, const Window& window) {
  std::vector<Wait> within;
  for (const Wait& wait : waits) {
    if (wait.from >= window.until || (wait.until && *wait.until <= window.from)) continue;
    within.push_back({wait.id, std::max(wait.from, window.from), wait.until});
    if (wait.until && *wait.until > window.until) within.back().until.reset();
  }
  return within;
}

Gap longest_gap(const std::vector<Wait>& waits, std::int64_t observed_until) {
  std::vector<Event> events;
  for (const Wait& wait : waits) {
    // Finished before it was sent: clocks of two machines. It waited no time that can be told.
    events.push_back({wait.until ? std::min(wait.from, *wait.until) : wait.from, false, &wait.id});
    if (wait.until) events.push_back({*wait.until, true, &wait.id});
  }
  std::stable_sort(events.begin(), events.end());

  Gap longest;
  std::size_t waiting = 0;
  std::int64_t since = 0;  // when the current gap began, while somebody waits
  const auto end_gap = [&](std::int64_t at, const std::string& ended_by) {
    if (at - since > longest.length()) longest = {since, at, ended_by};
    since = at;
  };
  for (const Event& event : events) {
    if (event.is_finish) {
      end_gap(event.at, *event.id);
      --waiting;
    } else if (waiting++ == 0) {
      since = event.at;
    }
  }
  if (waiting > 0) end_gap(observed_until, "");
  return longest;
}

}  // namespace orders
