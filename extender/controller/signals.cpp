#include "extender/controller/signals.h"

namespace migrate::controller {

Signals::Signals(const std::stop_token& leave) : leave_(leave), forward_(leave, Forward{&interrupt_}) {}

void Signals::tell(const Migration& now) {
  {
    const std::lock_guard lock{mutex_};
    if (now.generation < generation_) return;
    generation_ = now.generation;
    aborted_ = now.spec.abort || now.deleting;
    deleting_ = now.deleting;
    resolution_ = now.spec.resolve;
    if (!aborted_) return;
  }
  interrupt_.request_stop();
}

bool Signals::aborted() const {
  const std::lock_guard lock{mutex_};
  return aborted_;
}

bool Signals::deleting() const {
  const std::lock_guard lock{mutex_};
  return deleting_;
}

Resolution Signals::resolution() const {
  const std::lock_guard lock{mutex_};
  return resolution_;
}

}  // namespace migrate::controller
