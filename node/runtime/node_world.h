// The real world of a restore: the state folder, the bundle, runc.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "node/runtime/command_line.h"
#include "node/runtime/create.h"
#include "node/runtime/documents.h"
#include "node/runtime/folder_watch.h"
#include "node/runtime/log.h"
#include "node/runtime/pivot_folder.h"
#include "node/runtime/process.h"
#include "node/runtime/state_folder.h"

namespace migrate::runtime {

// Where `start` finds that a container was restored. In runc's own folder of it, so that it goes with the container,
// however that goes (delete, delete --force, a reboot): nothing of ours to clean up.
[[nodiscard]] std::filesystem::path restored_marker(const CommandLine& line, const std::string& id);

class NodeWorld : public RestoreWorld {
 public:
  struct Container {
    CommandLine line;
    CreateOptions create;
    std::filesystem::path root;  // its root file system
    BundleConfig bundle;
  };
  NodeWorld(Container container, StateFolder folder, std::string boot_id, Runc runc, const Log& log);

  milliseconds elapsed() override;
  Observation observe() override { return folder_.observe(); }
  void wait_for_change(milliseconds at_most) override { watch_.wait(at_most); }
  void announce_waiting() override;
  void withdraw_waiting() override;
  Result<void> prepare() override;
  Result<void> claim() override;
  Result<void> restore() override;
  Result<void> answer_start() override;
  Result<void> mark_used() override;
  std::optional<bool> tasks_resumed() override;
  void report_failure(const FailureReport& report) override;
  void note(const std::string& text) override { log_.note(text); }

 private:
  Result<void> take_host_name();
  Result<void> lend_pivot_folder();

  Container container_;
  StateFolder folder_;
  std::string boot_id_;
  Runc runc_;
  const Log& log_;
  FolderWatch watch_;
  PivotFolder pivot_folder_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace migrate::runtime
