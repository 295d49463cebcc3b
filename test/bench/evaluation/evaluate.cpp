#include "test/bench/evaluation/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "test/bench/evaluation/failure_streak.h"
#include "test/bench/evaluation/run.h"
#include "test/e2e/product_processes.h"
#include "test/harness/product.h"
#include "test/temporary_folder.h"

namespace evaluation {
namespace {

using migrate::value_or_fatal;

// All that there is to be run, whatever is selected now: what a report counts the rows against.
void write_plan(const Order& order) {
  std::string text = csv_line({"grid", "strategy", "per_second", "service_ms", "memory_mib", "at_once", "run"});
  for (const auto& [cell, number] : value_or_fatal(plan({order.selection.extent, {}})))
    text += csv_line({cell.grid, cell.strategy, std::to_string(cell.per_second), std::to_string(cell.service_ms),
                      std::to_string(cell.memory_mib), std::to_string(cell.at_once), std::to_string(number)});
  migrate::test::write_text(order.folder / "plan.csv", text);
}

// By turns, so that a namespace has been deleted when its name is wanted again; and few, as the broker keeps exchanges.
// What a flawed run leaves may hold its own for ever (a migration in doubt does), so the next ones have others.
class NamespaceNames {
 public:
  [[nodiscard]] std::string next() { return fmt::format("evaluate-{}", 3 * series_ + turn_++ % 3); }
  void avoid_those_before() { ++series_; }

 private:
  std::size_t series_ = 0;
  std::size_t turn_ = 0;
};

std::vector<Row> rows_of_interrupted(const Run& run) {
  std::vector<Row> rows;
  for (int member = 0; member < run.cell.at_once; ++member)
    rows.emplace_back(run, member).judge(Outcome::failed, "the evaluation ended, or the machine, in the middle of it");
  return rows;
}

std::string line_about(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    text += fmt::format("  {}", row.at("outcome"));
    for (const char* column : {"total_us", "message_gap_us"})
      if (const std::string& value = row.at(column); !value.empty())
        text += fmt::format(", {} {:.0f} ms", std::string_view{column} == "total_us" ? "total" : "message gap",
                            std::stod(value) / 1000);
    if (!row.at("reason").empty()) text += ": " + row.at("reason");
    text += "\n";
  }
  return text + fmt::format("  the run took {:.0f} s", std::stod(rows.front().at("run_us")) / 1'000'000);
}

bool is_flawed(const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.outcome() != Outcome::clean; });
}

}  // namespace

Tally evaluate(const Order& order, const std::function<void(const std::string&)>& tell) {
  const auto began = std::chrono::steady_clock::now();
  const std::vector<Run> planned = value_or_fatal(plan(order.selection));
  std::filesystem::create_directories(order.folder);
  ResultsFile results = value_or_fatal(ResultsFile::open(order.folder / "runs.csv", order.mode));
  write_plan(order);
  Tally tally;
  if (const auto& run = results.interrupted()) {
    value_or_fatal(results.append(*run, rows_of_interrupted(*run)));
    ++tally.flawed;
  }
  const std::vector<Run> todo = remaining(planned, results.done());
  tally.left = todo.size();
  tell(fmt::format("{} of {} runs are to be made", todo.size(), planned.size()));
  if (todo.empty()) return tally;

  const harness::Cluster cluster;
  harness::install_product(cluster);
  // By what a test of faults has held up in this cluster nothing here is to be forecast.
  harness::restart_controllers(cluster);
  NamespaceNames names;
  FailureStreak failures;
  warm_up(names.next());
  const Surroundings around = look_around(cluster);
  tell(around.versions + "\n" + around.machine);
  for (const Run& run : todo) {
    if (tally.made == order.at_most || order.is_to_stop()) break;
    if (order.begin_within && std::chrono::steady_clock::now() - began > *order.begin_within) break;
    tell(fmt::format("{}/{} {}", tally.made + 1, todo.size(), to_string(run)));
    value_or_fatal(results.begin(run));
    const std::vector<Row> rows = measure(run, {around, order.folder / "failures", names.next()});
    value_or_fatal(results.append(run, rows));
    tell(line_about(rows));
    ++tally.made;
    --tally.left;
    if (is_flawed(rows)) {
      ++tally.flawed;
      names.avoid_those_before();
    }
    if (failures.is_over_with(rows)) {
      tell(fmt::format("{} runs in a row have failed: see why; --resume goes on behind them", FailureStreak::kMost));
      break;
    }
  }
  return tally;
}

}  // namespace evaluation
