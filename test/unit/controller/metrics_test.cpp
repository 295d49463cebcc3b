#include <boost/test/unit_test.hpp>

#include "extender/metrics/prometheus_metrics.h"

namespace {

using namespace migrate;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(metrics_for_prometheus) {
  PrometheusMetrics metrics;
  metrics.leads(true);
  metrics.migration_began();
  metrics.phase_took(Phase::freezing, 40ms);
  metrics.step_failed(Phase::restoring);
  metrics.moved(500ms, 700ms, 20_MiB);
  metrics.migration_ended(Phase::succeeded);
  const std::string text = metrics.text();
  for (const char* line :
       {"kubectl_migrate_leader 1", "kubectl_migrate_active 0",
        "kubectl_migrate_phase_seconds_count{phase=\"Freezing\"} 1",
        "kubectl_migrate_step_failures_total{phase=\"Restoring\"} 1", "kubectl_migrate_gap_seconds_sum 0.7",
        "kubectl_migrate_moved_bytes_total 20971520", "kubectl_migrate_migrations_total{outcome=\"Succeeded\"} 1"})
    BOOST_TEST(text.find(line) != std::string::npos, text);
}

}  // namespace
