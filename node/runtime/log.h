// What this program says: failures where the container runtime reads them (runc's --log and stderr), all of it in a
// log of its own.
#pragma once

#include <filesystem>
#include <string>

#include "node/runtime/command_line.h"
#include "node/runtime/decision.h"

namespace migrate::runtime {

class Log {
 public:
  // `subject` stands before each message of our own log: the command and the container.
  Log(const CommandLine& line, std::filesystem::path own, std::string subject);

  // From now on all lines of our own log tell whose restore they are about.
  void follow(const Request& request) { about_ = request; }
  void note(const std::string& text) const;
  void error(const std::string& text) const;

 private:
  LogFormat runc_format_;
  std::filesystem::path runc_log_;
  std::filesystem::path own_;
  std::string subject_;
  Request about_;
};

}  // namespace migrate::runtime
