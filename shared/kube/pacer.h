// Time to wait by and chance, passed in wherever something waits, so that tests neither sleep nor gamble.
#pragma once

#include <chrono>
#include <stop_token>

namespace migrate::kube {

class Pacer {
 public:
  virtual ~Pacer() = default;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point now() = 0;
  // False when `stop` was requested before the time was over.
  virtual bool sleep(std::chrono::milliseconds span, const std::stop_token& stop) = 0;
  [[nodiscard]] virtual double random() = 0;  // evenly in [0, 1)
};

// The real one; may be used from any thread.
[[nodiscard]] Pacer& system_pacer();

}  // namespace migrate::kube
