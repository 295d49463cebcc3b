// What the migrations of the cluster have taken, as far as this replica has seen it. From any thread.
//
// Kept in memory alone: a leader that begins is shown every Migration that is still there, the finished ones too, and
// learns from those.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "shared/migration/speeds.h"

namespace migrate::controller {

class SpeedBook {
 public:
  // Any Migration, any number of times: one that has succeeded counts, once.
  void learn(const Migration& migration);
  [[nodiscard]] Learned speeds(const HopKind& kind, Bytes size) const;

 private:
  // Source and target node; strategy; of a StatefulSet's Pod; restored from an image.
  using Way = std::tuple<std::string, std::string, Strategy, bool, bool>;

  mutable std::mutex mutex_;
  // The last few of each way, the newest first: one that is gone often leaves room for one that is not.
  std::map<Way, std::vector<HopSample>> samples_;
};

}  // namespace migrate::controller
