// A container runtime on a unix socket that holds one container: the CRI, and containerd's services beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace migrate::test {

// Set before the first question; a test asks from one thread, so nothing is locked.
struct FakeRuntimeState {
  std::string name = "containerd";
  std::string version = "v2.3.7";
  std::vector<std::string> handlers{"", "runc", "migrate"};

  std::string config = "{}";  // as the verbose status tells it

  std::string id = "c1";
  std::string pod_uid = "u1";
  std::string container = "app";
  std::uint64_t image_size = 123'456;
  bool listed = true;  // ListContainers finds it running
  bool exited = false;
  std::string info = "{}";

  bool has_task = true;
  int pid = 41;
  std::string task = "running";  // what the task service thinks: running, paused, stopped
  std::string shim = "io.containerd.runc.v2";
  std::string options_type = "containerd.runc.v1.Options";
  std::string binary;
  std::string snapshotter = "overlayfs";
  std::string mount_type = "overlay";
  std::vector<std::string> mount_options;
  std::string spec = R"({"ociVersion":"1.2.0"})";

  // When not empty, the call fails with this text.
  std::map<std::string, std::string> failures;  // by method: "Pause", "Checkpoint", "Version" …
  std::function<void()> on_pause = [] {};
  std::function<void()> on_resume = [] {};
  std::function<void(const std::string& images, const std::string& work)> on_checkpoint = [](const std::string&,
                                                                                             const std::string&) {};

  std::vector<std::string> calls;       // "Pause c1"
  std::vector<std::string> namespaces;  // containerd-namespace of each of containerd's own calls
};

class FakeRuntime {
 public:
  FakeRuntime(const std::filesystem::path& socket, FakeRuntimeState& state);
  ~FakeRuntime();
  FakeRuntime(const FakeRuntime&) = delete;
  FakeRuntime& operator=(const FakeRuntime&) = delete;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace migrate::test
