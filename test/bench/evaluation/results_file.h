// The results on disk: a line for each migration, only ever added to. What a run has found is there when it is over,
// whatever happens to the machine afterwards.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "shared/base/descriptor.h"
#include "shared/base/result.h"
#include "test/bench/evaluation/row.h"

namespace evaluation {

class ResultsFile {
 public:
  enum class Mode { create, resume };

  // create: there must be none yet. resume: one that is not there is made; a last line that was cut off in the middle
  // (a power cut) is taken back, as its run was; a file with other columns is refused, and one that another program
  // has open.
  [[nodiscard]] static migrate::Result<ResultsFile> open(const std::filesystem::path& path, Mode mode);

  // Runs that have their rows. Failed ones are among them: nothing is measured again until it suits.
  [[nodiscard]] const std::set<Run>& done() const { return done_; }
  // The run that was begun last when it has no rows: it took the program or the machine with it. It is not begun again,
  // as what ends them would never be counted.
  [[nodiscard]] const std::optional<Run>& interrupted() const { return interrupted_; }
  // Notes in under-way.csv, beside the results, that it is under way; its rows take that back.
  [[nodiscard]] migrate::Result<void> begin(const Run& run) const;
  // All rows of a run, in one write that is durable when this returns.
  [[nodiscard]] migrate::Result<void> append(const Run& run, const std::vector<Row>& rows);

 private:
  ResultsFile(std::filesystem::path path, migrate::Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  [[nodiscard]] migrate::Result<void> read_what_is_there();
  [[nodiscard]] migrate::Result<void> read_what_was_under_way();
  [[nodiscard]] std::filesystem::path note() const { return path_.parent_path() / "under-way.csv"; }
  [[nodiscard]] migrate::Result<void> write(const std::string& text) const;

  std::filesystem::path path_;
  migrate::Descriptor file_;
  std::set<Run> done_;
  std::optional<Run> interrupted_;
};

}  // namespace evaluation
