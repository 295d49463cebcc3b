#include "shared/kube/pacer.h"

#include <condition_variable>
#include <mutex>
#include <random>

namespace migrate::kube {
namespace {

class SystemPacer final : public Pacer {
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

Pacer& system_pacer() {
  static SystemPacer pacer;
  return pacer;
}

}  // namespace migrate::kube
