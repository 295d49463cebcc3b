#include "test/bench/replay_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bench {
namespace {

constexpr std::array kColumns{"Load",
                              "Audit's message gap",
                              "Gap",
                              "Replay",
                              "In all",
                              "T_replay_max and fixed phases",
                              "Mirror unread for at most",
                              "Audit"};

std::string seconds(double milliseconds) {
  constexpr double kPrecise = 10'000;
  return milliseconds < kPrecise ? fmt::format("{:.2f}", milliseconds / 1000)
                                 : fmt::format("{:.1f}", milliseconds / 1000);
}

std::string range(const std::vector<double>& values) {
  if (values.empty()) return "–";
  const Spread spread = spread_of(values);
  const std::string least = seconds(spread.least);
  const std::string most = seconds(spread.most);
  return least == most ? most + " s" : fmt::format("{}–{} s", least, most);
}

std::vector<double> all_of(const ReplayRow& row, const char* name) {
  std::vector<double> values;
  values.reserve(row.samples.size());
  for (const Sample& one : row.samples)
    if (const auto found = one.find(name); found != one.end()) values.push_back(found->second);
  return values;
}

std::string longest(const ReplayRow& row, const char* name) {
  const std::vector<double> values = all_of(row, name);
  return values.empty() ? "–" : fmt::format("{:.0f} ms", *std::max_element(values.begin(), values.end()));
}

double bound_of(const ReplayRow& row, const Sample& move) {
  return static_cast<double>(row.max_replay.count()) + move.at("fixed phases");
}

std::string bound(const ReplayRow& row) {
  const auto longest_move =
      std::max_element(row.samples.begin(), row.samples.end(),
                       [](const Sample& one, const Sample& other) { return one.at("total") < other.at("total"); });
  const bool is_within = std::all_of(row.samples.begin(), row.samples.end(),
                                     [&](const Sample& one) { return one.at("total") <= bound_of(row, one); });
  return fmt::format("{} s: {}", seconds(bound_of(row, *longest_move)), is_within ? "within" : "BEYOND");
}

std::string line_of(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells)
    line += fmt::format(" {} |", cell);
  return line + "\n";
}

}  // namespace

std::string replay_table(const std::vector<ReplayRow>& rows) {
  std::string text = line_of({kColumns.begin(), kColumns.end()});
  for (std::size_t i = 0; i < kColumns.size(); ++i)
    text += "|---";
  text += "|\n";
  for (const ReplayRow& row : rows)
    text += line_of({row.load, range(row.message_gaps), range(all_of(row, "gap")), range(all_of(row, "replay")),
                     range(all_of(row, "total")), bound(row), longest(row, "reading interval"),
                     row.is_clean ? "clean" : "NOT CLEAN"});
  return text;
}

std::vector<double> message_gaps_in(const std::string& report) {
  const std::string begin = "message gap";
  std::vector<double> gaps;
  for (std::size_t at = 0; (at = report.find(begin, at)) != std::string::npos;) {
    at = report.find_first_of("0123456789\n", at + begin.size());
    if (at != std::string::npos && report[at] != '\n') gaps.push_back(std::stod(report.substr(at)));
  }
  return gaps;
}

}  // namespace bench
