#include "extender/metrics/prometheus_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace migrate {
namespace {

double seconds(Microseconds span) {
  return std::chrono::duration<double>(span).count();
}

const prometheus::Histogram::BucketBoundaries& buckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                                2.5,  5,     10,   30,  60,   300, 600};
  return kBuckets;
}

std::map<std::string, std::string> of_phase(const char* label, Phase phase) {
  return {{label, std::string{to_string(phase)}}};
}

}  // namespace

struct PrometheusMetrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& phases = prometheus::BuildHistogram()
                                                          .Name("kubectl_migrate_phase_seconds")
                                                          .Help("How long a migration's phases took")
                                                          .Register(registry);
  prometheus::Family<prometheus::Counter>& failures = prometheus::BuildCounter()
                                                          .Name("kubectl_migrate_step_failures_total")
                                                          .Help("Phases whose work failed")
                                                          .Register(registry);
  prometheus::Family<prometheus::Counter>& outcomes = prometheus::BuildCounter()
                                                          .Name("kubectl_migrate_migrations_total")
                                                          .Help("Migrations that have ended, by their final phase")
                                                          .Register(registry);
  prometheus::Histogram& freeze = prometheus::BuildHistogram()
                                      .Name("kubectl_migrate_freeze_seconds")
                                      .Help("How long sources were frozen until the commit")
                                      .Register(registry)
                                      .Add({}, buckets());
  prometheus::Histogram& gap = prometheus::BuildHistogram()
                                   .Name("kubectl_migrate_gap_seconds")
                                   .Help("How long nobody worked: from the freeze until the target ran")
                                   .Register(registry)
                                   .Add({}, buckets());
  prometheus::Counter& bytes = prometheus::BuildCounter()
                                   .Name("kubectl_migrate_moved_bytes_total")
                                   .Help("Bytes of archives of migrations that succeeded")
                                   .Register(registry)
                                   .Add({});
  prometheus::Gauge& active = prometheus::BuildGauge()
                                  .Name("kubectl_migrate_active")
                                  .Help("Migrations begun by this replica less those it has ended")
                                  .Register(registry)
                                  .Add({});
  prometheus::Gauge& leader = prometheus::BuildGauge()
                                  .Name("kubectl_migrate_leader")
                                  .Help("1 where this replica drives the migrations")
                                  .Register(registry)
                                  .Add({});
};

PrometheusMetrics::PrometheusMetrics() : families_(std::make_unique<Families>()) {}

PrometheusMetrics::~PrometheusMetrics() = default;

void PrometheusMetrics::phase_took(Phase phase, Microseconds duration) {
  families_->phases.Add(of_phase("phase", phase), buckets()).Observe(seconds(duration));
}

void PrometheusMetrics::step_failed(Phase phase) {
  families_->failures.Add(of_phase("phase", phase)).Increment();
}

void PrometheusMetrics::migration_began() {
  families_->active.Increment();
}

void PrometheusMetrics::migration_ended(Phase outcome) {
  families_->outcomes.Add(of_phase("outcome", outcome)).Increment();
  families_->active.Decrement();
}

void PrometheusMetrics::moved(Microseconds freeze, Microseconds gap, Bytes bytes) {
  families_->freeze.Observe(seconds(freeze));
  families_->gap.Observe(seconds(gap));
  families_->bytes.Increment(static_cast<double>(bytes.count));
}

void PrometheusMetrics::leads(bool leader) {
  families_->leader.Set(leader ? 1 : 0);
}

std::string PrometheusMetrics::text() const {
  return prometheus::TextSerializer{}.Serialize(families_->registry.Collect());
}

}  // namespace migrate
