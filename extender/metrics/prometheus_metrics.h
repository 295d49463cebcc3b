// The controller's numbers for Prometheus:
//   kubectl_migrate_phase_seconds{phase}        how long phases took
//   kubectl_migrate_step_failures_total{phase}  what their work came to
//   kubectl_migrate_migrations_total{outcome}   by final phase
//   kubectl_migrate_freeze_seconds, kubectl_migrate_gap_seconds, kubectl_migrate_total_seconds
//   kubectl_migrate_forecast_gap_seconds, kubectl_migrate_forecast_total_seconds
//   kubectl_migrate_moved_bytes_total
//   kubectl_migrate_active, kubectl_migrate_leader
//   kubectl_migrate_in_doubt                    that wait for a person
//   kubectl_migrate_oldest_created_seconds      of those that are under way
//   kubectl_migrate_mirror_messages             in all mirrors now
// and of those with replay that have succeeded, all with the label `strategy`:
//   kubectl_migrate_arrival_rate, kubectl_migrate_service_rate{from}
//   kubectl_migrate_backlog_at_cut_messages
//   kubectl_migrate_cutoff_planned_seconds, kubectl_migrate_cutoff_used_seconds{because}
//   kubectl_migrate_{mirrored,replayed,mirrored_estimate,replayed_estimate,possible_repeats,lost}_messages_total
// What they mean: docs/metrics.md.
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
  void forecast(const MigrationStatus& status) override;
  void leads(bool leader) override;
  void stands(const std::string& migration, Instant created, Phase phase) override;
  void gone(const std::string& migration) override;
  void mirror_holds(const std::string& migration, std::uint64_t messages) override;
  void mirror_left(const std::string& migration) override;
  void replayed(Strategy strategy, const MessagesStatus& messages) override;

  // In Prometheus' text format, for /metrics.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace migrate
