// The controller's numbers for Prometheus:
//   kubectl_migrate_phase_seconds{phase}        how long phases took
//   kubectl_migrate_step_failures_total{phase}  what their work came to
//   kubectl_migrate_migrations_total{outcome}   by final phase
//   kubectl_migrate_freeze_seconds, kubectl_migrate_gap_seconds, kubectl_migrate_moved_bytes_total
//   kubectl_migrate_active, kubectl_migrate_leader
#pragma once

#include <memory>
#include <string>

#include "extender/controller/metrics.h"

namespace migrate {

class PrometheusMetrics final : public controller::Metrics {
 public:
  PrometheusMetrics();
  ~PrometheusMetrics() override;

  void phase_took(Phase phase, Microseconds duration) override;
  void step_failed(Phase phase) override;
  void migration_began() override;
  void migration_ended(Phase outcome) override;
  void moved(Microseconds freeze, Microseconds gap, Bytes bytes) override;
  void leads(bool leader) override;

  // In Prometheus' text format, for /metrics.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace migrate
