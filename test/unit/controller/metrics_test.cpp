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

BOOST_AUTO_TEST_CASE(metrics_of_forecasts_beside_what_came_of_them) {
  PrometheusMetrics metrics;
  const auto check = [&](const char* line) {
    BOOST_TEST(metrics.text().find(line) != std::string::npos, line << " is missing in\n" << metrics.text());
  };
  MigrationStatus status;
  status.started = Instant{10s};
  status.finished = Instant{14s};
  // Rates that were never known: no forecast.
  metrics.forecast(status);
  check("kubectl_migrate_total_seconds_sum 4\n");
  check("kubectl_migrate_forecast_gap_seconds_count 0\n");
  check("kubectl_migrate_forecast_total_seconds_count 0\n");
  status.forecast_gap = 600ms;
  status.forecast_total = 3'500ms;
  metrics.forecast(status);
  check("kubectl_migrate_total_seconds_count 2\n");
  check("kubectl_migrate_forecast_gap_seconds_sum 0.6\n");
  check("kubectl_migrate_forecast_total_seconds_sum 3.5\n");
}

// increase() of a series that begins with 1 is 0.
BOOST_AUTO_TEST_CASE(counters_are_there_before_anything_happens) {
  const std::string text = PrometheusMetrics{}.text();
  for (const char* line :
       {"kubectl_migrate_step_failures_total{phase=\"Restoring\"} 0",
        "kubectl_migrate_migrations_total{outcome=\"Failed\"} 0", "kubectl_migrate_moved_bytes_total 0",
        "kubectl_migrate_lost_messages_total{strategy=\"Live\"} 0",
        "kubectl_migrate_possible_repeats_messages_total{strategy=\"Sequential\"} 0"})
    BOOST_TEST(text.find(line) != std::string::npos, line << " is missing in\n" << text);
  for (const char* line : {"outcome=\"Planned\"", "outcome=\"InDoubt\"", "phase=\"Succeeded\""})
    BOOST_TEST(text.find(line) == std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(metrics_of_where_migrations_stand) {
  PrometheusMetrics metrics;
  const auto check = [&](const char* doubts, const char* oldest) {
    const std::string text = metrics.text();
    BOOST_TEST(text.find(std::string{"kubectl_migrate_in_doubt "} + doubts + "\n") != std::string::npos, text);
    BOOST_TEST(text.find(std::string{"kubectl_migrate_oldest_created_seconds "} + oldest + "\n") != std::string::npos,
               text);
  };
  check("0", "0");
  metrics.leads(true);
  metrics.stands("one", Instant{100s}, Phase::restoring);
  metrics.stands("two", Instant{50s}, Phase::pending);
  check("0", "50");
  metrics.stands("two", Instant{50s}, Phase::in_doubt);  // waits for a person: no longer under way
  check("1", "100");
  metrics.stands("one", Instant{100s}, Phase::succeeded);
  check("1", "0");
  metrics.gone("two");
  check("0", "0");
  metrics.stands("three", Instant{70s}, Phase::in_doubt);
  metrics.leads(false);
  check("0", "0");
}

BOOST_AUTO_TEST_CASE(metrics_of_replays) {
  PrometheusMetrics metrics;
  metrics.mirror_holds("one", 40);
  metrics.mirror_holds("two", 2);
  metrics.mirror_holds("one", 30);
  BOOST_TEST(metrics.text().find("kubectl_migrate_mirror_messages 32") != std::string::npos, metrics.text());
  metrics.mirror_left("one");
  BOOST_TEST(metrics.text().find("kubectl_migrate_mirror_messages 2\n") != std::string::npos, metrics.text());
  // None of what is not known.
  MessagesStatus messages;
  metrics.replayed(Strategy::sequential, messages);
  BOOST_TEST(metrics.text().find("_count{strategy=\"Sequential\"") == std::string::npos, metrics.text());
  BOOST_TEST(
      metrics.text().find("kubectl_migrate_mirrored_messages_total{strategy=\"Sequential\"} 0") != std::string::npos,
      metrics.text());
  messages.arrival_rate = 25;
  messages.service_rate = 20;
  messages.service_rate_from = RateSource::target;
  messages.backlog_at_cut = 90;
  messages.cutoff_planned = 4s;
  messages.cutoff_used = 3'500ms;
  messages.cut_because = "Cutoff";
  messages.mirrored = 120;
  messages.replayed = 120;
  messages.mirrored_estimate = 41;
  messages.replayed_estimate = 39;
  messages.duplicates_bound = 7;
  messages.lost = 0;
  metrics.replayed(Strategy::live, messages);
  const std::string text = metrics.text();
  for (const char* line : {"kubectl_migrate_arrival_rate_sum{strategy=\"Live\"} 25",
                           "kubectl_migrate_service_rate_sum{from=\"Target\",strategy=\"Live\"} 20",
                           "kubectl_migrate_backlog_at_cut_messages_sum{strategy=\"Live\"} 90",
                           "kubectl_migrate_cutoff_planned_seconds_sum{strategy=\"Live\"} 4",
                           "kubectl_migrate_cutoff_used_seconds_sum{because=\"Cutoff\",strategy=\"Live\"} 3.5",
                           "kubectl_migrate_mirrored_messages_total{strategy=\"Live\"} 120",
                           "kubectl_migrate_replayed_messages_total{strategy=\"Live\"} 120",
                           "kubectl_migrate_mirrored_estimate_messages_total{strategy=\"Live\"} 41",
                           "kubectl_migrate_replayed_estimate_messages_total{strategy=\"Live\"} 39",
                           "kubectl_migrate_possible_repeats_messages_total{strategy=\"Live\"} 7",
                           "kubectl_migrate_lost_messages_total{strategy=\"Live\"} 0"})
    BOOST_TEST(text.find(line) != std::string::npos, line << " is missing in\n" << text);
}

}  // namespace
