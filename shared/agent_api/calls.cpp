#include "shared/agent_api/calls.h"

#include <chrono>
#include <vector>

namespace migrate::agent {

Calls::Calls() : watcher_([this](const std::stop_token& end) { watch(end); }) {}

Calls::~Calls() = default;

Calls::Ticket Calls::enter(std::function<bool()> is_cancelled) {
  const std::lock_guard lock{mutex_};
  const std::uint64_t id = ++last_;
  Running& running = running_[id];
  running.is_cancelled = std::move(is_cancelled);
  if (stopping_) running.stop.request_stop();
  came_.notify_all();
  return {*this, id, running.stop.get_token()};
}

void Calls::leave(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  running_.erase(id);
}

void Calls::stop_all() {
  std::vector<std::stop_source> all;
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    all.reserve(running_.size());
    for (const auto& [id, running] : running_)
      all.push_back(running.stop);
  }
  for (std::stop_source& one : all)
    one.request_stop();
}

void Calls::watch(const std::stop_token& end) {
  while (!end.stop_requested()) {
    std::vector<std::stop_source> gone;
    {
      std::unique_lock lock{mutex_};
      if (!came_.wait(lock, end, [this] { return !running_.empty(); })) return;
      for (const auto& [id, running] : running_)
        if (!running.stop.stop_requested() && running.is_cancelled()) gone.push_back(running.stop);
    }
    // Not under the lock: this runs what the call has asked to be run.
    for (std::stop_source& one : gone)
      one.request_stop();
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, end, std::chrono::milliseconds{25}, [] { return false; });
  }
}

}  // namespace migrate::agent
