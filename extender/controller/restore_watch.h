// Follows the restore states of the recorded target's containers, as its agent tells them.
#pragma once

#include <string>
#include <vector>

#include "extender/controller/hop.h"

namespace migrate::controller {

class RestoreWatch {
 public:
  // `what` and `failure` as in Hop::ask.
  RestoreWatch(Hop& hop, std::string what, std::string failure);

  // One per container, in their order: at the first difference from what was known before, or after 2 s.
  [[nodiscard]] Attempt<std::vector<agent::RestoredContainer>> look(const Limits& limits);
  // Whether the last look saw a difference: then the next one may see more at once.
  [[nodiscard]] bool has_changed() const { return has_changed_; }

 private:
  Hop& hop_;
  std::string what_;
  std::string failure_;
  std::vector<std::string> containers_;
  std::vector<agent::RestoreState> known_;
  bool has_changed_ = false;
};

}  // namespace migrate::controller
