#include "shared/kube/clock.h"

#include <condition_variable>
#include <mutex>
#include <random>

namespace migrate::kube {
namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return std::chrono::steady_clock::now(); }

  bool sleep(std::chrono::milliseconds span, const std::stop_token& stop) override {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock{mutex};
    return !woken.wait_for(lock, stop, span, [&] { return stop.stop_requested(); });
  }

  double random() override {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(generator);
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace migrate::kube
