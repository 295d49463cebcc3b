// Long work on a migration is done once at a time: a repeated order waits for the first to end, then finds its result.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

namespace migrate::agent {

class Turns {
 public:
  // Ends the turn when it goes out of scope.
  using Turn = std::shared_ptr<void>;

  // Null when it did not come in time.
  [[nodiscard]] Turn take(const std::string& migration, const std::stop_token& stop,
                          std::chrono::milliseconds at_most) {
    std::unique_lock lock{mutex_};
    if (!free_.wait_for(lock, stop, at_most, [&] { return !taken_.contains(migration); })) return nullptr;
    taken_.insert(migration);
    return {this, [migration](Turns* turns) { turns->end(migration); }};
  }

 private:
  void end(const std::string& migration) {
    {
      const std::lock_guard lock{mutex_};
      taken_.erase(migration);
    }
    free_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable_any free_;
  std::set<std::string> taken_;
};

}  // namespace migrate::agent
