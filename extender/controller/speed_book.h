// What the migrations of the cluster have taken, as far as this replica has seen it. From any thread.
//
// Kept in memory alone: a leader that begins is shown every Migration that is still there, the finished ones too, and
// learns from those.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "shared/migration/speeds.h"

namespace migrate::controller {

class SpeedBook {
 public:
  // Any Migration, any number of times: one that has succeeded counts, once.
  void learn(const Migration& migration);
  [[nodiscard]] Learned speeds(const HopKind& kind, Bytes size) const;

 private:
  mutable std::mutex mutex_;
  // By source and target node: the last few, the newest first.
  std::map<std::pair<std::string, std::string>, std::vector<HopSample>> samples_;
};

}  // namespace migrate::controller
