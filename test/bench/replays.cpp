#include "test/bench/replays.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "shared/migration/migration.h"
#include "test/bench/replay_table.h"
#include "test/e2e/scene.h"

namespace bench {
namespace {

using namespace harness;
using Json = nlohmann::json;
using migrate::milliseconds;

constexpr int kServiceMs = 50;
constexpr int kPrefetch = 5;

struct Row {
  const char* strategy;
  int per_second;
  // In overload the queue grows from move to move, and what waits is handled before each: so each has a queue of its
  // own.
  bool one_move_a_scene;
};
constexpr Row kRows[] = {{"live", 10, false}, {"sequential", 10, false}, {"live", 19, false}, {"live", 25, true}};

// Of all moves of a row.
struct Seen {
  std::vector<Sample> samples;
  std::set<std::string> because;
  std::string faults;                // reports of audits that are not clean
  std::string gaps;                  // by the audits, with who ended them
  std::vector<double> message_gaps;  // likewise, in ms
  std::uint64_t repeats = 0;
  std::uint64_t repeats_bound = 0;
  double longest_replay = 0;
  double longest_total = 0;
  double fixed_then = 0;
  milliseconds max_replay{0};
};

void add_move(const Json& object, Seen& seen) {
  const auto migration = migrate::value_or_fatal(migrate::parse_migration(object));
  const auto messages = migration.status.messages.value_or(migrate::MessagesStatus{});
  const Sample sample = sample_of(object);
  seen.max_replay = migration.spec.max_replay;
  seen.repeats_bound += messages.duplicates_bound.value_or(0);
  if (!messages.cut_because.empty()) seen.because.insert(messages.cut_because);
  if (const double total = sample.at("total"); total > seen.longest_total) {
    seen.longest_total = total;
    seen.fixed_then = sample.at("fixed phases");
  }
  seen.longest_replay = std::max(seen.longest_replay, sample.at("replay"));
  seen.samples.push_back(sample);
}

std::string line_with(const std::string& text, const std::string& begin) {
  const auto at = text.find(begin);
  if (at == std::string::npos) return "";
  const auto from = text.find_first_not_of(' ', at + begin.size());
  return text.substr(from, text.find('\n', from) - from);
}

void run_scene(const Row& row, const std::string& name, int moves, Seen& seen) {
  Scene scene{name};
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.service_ms = kServiceMs;
  consumer.prefetch = kPrefetch;
  // Else μ is known in overload alone, and without it neither gap nor total is forecast.
  consumer.service_time = fmt::format("{}ms", kServiceMs);
  scene.start(consumer, {.per_second = row.per_second / 2.0, .producers = 2, .count = 0});
  // The first one pulls the image; it is not counted.
  if (!row.one_move_a_scene) scene.move({"--to", scene.other_node()});
  scene.wait_for_more(20);
  const std::uint64_t before = scene.repeats();
  for (int i = 0; i < moves; ++i) {
    add_move(scene.move({"--to", scene.other_node(), "--strategy", row.strategy}).migration, seen);
    scene.wait_for_more(20);
  }
  const Verdict verdict = scene.judge();
  if (!verdict.clean) seen.faults += verdict.report;
  seen.gaps += (seen.gaps.empty() ? "" : "; ") + line_with(verdict.report, "message gap");
  for (const double gap : message_gaps_in(verdict.report))
    seen.message_gaps.push_back(gap);
  seen.repeats += scene.repeats() - before;
}

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "at once" : text;
}

bool measure_row(const Row& row, int moves, std::vector<ReplayRow>& rows, Series& measured) {
  const std::string name = fmt::format("bench-{}-{}", row.strategy, row.per_second);
  Seen seen;
  if (!row.one_move_a_scene) run_scene(row, name, moves, seen);
  for (int i = 0; row.one_move_a_scene && i < moves; ++i)
    run_scene(row, fmt::format("{}-{}", name, i), 1, seen);
  const bool is_within = seen.repeats <= seen.repeats_bound;
  fmt::print("\n{}, {} orders a second of {} ms each, 20 MiB; audit {}\n", row.strategy, row.per_second, kServiceMs,
             seen.faults.empty() ? "CLEAN" : "NOT CLEAN:\n" + seen.faults);
  fmt::print("  the audit's longest message gap: {}\n", seen.gaps);
  fmt::print("  cut: {}; {} repeats met, {}their bound of {}\n", joined(seen.because), seen.repeats,
             is_within ? "within " : "BEYOND ", seen.repeats_bound);
  fmt::print(
      "  replay (Replaying, Draining, Switching) at most {:.0f} ms: total {} T_replay_max ({} ms) plus the fixed "
      "phases; the longest total was {:.0f} ms, with {:.0f} ms of fixed phases\n",
      seen.longest_replay, seen.longest_replay <= static_cast<double>(seen.max_replay.count()) ? "within" : "BEYOND",
      seen.max_replay.count(), seen.longest_total, seen.fixed_then);
  fmt::print("{}\n", table_of(seen.samples));
  std::fflush(stdout);
  std::vector<Sample>& of_strategy = measured[row.strategy];
  of_strategy.insert(of_strategy.end(), seen.samples.begin(), seen.samples.end());
  rows.push_back({fmt::format("`{}`, {} a second", row.strategy, row.per_second), seen.message_gaps, seen.samples,
                  seen.max_replay, seen.faults.empty()});
  return seen.faults.empty() && is_within;
}

}  // namespace

bool measure_replays(int moves, Series& measured) {
  bool all_clean = true;
  std::vector<ReplayRow> rows;
  for (const Row& row : kRows)
    all_clean = measure_row(row, moves, rows, measured) && all_clean;
  fmt::print("\n{} moves each, 20 MiB, {} ms for each order:\n\n{}\n", moves, kServiceMs, replay_table(rows));
  std::fflush(stdout);
  return all_clean;
}

}  // namespace bench
