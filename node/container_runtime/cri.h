// The Container Runtime Interface, which containerd and CRI-O both speak on their socket: what of it the agent asks.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace migrate::node {

struct ContainerStatus {
  std::string id;
  std::string name;
  unsigned attempt = 0;
  bool exited = false;
  std::chrono::nanoseconds created{0};  // since 1970
  std::chrono::nanoseconds started{0};
  std::string image;
  std::string image_ref;
  std::string log_path;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::string info;  // verbose: a JSON document of the runtime's own
};

// From any thread.
class Cri {
 public:
  // `runtime` is how errors call the other side: its name, or its socket while that is not known.
  Cri(const std::shared_ptr<grpc::Channel>& channel, std::string runtime);
  ~Cri();
  Cri(Cri&&) noexcept;
  Cri& operator=(Cri&&) noexcept;

  struct Version {
    std::string name;
    std::string version;
  };
  [[nodiscard]] Result<Version> version() const;
  struct State {
    std::vector<std::string> handlers;
    std::string config;  // verbose: the runtime's configuration as it works by it, JSON; empty when it does not tell
  };
  [[nodiscard]] Result<State> state() const;
  struct Running {
    std::string id;
    std::string image;
  };
  // The newest running container of that name in the Pod.
  [[nodiscard]] Lookup<Running> running(const std::string& pod_uid, const std::string& container) const;
  [[nodiscard]] Lookup<ContainerStatus> status(const std::string& id) const;
  // Zero when the runtime does not know it.
  [[nodiscard]] Bytes image_size(const std::string& image) const;

 private:
  struct Stub;
  std::unique_ptr<Stub> stub_;
  std::string runtime_;
};

}  // namespace migrate::node
