// The machine as tests want it: everything in memory, every question recorded.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/host.h"
#include "shared/base/process.h"

namespace migrate::fakes {

class Environment final : public migrate::Environment {
 public:
  Environment() = default;
  Environment(std::initializer_list<std::pair<const std::string, std::string>> initial) : variables(initial) {}

  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const override {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  }

  std::map<std::string, std::string> variables;
};

class Files final : public FileReader {
 public:
  Files() = default;
  Files(std::initializer_list<std::pair<const std::string, std::string>> initial) : contents(initial) {}

  [[nodiscard]] Lookup<std::string> read(const std::string& path) const override {
    ++reads[path];
    if (unreadable.contains(path)) return failure("read " + path + ": Permission denied");
    const auto found = contents.find(path);
    if (found == contents.end()) return std::nullopt;
    return found->second;
  }

  std::map<std::string, std::string> contents;
  std::set<std::string> unreadable;
  mutable std::map<std::string, int> reads;
};

class Clock final : public migrate::Clock {
 public:
  [[nodiscard]] Instant now() const override { return time; }
  void tick(Microseconds step) { time += step; }

  Instant time{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
};

class Terminal final : public migrate::Terminal {
 public:
  [[nodiscard]] bool stdin_is_terminal() const override { return present; }

  bool present = false;
};

// Answers by calling `answer`; may be asked from any thread.
class Processes final : public ProcessRunner {
 public:
  using Answer = Result<Completed, StartFailure>;

  [[nodiscard]] Answer run(const Command& command) override {
    const std::lock_guard lock{mutex_};
    commands.push_back(command);
    return answer(command);
  }

  // It ran and printed this.
  void print(std::string output) {
    answer = [printed = std::move(output)](const Command&) { return Answer{Completed{Exited{0}, printed, ""}}; };
  }

  std::function<Answer(const Command&)> answer;
  std::vector<Command> commands;

 private:
  std::mutex mutex_;
};

}  // namespace migrate::fakes
