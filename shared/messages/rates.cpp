#include <algorithm>
#include <cmath>
#include <limits>

#include "shared/messages/cutoff.h"

namespace migrate::messages {
namespace {

// Long enough for many messages, and no longer: a rate may change.
constexpr milliseconds kWindow{10'000};
constexpr milliseconds kLongestWindow{60'000};
constexpr std::uint64_t kManyMessages = 100;
// A target that begins takes its whole prefetch at once, one that goes gives it back.
constexpr milliseconds kSettling{400};
constexpr milliseconds kLeastSpan{1'000};
constexpr milliseconds kShortSpan{300};      // of a target that handles much
constexpr milliseconds kShortArrivals{500};  // where much arrives
constexpr milliseconds kEnoughSpan{4'000};
constexpr std::uint64_t kEnoughMessages = 8;
constexpr std::size_t kLeastReadings = 4;
constexpr milliseconds kPatience{1'000};
constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// Of the least-squares line: messages a second. Of two readings or more, at different times.
template <class Readings>
double slope(const Readings& readings) {
  const double count = static_cast<double>(readings.size());
  double time = 0;
  double depth = 0;
  for (const auto& one : readings) {
    time += seconds(one.at - readings.front().at);
    depth += static_cast<double>(one.ready);
  }
  time /= count;
  depth /= count;
  double along = 0;
  double squares = 0;
  for (const auto& one : readings) {
    const double from_mean = seconds(one.at - readings.front().at) - time;
    along += from_mean * (static_cast<double>(one.ready) - depth);
    squares += from_mean * from_mean;
  }
  return along / squares;
}

}  // namespace

void RateMeter::begin(Steady at, bool target_consumes) {
  window_.clear();
  empty_since_.reset();
  settled_ = first_ ? at + kSettling : at;
  if (target_consumes) consumes_since_ = at;
  // All that there was to be taken, if that was seen.
  held_back_ = first_ ? ready_ : kAny;
  consumes_ = target_consumes;
}

void RateMeter::read(Steady at, std::uint64_t ready, bool target_consumes) {
  if (first_ && at <= last_) return;
  if (!first_ || target_consumes != consumes_) begin(at, target_consumes);
  if (!first_) first_ = at;
  last_ = at;
  ready_ = ready;
  if (consumes_ && ready == 0) {
    if (!empty_since_) empty_since_ = at;
    window_.clear();
    return;
  }
  if (consumes_) {
    empty_since_.reset();
    held_back_ = kAny;
  }
  if (at < settled_) return;
  window_.push_back({at, ready});
  const auto is_enough = [&](const Reading& first) {
    const auto span = at - first.at;
    return span >= kLongestWindow || (span >= kWindow && (consumes_ || ready >= first.ready + kManyMessages));
  };
  while (window_.size() > 1 && is_enough(window_[1]))
    window_.pop_front();
  measure();
}

void RateMeter::measure() {
  const auto span = window_.back().at - window_.front().at;
  if (window_.size() < kLeastReadings) return;
  if (consumes_) {
    if (!arrival_rate_) return;
    const double rate = std::max(0.0, *arrival_rate_ - slope(window_));
    // A short rest is gone before a second is over, and who does not know the rate waits for nothing then.
    const bool enough = span >= kShortSpan && rate * seconds(span) >= static_cast<double>(kEnoughMessages);
    if (enough || span >= kLeastSpan) drain_rate_ = rate;
    return;
  }
  // Once the target reads the mirror nobody can tell any more how much arrives, and a quick one leaves not even a
  // second.
  if (span < kShortArrivals) return;
  const bool enough = window_.back().ready >= window_.front().ready + kEnoughMessages;
  if (enough || span >= kEnoughSpan) arrival_rate_ = std::max(0.0, slope(window_));
}

std::optional<milliseconds> RateMeter::consuming() const {
  if (!consumes_) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(last_ - consumes_since_);
}

std::uint64_t RateMeter::unacknowledged(std::uint64_t prefetch, std::optional<double> service_rate) const {
  if (!consumes_) return 0;
  if (!empty_since_) return prefetch;
  const std::uint64_t held = std::min(prefetch, held_back_);
  const auto service = drain_rate_ ? drain_rate_ : service_rate;
  if (!service) return last_ - *empty_since_ < kPatience ? held : 0;
  const double spare = std::max(0.0, *service - arrival_rate_.value_or(0));
  const double left = static_cast<double>(held) - spare * seconds(last_ - *empty_since_);
  return left > 0 ? static_cast<std::uint64_t>(std::ceil(left)) : 0;
}

}  // namespace migrate::messages
