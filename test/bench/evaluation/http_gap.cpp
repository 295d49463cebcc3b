#include "test/bench/evaluation/http_gap.h"

#include <algorithm>
#include <optional>
#include <sstream>

namespace evaluation {
namespace {

using migrate::Microseconds;

constexpr int kOk = 200;

// Between answers, as they came, and from the last one to `end`.
Microseconds longest_gap(const std::vector<Probe>& probes, std::optional<std::int64_t> end) {
  std::vector<std::int64_t> answers;
  for (const Probe& probe : probes)
    if (probe.answered) answers.push_back(probe.ended);
  std::sort(answers.begin(), answers.end());
  if (end) answers.push_back(*end);
  Microseconds longest{0};
  for (std::size_t i = 1; i < answers.size(); ++i)
    longest = std::max(longest, Microseconds{answers[i] - answers[i - 1]});
  return longest;
}

// `probes` in the order in which they began; a row that nobody answers lasts to `end`.
Microseconds longest_row_of_failures(const std::vector<Probe>& probes, std::optional<std::int64_t> end) {
  Microseconds longest{0};
  std::optional<std::int64_t> row;
  for (const Probe& probe : probes) {
    if (!probe.answered && !row) row = probe.began;
    if (!probe.answered || !row) continue;
    longest = std::max(longest, Microseconds{probe.began - *row});
    row.reset();
  }
  if (row && end) longest = std::max(longest, Microseconds{*end - *row});
  return longest;
}

// When the last of those was over that began behind the last one that is answered; nothing: there are none.
std::optional<std::int64_t> end_of_unanswered(const std::vector<Probe>& probes) {
  std::optional<std::int64_t> end;
  for (const Probe& probe : probes)
    end = probe.answered ? std::nullopt : std::optional{std::max(probe.ended, end.value_or(0))};
  return end;
}

}  // namespace

std::vector<Probe> parse_probes(const std::string& lines) {
  std::vector<Probe> probes;
  std::istringstream whole{lines.substr(0, lines.find_last_of('\n') + 1)};
  Probe probe;
  for (int status = 0; whole >> probe.began >> probe.ended >> status;) {
    probe.answered = status == kOk;
    probes.push_back(probe);
  }
  return probes;
}

HttpFigures http_figures(std::vector<Probe> probes) {
  std::sort(probes.begin(), probes.end());
  const auto begin = std::find_if(probes.begin(), probes.end(), [](const Probe& one) { return one.answered; });
  probes.erase(probes.begin(), begin);
  if (probes.empty()) return {};
  HttpFigures figures;
  figures.probes = probes.size();
  figures.failed = static_cast<std::uint64_t>(
      std::count_if(probes.begin(), probes.end(), [](const Probe& one) { return !one.answered; }));
  const auto end = end_of_unanswered(probes);
  figures.gap = longest_gap(probes, end);
  figures.failing = longest_row_of_failures(probes, end);
  figures.ends_answered = !end;
  return figures;
}

}  // namespace evaluation
