// A thread that does one thing again and again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace migrate::agent {

// Until it is stopped, which ends a pause at once. What `work` refers to must outlive the thread.
[[nodiscard]] inline std::jthread every(std::chrono::milliseconds pause,
                                        std::function<void(const std::stop_token&)> work) {
  return std::jthread{[pause, work = std::move(work)](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any ended;
    while (!stop.stop_requested()) {
      work(stop);
      std::unique_lock lock{mutex};
      ended.wait_for(lock, stop, pause, [] { return false; });
    }
  }};
}

}  // namespace migrate::agent
