#include "test/bench/evaluation/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace evaluation {
namespace {

// A reason is for somebody who reads a table; the whole text stands in a file of its own.
constexpr std::size_t kLongestReason = 400;

std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char c : text.substr(0, kLongestReason))
    line += c == '\n' || c == '\r' ? ' ' : c;
  return line;
}

migrate::Result<std::string> field_of(const Fields& header, const Fields& line, std::string_view column) {
  const auto found = std::find(header.begin(), header.end(), column);
  const auto at = static_cast<std::size_t>(found - header.begin());
  if (found == header.end() || at >= line.size()) return migrate::failure(fmt::format("there is no column {}", column));
  return line[at];
}

migrate::Result<int> number_of(const Fields& header, const Fields& line, std::string_view column) {
  const auto text = field_of(header, line, column);
  if (!text) return tl::make_unexpected(text.error());
  int number = 0;
  const char* const end = text->data() + text->size();
  if (const auto read = std::from_chars(text->data(), end, number); read.ec != std::errc{} || read.ptr != end)
    return migrate::failure(fmt::format("column {}: '{}' is no number", column, *text));
  return number;
}

}  // namespace

const Fields& columns() {
  static const Fields all{
      // Which run.
      "grid", "strategy", "per_second", "service_ms", "memory_mib", "at_once", "run", "member",
      // How it ended.
      "began", "run_us", "outcome", "failed_at", "reason", "migration", "chosen",
      // What it took.
      "total_us", "freeze_us", "snapshot_us", "gap_us", "second_gap_us", "second_freeze_us", "message_gap_us",
      "http_gap_us", "http_failing_us", "http_probes", "http_failed", "phases_us", "second_phases_us", "archive_bytes",
      // When, in microseconds since 1970, and in which phases the message gap began and ended.
      "started_at", "finished_at", "message_gap_from", "message_gap_until", "message_gap_in",
      // What was expected.
      "forecast_total_us", "forecast_freeze_us", "forecast_gap_us",
      // Messages.
      "waiting_before", "arrival_rate", "service_rate", "cut_because", "cutoff_planned_us", "cutoff_used_us",
      "backlog_at_cut", "replayed", "repeats_bound", "repeats_met",
      // The audit.
      "sent", "effective", "lost", "repeated", "reordered", "other_faults", "digest_equal",
      // Where.
      "load_1m", "cpu_busy", "cpu_stolen", "versions", "machine"};
  return all;
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::unclean:
      return "unclean";
    case Outcome::failed:
      return "failed";
    case Outcome::clean:
      break;
  }
  return "clean";
}

Row::Row(const Run& run, int member) {
  const Cell& cell = run.cell;
  set("grid", cell.grid);
  set("strategy", cell.strategy);
  for (const auto& [column, value] : {std::pair{"per_second", cell.per_second},
                                      {"service_ms", cell.service_ms},
                                      {"memory_mib", cell.memory_mib},
                                      {"at_once", cell.at_once},
                                      {"run", run.number},
                                      {"member", member}})
    set(column, std::to_string(value));
  set("outcome", std::string{to_string(outcome_)});
}

void Row::set(std::string_view column, std::string value) {
  const Fields& known = columns();
  if (std::find(known.begin(), known.end(), column) == known.end())
    throw migrate::Fatal(fmt::format("the results have no column {}", column));
  values_.insert_or_assign(std::string{column}, std::move(value));
}

void Row::set(std::string_view column, std::uint64_t value) {
  set(column, std::to_string(value));
}

void Row::set(std::string_view column, double value) {
  set(column, fmt::format("{:.3f}", value));
}

void Row::set(std::string_view column, migrate::Microseconds value) {
  set(column, std::to_string(value.count()));
}

void Row::judge(Outcome outcome, const std::string& reason) {
  outcome_ = std::max(outcome_, outcome);
  set("outcome", std::string{to_string(outcome_)});
  if (reason.empty()) return;
  const std::string& before = at("reason");
  set("reason", (before.empty() ? "" : before + "; ") + on_one_line(reason));
}

const std::string& Row::at(std::string_view column) const {
  static const std::string kNothing;
  const auto found = values_.find(column);
  return found == values_.end() ? kNothing : found->second;
}

Fields Row::fields() const {
  Fields fields;
  for (const std::string& column : columns())
    fields.push_back(at(column));
  return fields;
}

migrate::Result<Run> run_in(const Fields& header, const Fields& line) {
  Run run;
  for (const auto& [column, to] : {std::pair{"grid", &run.cell.grid}, {"strategy", &run.cell.strategy}}) {
    const auto text = field_of(header, line, column);
    if (!text) return tl::make_unexpected(text.error());
    *to = *text;
  }
  for (const auto& [column, to] : {std::pair{"per_second", &run.cell.per_second},
                                   {"service_ms", &run.cell.service_ms},
                                   {"memory_mib", &run.cell.memory_mib},
                                   {"at_once", &run.cell.at_once},
                                   {"run", &run.number}}) {
    const auto number = number_of(header, line, column);
    if (!number) return tl::make_unexpected(number.error());
    *to = *number;
  }
  return run;
}

}  // namespace evaluation
