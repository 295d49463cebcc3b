// Programs of the host, run from a container that shares only its pid namespace (and is privileged).
//
// A thread of many cannot enter another mount namespace, so our own program is started anew with the hidden command
// `on-host ARGV…`, enters the namespaces and root of process 1, and becomes ARGV. It runs in the root folder of the
// host, with a usual PATH; a Command's directory is not looked at.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/process.h"

namespace migrate::node {

inline constexpr const char* kOnHostCommand = "on-host";

// For main, before anything else: when the arguments (argv[1…]) are the hidden command, becomes that program and never
// returns (exit code 126 when that fails, 127 when there is no such program, as of a shell; the reason on stderr).
void become_host_program_if_asked(int argc, char** argv);

// Runs commands through the above. A program that cannot be started on the host is a StartFailure, as of any runner.
class OnHostProcesses final : public ProcessRunner {
 public:
  // `self`: a program whose main calls become_host_program_if_asked.
  explicit OnHostProcesses(ProcessRunner& processes, std::filesystem::path self = "/proc/self/exe");
  [[nodiscard]] Result<Completed, StartFailure> run(const Command& command) override;

 private:
  ProcessRunner& processes_;
  std::filesystem::path self_;
};

}  // namespace migrate::node
