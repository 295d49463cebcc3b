// containerd's images and content, as far as a checkpoint's image has to be turned into the real one.
#pragma once

#include <memory>
#include <string>

#include "node/container_runtime/container_runtime.h"
#include "shared/base/result.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace migrate::node {

class ContainerdImages {
 public:
  explicit ContainerdImages(const std::shared_ptr<grpc::Channel>& channel);
  ~ContainerdImages();
  ContainerdImages(const ContainerdImages&) = delete;
  ContainerdImages& operator=(const ContainerdImages&) = delete;

  // ContainerRuntime::make_cold, with the name of the container's real image.
  [[nodiscard]] Result<void> make_cold(const std::string& base, const CheckpointImageNames& image);
  [[nodiscard]] Result<void> forget(const std::string& name);

 private:
  struct Stubs;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace migrate::node
