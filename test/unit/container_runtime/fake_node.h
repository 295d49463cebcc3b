// A node's files as the agent sees them: the host's root folder and /proc, made of ordinary files.
#pragma once

#include <string>

#include "node/container_runtime/container_runtime.h"
#include "test/temporary_folder.h"

namespace migrate::test {

class FakeNode {
 public:
  // One process with its parent; kB of anonymous memory. Its cgroup (v1) is /pods/PID, thawed.
  void add_process(pid_t pid, pid_t parent, int kilobytes, const std::string& cmdline = "");
  void remove_process(pid_t pid) const;

  void set_frozen(pid_t pid, bool frozen) const;
  void hide_freezer(pid_t pid) const;
  [[nodiscard]] bool is_frozen(pid_t pid) const;

  [[nodiscard]] std::filesystem::path root() const { return folder_ / "root"; }
  [[nodiscard]] std::filesystem::path proc() const { return folder_ / "proc"; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] node::HostPaths paths() const { return {root(), proc()}; }

 private:
  [[nodiscard]] std::filesystem::path freezer_file(pid_t pid) const;
  TemporaryFolder folder_;
};

}  // namespace migrate::test
