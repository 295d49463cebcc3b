// Ctrl-C (and SIGTERM, SIGHUP) as a question that is asked now and then, instead of an end in the middle of a line.
#pragma once

#include <csignal>
#include <vector>

namespace migrate::plugin {

// While it lives the first such signal is only noted; a second one ends the program as always. One that is made while
// another lives adds nothing to it, and forgets nothing that has come.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  [[nodiscard]] static bool came();

 private:
  std::vector<struct sigaction> before_;  // empty: another one lived already
};

}  // namespace migrate::plugin
