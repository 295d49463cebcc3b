// What the tests of the preflight have in common: the lines of `kubectl migrate check`, and that looking touches
// nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "test/e2e/small_pods.h"

namespace harness {

// A line of a check: how it begins, with its mark in ASCII; what stands below it; the section of
// docs/troubleshooting.md that it points to, empty: none.
struct CheckLine {
  std::string begin;
  Words below{};
  std::string section{};
};

// From here on the plugin prints words and no symbols.
void print_in_ascii();

// Empty: the command ended so and these lines are there; else what is otherwise, and all that it printed.
[[nodiscard]] std::string trouble(const migrate::Completed& done, int code, const std::vector<CheckLine>& lines);
// The same of what is no check: these words are somewhere in it.
[[nodiscard]] std::string trouble_of_words(const migrate::Completed& done, int code, const Words& parts);

// Checks until it is so: what nodes can do is told every 10 s, and some of it asked for every minute only.
void await_check(const std::function<migrate::Completed()>& check, int code, const std::vector<CheckLine>& lines,
                 std::chrono::seconds limit = std::chrono::seconds{180});

// The names of all Migrations in the stage's namespace, a line for each.
[[nodiscard]] std::string migrations_left(const Stage& stage);

// A Pod is as it was, and there is nothing in its namespace that was not there before.
class NothingTouched {
 public:
  NothingTouched(const Stage& stage, const std::string& pod);
  [[nodiscard]] std::string trouble() const;  // empty: it is so

 private:
  [[nodiscard]] std::string what_is_there() const;

  const Stage& stage_;
  Untouched pod_;
  std::string was_there_;
};

}  // namespace harness
