#include "extender/controller/speed_book.h"

#include <algorithm>

namespace migrate::controller {
namespace {

constexpr std::size_t kPerWay = 8;  // a machine may change: what it did long ago says little
constexpr std::size_t kWays = 512;

Instant newest_of(const std::vector<HopSample>& samples) {
  return samples.front().finished;
}

}  // namespace

void SpeedBook::learn(const Migration& migration) {
  auto sample = sample_of(migration);
  if (!sample) return;
  const std::lock_guard lock{mutex_};
  const HopKind& kind = sample->kind;
  auto& known = samples_[{kind.from, kind.to, kind.strategy, kind.is_of_set, kind.is_by_image}];
  if (std::any_of(known.begin(), known.end(), [&](const HopSample& one) { return one.uid == sample->uid; })) return;
  const auto older =
      std::find_if(known.begin(), known.end(), [&](const HopSample& one) { return one.finished < sample->finished; });
  known.insert(older, std::move(*sample));
  if (known.size() > kPerWay) known.pop_back();
  if (samples_.size() <= kWays) return;
  samples_.erase(std::min_element(samples_.begin(), samples_.end(), [](const auto& one, const auto& other) {
    return newest_of(one.second) < newest_of(other.second);
  }));
}

Learned SpeedBook::speeds(const HopKind& kind, Bytes size) const {
  std::vector<HopSample> all;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [way, samples] : samples_)
      all.insert(all.end(), samples.begin(), samples.end());
  }
  return migrate::learn(all, kind, size);
}

}  // namespace migrate::controller
