#include "test/bench/evaluation/figures_of.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace evaluation {
namespace {

using migrate::Microseconds;

void add_messages(const migrate::MessagesStatus& messages, Row& row) {
  row.set("arrival_rate", messages.arrival_rate);
  row.set("service_rate", messages.service_rate);
  row.set("cut_because", messages.cut_because);
  row.set("cutoff_planned_us", messages.cutoff_planned);
  row.set("cutoff_used_us", messages.cutoff_used);
  row.set("backlog_at_cut", messages.backlog_at_cut);
  row.set("replayed", messages.replayed);
}

// The one at work then, or the last one before; nothing: none had begun.
std::optional<std::string> phase_at(const std::vector<migrate::Step>& steps, migrate::Instant instant) {
  std::optional<std::string> phase;
  for (const migrate::Step& step : steps)
    if (step.started <= instant) phase = step.name;
  return phase;
}

std::string place_of(const Course& course, migrate::Instant instant) {
  const auto first = phase_at(course.first, instant);
  if (!first) return "before";
  const auto& last = course.first.back();
  if (last.finished && *last.finished < instant) return "after";
  const auto second = phase_at(course.second, instant);
  const bool is_over =
      !course.second.empty() && course.second.back().finished && *course.second.back().finished < instant;
  return second && !is_over ? *first + "/" + *second : *first;
}

}  // namespace

void add_instants(const std::optional<migrate::Instant>& started, const std::optional<migrate::Instant>& finished,
                  Row& row) {
  if (started) row.set("started_at", started->time_since_epoch());
  if (finished) row.set("finished_at", finished->time_since_epoch());
}

std::string phases_of_gap(const Course& course, const Row& row) {
  const std::string& from = row.at("message_gap_from");
  const std::string& until = row.at("message_gap_until");
  if (from.empty() || until.empty() || course.first.empty()) return "";
  const auto instant = [](const std::string& text) { return migrate::Instant{Microseconds{std::stoll(text)}}; };
  return place_of(course, instant(from)) + "…" + place_of(course, instant(until));
}

std::string phases_of(const std::vector<migrate::Step>& steps) {
  std::vector<std::pair<std::string, Microseconds>> phases;
  for (const migrate::Step& step : steps) {
    if (!step.finished) continue;
    const auto same = [&](const auto& phase) { return phase.first == step.name; };
    auto found = std::find_if(phases.begin(), phases.end(), same);
    if (found == phases.end()) found = phases.insert(phases.end(), {step.name, Microseconds{0}});
    found->second += *step.finished - step.started;
  }
  std::string text;
  for (const auto& [name, took] : phases)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, took.count());
  return text;
}

void add_migration(const migrate::Migration& migration, Row& row) {
  const migrate::MigrationStatus& status = migration.status;
  row.set("migration", migration.name);
  row.set("chosen", std::string{to_string(status.strategy)});
  if (status.started && status.finished) row.set("total_us", Microseconds{*status.finished - *status.started});
  add_instants(status.started, status.finished, row);
  row.set("freeze_us", status.freeze);
  row.set("snapshot_us", status.snapshot_freeze);
  row.set("gap_us", status.gap);
  row.set("phases_us", phases_of(status.steps));
  if (const migrate::Bytes size = total_size(status); size.count > 0) row.set("archive_bytes", size.count);
  row.set("forecast_total_us", status.forecast_total);
  row.set("forecast_freeze_us", status.forecast_freeze);
  row.set("forecast_gap_us", status.forecast_gap);
  if (status.messages) add_messages(*status.messages, row);
  if (status.phase != migrate::Phase::succeeded)
    row.judge(Outcome::failed, fmt::format("{}: {}: {}", to_string(status.phase), status.reason, status.message));
}

void add_second(const migrate::Migration& second, Row& row) {
  row.set("second_gap_us", second.status.gap);
  row.set("second_freeze_us", second.status.freeze);
  row.set("second_phases_us", phases_of(second.status.steps));
}

void add_audit(const nlohmann::json& audit, Row& row) {
  const nlohmann::json& counts = audit.at("counts");
  const auto sum = [&](std::initializer_list<const char*> categories) {
    std::uint64_t all = 0;
    for (const char* category : categories)
      all += counts.at(category).get<std::uint64_t>();
    return all;
  };
  std::uint64_t sent = 0;
  for (const auto& [delivery, count] : audit.at("sent").items())
    sent += count.get<std::uint64_t>();
  row.set("sent", sent);
  row.set("effective", audit.at("effective").get<std::uint64_t>());
  const nlohmann::json& gap = audit.at("gap");
  row.set("message_gap_us", gap.at("microseconds").get<std::uint64_t>());
  row.set("message_gap_from", gap.at("from").get<std::uint64_t>());
  row.set("message_gap_until", gap.at("until").get<std::uint64_t>());
  row.set("lost", sum({"lost_in_state", "lost_result"}));
  row.set("repeated", sum({"duplicated_in_state", "duplicate_results"}));
  row.set("reordered", sum({"reordered"}));
  row.set("other_faults", sum({"wrong_result", "foreign", "altered"}));
  const bool is_equal = sum({"digest_mismatch", "memory"}) == 0;
  row.set("digest_equal", std::string{is_equal ? "yes" : "no"});
  if (audit.at("clean") == true) return;
  const nlohmann::json& faults = audit.at("faults");
  const nlohmann::json first = faults.empty() ? nlohmann::json::object() : faults.front();
  row.judge(Outcome::unclean,
            fmt::format("the audit found {} faults, the first: {} {}: {}", faults.size(), first.value("category", ""),
                        first.value("subject", ""), first.value("text", "")));
}

void add_http(const HttpFigures& figures, Row& row) {
  row.set("http_probes", figures.probes);
  row.set("http_failed", figures.failed);
  if (figures.probes == 0) return;
  row.set("http_gap_us", figures.gap);
  row.set("http_failing_us", figures.failing);
}

}  // namespace evaluation
