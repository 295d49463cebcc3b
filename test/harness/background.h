// A program that runs beside a test: a log that is followed, a command that is interrupted. It is a process group of
// its own, which ends with the object.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "test/harness/cluster.h"

namespace harness {

// The words that run `cluster WORDS…`.
[[nodiscard]] Words cluster_words(const Words& words);
// Those that watch a list of the API server's, "/api/v1/namespaces/NS/pods": an event is a line. A watch that ends is
// begun anew, and each begins with the line {"type": "BEGUN"} and all that is there.
[[nodiscard]] Words watch_words(const std::string& path);

class Background {
 public:
  // Its standard output goes to `output`, what it complains of to `output`.errors.
  Background(const Words& argv, std::filesystem::path output);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // What it has written so far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;
  [[nodiscard]] bool is_running();
  // To the whole group; nothing happens when it is over already.
  void signal(int number);
  // Waits for its end: the exit code, or 128 + the signal that ended it. Throws when it takes longer.
  int wait(std::chrono::seconds limit = std::chrono::seconds{120});

 private:
  std::string name_;
  std::filesystem::path output_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool is_over_ = false;
};

}  // namespace harness
