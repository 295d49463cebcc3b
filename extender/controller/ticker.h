// Something that is done again and again while whoever wants it waits for something else. An interface, so that tests
// need no threads.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace migrate::controller {

// It goes on as long as this exists.
class Ticking {
 public:
  virtual ~Ticking() = default;
};

class Ticker {
 public:
  using Work = std::function<void(const std::stop_token& stop)>;
  virtual ~Ticker() = default;
  // The first time at once, and from then on `period` after the end of the last time. The end of what is returned waits
  // for nobody: a time that is under way then ends later, so `work` owns what it uses.
  [[nodiscard]] virtual std::unique_ptr<Ticking> every(std::chrono::milliseconds period, Work work) = 0;
};

// A thread each. From any thread; its end waits for what is under way.
class BackgroundTicker final : public Ticker {
 public:
  [[nodiscard]] std::unique_ptr<Ticking> every(std::chrono::milliseconds period, Work work) override;

 private:
  struct Worker {
    std::shared_ptr<std::atomic<bool>> has_ended;
    std::jthread thread;
  };
  std::mutex mutex_;
  std::list<Worker> workers_;
};

}  // namespace migrate::controller
