// Which lines of a program's log are worth giving to a maintainer, and no more of them than there is room for. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/units.h"

namespace migrate::support {

// About what lines are looked for. Without words every line is wanted.
struct LogQuestion {
  std::vector<std::string> words;  // uids and names: a line with one of them is wanted whenever it was written
  // Warnings and errors of this time are wanted too, whatever they are about.
  Instant from;
  Instant to = Instant::max();
};

// Of our own programs (JSON, shared/log) and of kube-scheduler (klog). A line of neither form is wanted: it is what a
// program says when it dies.
[[nodiscard]] bool is_wanted(std::string_view line, const LogQuestion& question);

// Takes a log piece by piece. When there are more wanted lines than fit, the newest are kept.
class LogLines {
 public:
  LogLines(LogQuestion question, Bytes room) : question_(std::move(question)), room_(room) {}

  void feed(std::string_view piece);
  // The wanted lines, secrets masked; above them how many were left out for want of room. Ends the log.
  [[nodiscard]] std::string text();

 private:
  void take(std::string_view line);

  LogQuestion question_;
  Bytes room_;
  Bytes kept_;
  std::size_t left_out_ = 0;
  std::string begun_;  // a line whose end has not come yet
  std::deque<std::string> lines_;
};

}  // namespace migrate::support
