// What is measured, as values: cells, each of them run so many times, and the order of the runs. Pure.
#pragma once

#include <compare>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace evaluation {

enum class Subject { pod, set };
// The product, or a script that has kubectl and a registry (naive_move.h).
enum class Mover { product, script };

// One way to move a consumer.
struct Strategy {
  std::string name;  // in the results, and for --only
  Subject subject = Subject::pod;
  Mover mover = Mover::product;
  std::vector<std::string> words;  // of kubectl-migrate, or of the script's `kubectl delete`
};
// Fatal where there is none of that name.
[[nodiscard]] const Strategy& strategy_named(std::string_view name);

// One point of a grid.
struct Cell {
  std::string grid;
  std::string strategy;
  int per_second = 0;  // λ, orders into each queue
  int service_ms = 0;  // of each order, so μ is 1000 / service_ms
  int memory_mib = 0;
  int at_once = 1;  // migrations that begin together, each with a queue of its own
  auto operator<=>(const Cell&) const = default;
};

struct Run {
  Cell cell;
  int number = 1;
  auto operator<=>(const Run&) const = default;
};

enum class Extent { full, quick };

struct Selection {
  Extent extent = Extent::full;
  std::vector<std::string> only;  // names of grids and strategies; of a kind that is not named all are taken
};

// "paper, shadow, …", for usage.
[[nodiscard]] std::vector<std::string> grid_names();
[[nodiscard]] std::vector<std::string> strategy_names();

// Every run, in the order in which they are to be made: each round has one run of every cell that is not to have fewer,
// and the cells of a round are shuffled, each round otherwise but always alike. So whatever changes on a machine within
// hours, and whatever is left out when somebody stops, meets all strategies; and the rounds that have all grids come
// first. An error names the word of `only` that nobody knows, or says that
// nothing is left of the grids.
[[nodiscard]] migrate::Result<std::vector<Run>> plan(const Selection& selection);

// Those that have no row yet, in their order.
[[nodiscard]] std::vector<Run> remaining(const std::vector<Run>& planned, const std::set<Run>& done);

// How many orders its consumer handles before it is moved.
[[nodiscard]] int warm_up_of(const Cell& cell);

// "paper/live-cutoff 16/s 50 ms 20 MiB run 3": for people, and for names of files once blanks and slashes are replaced.
[[nodiscard]] std::string to_string(const Run& run);

}  // namespace evaluation
