#include "extender/metrics/prometheus_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

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

// Messages, and messages a second.
const prometheus::Histogram::BucketBoundaries& count_buckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{1,   2,   5,     10,    20,    50,     100,
                                                                200, 500, 1'000, 2'000, 5'000, 10'000, 100'000};
  return kBuckets;
}

using Labels = std::map<std::string, std::string>;
using Histograms = prometheus::Family<prometheus::Histogram>;
using Counters = prometheus::Family<prometheus::Counter>;

Labels with(Labels labels, const char* label, std::string_view value) {
  if (!value.empty()) labels.emplace(label, value);
  return labels;
}

template <class T>
std::optional<double> number(const std::optional<T>& value) {
  if (!value) return std::nullopt;
  return static_cast<double>(*value);
}

std::optional<double> number(const std::optional<milliseconds>& value) {
  if (!value) return std::nullopt;
  return seconds(*value);
}

void observe(Histograms& family, const Labels& labels, std::optional<double> value,
             const prometheus::Histogram::BucketBoundaries& bounds) {
  if (value) family.Add(labels, bounds).Observe(*value);
}

void count(Counters& family, const Labels& labels, std::optional<double> value) {
  if (value) family.Add(labels).Increment(*value);
}

Labels of_phase(const char* label, Phase phase) {
  return {{label, std::string{to_string(phase)}}};
}

Labels of_strategy(Strategy strategy) {
  return {{"strategy", std::string{to_string(strategy)}}};
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
  prometheus::Histogram& gap =
      prometheus::BuildHistogram()
          .Name("kubectl_migrate_gap_seconds")
          .Help("How long nobody worked at a stretch, until the target did or for a checkpoint before")
          .Register(registry)
          .Add({}, buckets());
  prometheus::Histogram& total = histograms("kubectl_migrate_total_seconds",
                                            "How long migrations that succeeded took, from their start to their end")
                                     .Add({}, buckets());
  prometheus::Histogram& forecast_gap =
      histograms("kubectl_migrate_forecast_gap_seconds", "What kubectl_migrate_gap_seconds was forecast at")
          .Add({}, buckets());
  prometheus::Histogram& forecast_total =
      histograms("kubectl_migrate_forecast_total_seconds", "What kubectl_migrate_total_seconds was forecast at")
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
  prometheus::Gauge& mirrored_now = prometheus::BuildGauge()
                                        .Name("kubectl_migrate_mirror_messages")
                                        .Help("Messages that wait in the mirrors of all migrations with replay")
                                        .Register(registry)
                                        .Add({});
  prometheus::Gauge& in_doubt = prometheus::BuildGauge()
                                    .Name("kubectl_migrate_in_doubt")
                                    .Help("Migrations that wait for a person's decision")
                                    .Register(registry)
                                    .Add({});
  prometheus::Gauge& oldest = prometheus::BuildGauge()
                                  .Name("kubectl_migrate_oldest_created_seconds")
                                  .Help("When the oldest migration under way was created, since 1970; 0: there is none")
                                  .Register(registry)
                                  .Add({});
  struct Place {
    Instant created;
    Phase phase;
  };
  std::mutex mutex;
  std::map<std::string, std::uint64_t> mirrors;  // by the migration's uid
  std::map<std::string, Place> places;           // of those that have not ended; likewise

  Histograms& arrivals = histograms("kubectl_migrate_arrival_rate", "Messages a second that arrived while migrating");
  Histograms& services =
      histograms("kubectl_migrate_service_rate", "Messages a second that the consumer handles, and how that is known");
  Histograms& backlogs =
      histograms("kubectl_migrate_backlog_at_cut_messages", "Messages in the mirror when nothing more came into it");
  Histograms& planned = histograms("kubectl_migrate_cutoff_planned_seconds",
                                   "When the source was to stop at the latest, after the mirror began");
  Histograms& used =
      histograms("kubectl_migrate_cutoff_used_seconds", "When the source stopped, after the mirror began, and why");
  Counters& mirrored = counters("kubectl_migrate_mirrored_messages_total", "Messages that came into mirrors");
  Counters& replays = counters("kubectl_migrate_replayed_messages_total", "Messages that targets replayed");
  Counters& mirrored_about = counters("kubectl_migrate_mirrored_estimate_messages_total",
                                      "About how many messages came into mirrors where they were not counted");
  Counters& replays_about = counters("kubectl_migrate_replayed_estimate_messages_total",
                                     "About how many messages targets replayed where they were not counted");
  Counters& repeats = counters("kubectl_migrate_possible_repeats_messages_total",
                               "Messages that targets have met twice at most, by each migration's own bound");
  Counters& lost = counters("kubectl_migrate_lost_messages_total", "Messages that were lost");

  Histograms& histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
  Counters& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  // With `mutex` held.
  void look_at_places() {
    int doubts = 0;
    std::optional<Instant> first;
    for (const auto& [uid, place] : places) {
      if (place.phase == Phase::in_doubt)
        ++doubts;
      else
        first = std::min(first.value_or(place.created), place.created);
    }
    in_doubt.Set(doubts);
    oldest.Set(first ? std::chrono::duration<double>(first->time_since_epoch()).count() : 0);
  }
  // With `mutex` held.
  void add_mirrors() {
    std::uint64_t sum = 0;
    for (const auto& [uid, messages] : mirrors)
      sum += messages;
    mirrored_now.Set(static_cast<double>(sum));
  }

  prometheus::Gauge& leader = prometheus::BuildGauge()
                                  .Name("kubectl_migrate_leader")
                                  .Help("1 where this replica drives the migrations")
                                  .Register(registry)
                                  .Add({});
};

// What is counted from 0 on is there from the start: increase() takes a series' first value for its beginning, so the
// first failure of a kind would raise no alert.
PrometheusMetrics::PrometheusMetrics() : families_(std::make_unique<Families>()) {
  for (const Phase phase : all_phases()) {
    if (!is_final(phase))
      families_->failures.Add(of_phase("phase", phase));
    else if (phase != Phase::planned)  // dry runs are not counted
      families_->outcomes.Add(of_phase("outcome", phase));
  }
  for (const Strategy strategy : {Strategy::live, Strategy::sequential})
    for (Counters* family : {&families_->mirrored, &families_->replays, &families_->mirrored_about,
                             &families_->replays_about, &families_->repeats, &families_->lost})
      family->Add(of_strategy(strategy));
}

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

void PrometheusMetrics::forecast(const MigrationStatus& status) {
  if (status.started && status.finished) families_->total.Observe(seconds(*status.finished - *status.started));
  if (status.forecast_gap) families_->forecast_gap.Observe(seconds(*status.forecast_gap));
  if (status.forecast_total) families_->forecast_total.Observe(seconds(*status.forecast_total));
}

// Who leads no more is shown nothing more: the next leader counts them.
void PrometheusMetrics::leads(bool leader) {
  families_->leader.Set(leader ? 1 : 0);
  if (leader) return;
  const std::lock_guard lock{families_->mutex};
  families_->places.clear();
  families_->look_at_places();
}

void PrometheusMetrics::stands(const std::string& migration, Instant created, Phase phase) {
  const std::lock_guard lock{families_->mutex};
  if (is_final(phase))
    families_->places.erase(migration);
  else
    families_->places.insert_or_assign(migration, Families::Place{created, phase});
  families_->look_at_places();
}

void PrometheusMetrics::gone(const std::string& migration) {
  const std::lock_guard lock{families_->mutex};
  families_->places.erase(migration);
  families_->look_at_places();
}

void PrometheusMetrics::mirror_holds(const std::string& migration, std::uint64_t messages) {
  const std::lock_guard lock{families_->mutex};
  families_->mirrors[migration] = messages;
  families_->add_mirrors();
}

void PrometheusMetrics::mirror_left(const std::string& migration) {
  const std::lock_guard lock{families_->mutex};
  families_->mirrors.erase(migration);
  families_->add_mirrors();
}

void PrometheusMetrics::replayed(Strategy strategy, const MessagesStatus& messages) {
  const Labels labels = of_strategy(strategy);
  observe(families_->arrivals, labels, number(messages.arrival_rate), count_buckets());
  observe(families_->services, with(labels, "from", to_string(messages.service_rate_from)),
          number(messages.service_rate), count_buckets());
  observe(families_->backlogs, labels, number(messages.backlog_at_cut), count_buckets());
  observe(families_->planned, labels, number(messages.cutoff_planned), buckets());
  observe(families_->used, with(labels, "because", messages.cut_because), number(messages.cutoff_used), buckets());
  count(families_->mirrored, labels, number(messages.mirrored));
  count(families_->replays, labels, number(messages.replayed));
  count(families_->mirrored_about, labels, number(messages.mirrored_estimate));
  count(families_->replays_about, labels, number(messages.replayed_estimate));
  count(families_->repeats, labels, number(messages.duplicates_bound));
  count(families_->lost, labels, number(messages.lost));
}

std::string PrometheusMetrics::text() const {
  return prometheus::TextSerializer{}.Serialize(families_->registry.Collect());
}

}  // namespace migrate
