// What the extender answers to which request: the scheduler's questions, agents' certificates, probes and metrics.
#pragma once

#include <functional>
#include <semaphore>
#include <string>

#include "extender/scheduling/cache.h"
#include "extender/server/askers.h"
#include "extender/server/certificate_requests.h"
#include "extender/server/request_metrics.h"
#include "shared/base/host.h"
#include "shared/http_server/server.h"
#include "shared/log/log.h"

namespace migrate::extender {

// All must outlive the routes and may be used from any thread.
struct RoutesNeeds {
  const scheduling::Cache& cache;
  const CertificateRequests& certificates;
  const Clock& clock;
  Log& log;
  RequestMetrics& metrics;
  std::function<std::string()> more_metrics;  // of others, in the same format; may be empty
  Askers askers = {};                         // of /filter and /prioritize
};

// POST /filter, /prioritize, /certificates; GET /healthz, /readyz, /metrics. From any thread.
class Routes {
 public:
  explicit Routes(RoutesNeeds needs) : needs_(std::move(needs)) {}

  [[nodiscard]] http::Response answer(const http::Request& request);

 private:
  http::Response filter(const http::Request& request);
  http::Response no_filter(const std::string& why);
  http::Response prioritize(const http::Request& request);
  http::Response certify(const http::Request& request);
  http::Response ready();
  http::Response metrics();

  // A review waits for the API server: a rush of agents must leave threads for the scheduler.
  static constexpr std::ptrdiff_t kReviewsAtOnce = 4;
  RoutesNeeds needs_;
  std::counting_semaphore<kReviewsAtOnce> reviews_{kReviewsAtOnce};
};

// For a server with these routes: bodies of some 100,000 node names; a thread more for the scheduler than reviews take.
[[nodiscard]] http::Limits server_limits();

}  // namespace migrate::extender
