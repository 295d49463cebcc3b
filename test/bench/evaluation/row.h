// One line of the results: what a migration was, and what became of it. Times are microseconds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/units.h"
#include "test/bench/evaluation/csv.h"
#include "test/bench/evaluation/grid.h"

namespace evaluation {

// The results' columns, in their order; docs/evaluation.md says what each is.
[[nodiscard]] const Fields& columns();

enum class Outcome {
  clean,    // it moved, and the audit found no fault
  unclean,  // it moved, and the audit found some
  failed,   // it did not move, or nobody could judge it
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

class Row {
 public:
  // `member`: which of those that begin together, from 0.
  Row(const Run& run, int member);

  // A column that is not among columns() is a mistake of the caller's, and Fatal.
  void set(std::string_view column, std::string value);
  void set(std::string_view column, std::uint64_t value);
  void set(std::string_view column, double value);  // with three digits behind the point
  void set(std::string_view column, migrate::Microseconds value);
  // What is not known leaves its field empty.
  template <class T>
  void set(std::string_view column, const std::optional<T>& value) {
    if (value) set(column, *value);
  }

  // The worst that was said holds; the reasons stand beside each other, on one line.
  void judge(Outcome outcome, const std::string& reason);

  [[nodiscard]] const std::string& at(std::string_view column) const;  // empty: not set
  [[nodiscard]] Outcome outcome() const { return outcome_; }
  [[nodiscard]] Fields fields() const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
  Outcome outcome_ = Outcome::clean;
};

// Which run a line of the results is of. An error names the column and what it holds.
[[nodiscard]] migrate::Result<Run> run_in(const Fields& header, const Fields& line);

}  // namespace evaluation
