// Collects the results that consumers publish, each with the instant it arrived.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "test/workloads/core/records.h"
#include "test/workloads/producer/links.h"

namespace orders {

struct CollectorWorld {
  std::function<std::int64_t()> now;  // microseconds since 1970
  std::function<void(std::chrono::milliseconds)> wait;
  std::function<void()> ready;  // called once the queue is bound, at every connect
  std::function<void(const Collected&)> keep;
  std::function<void(const std::string&)> complain;
};

// Until stop is requested. A result is kept before it is acknowledged: when the connection breaks in between it is
// kept twice, word for word but for its arrival, and the audit takes that for one.
void collect_results(Opener<ResultsLink>& broker, const CollectorWorld& world, const std::stop_token& stop);

}  // namespace orders
