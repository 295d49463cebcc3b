// Runs another program and waits for it. No shell: arguments arrive as they are given.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/base/result.h"

namespace migrate {

struct Command {
  std::vector<std::string> argv;  // argv[0] without a slash is looked for on our PATH

  enum class Variables { inherited, none };
  Variables base = Variables::inherited;
  std::vector<std::pair<std::string, std::string>> variables;  // over the base; the last of a name wins

  std::string directory;  // empty: ours

  struct Nothing {};                                                // end of file at once
  struct Inherited {};                                              // our own standard input
  std::variant<Nothing, Inherited, std::string> input = Nothing{};  // or this text

  enum class Stream { captured, inherited, discarded };
  Stream output = Stream::captured;
  Stream errors = Stream::captured;

  // Longer than this, and it is killed, with what it started unless it shares our standard input (a process group of
  // its own could not read from a terminal).
  std::optional<std::chrono::milliseconds> time_limit;
  // With a process group of its own: then it is killed alone at first, and what it started may end by itself for so
  // long. For what leaves things behind when it is killed.
  std::chrono::milliseconds patience{0};
};

struct Exited {
  int code = 0;
  bool operator==(const Exited&) const = default;
};
struct Signalled {
  int signal = 0;
  bool operator==(const Signalled&) const = default;
};
struct TimedOut {
  bool operator==(const TimedOut&) const = default;
};
using Ending = std::variant<Exited, Signalled, TimedOut>;

// "exit code 3", "killed by signal 9 (Killed)", "killed because it took too long".
[[nodiscard]] std::string to_string(const Ending& ending);

struct Completed {
  Ending ending;
  std::string output;  // what was captured
  std::string errors;
  [[nodiscard]] bool succeeded() const { return ending == Ending{Exited{0}}; }
};

// The program did not even start.
struct StartFailure {
  bool not_found = false;  // no such program, as opposed to one that may not be run
  std::string message;     // "run NAME: why"
};

// May be asked from any thread.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  [[nodiscard]] virtual Result<Completed, StartFailure> run(const Command& command) = 0;
};

class SystemProcesses final : public ProcessRunner {
 public:
  [[nodiscard]] Result<Completed, StartFailure> run(const Command& command) override;
};

}  // namespace migrate
