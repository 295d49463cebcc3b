// `kubectl port-forward` as long as an object of this class lives: the one way to a port inside the cluster that needs
// nothing but the API server. kubectl is there, as this is its plugin.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/descriptor.h"
#include "shared/base/result.h"
#include "shared/kube/connection.h"

namespace migrate::plugin {

// `kubectl FLAGS -n NAMESPACE port-forward service/NAME :PORT`, as the same user at the same cluster. `kubectl` is the
// program: $KUBECTL, or the first of that name on the PATH. A token is not among the words, which others can read.
[[nodiscard]] std::vector<std::string> port_forward_words(const std::string& kubectl, const kube::ConfigFlags& flags,
                                                          const std::string& namespace_, const std::string& service,
                                                          std::uint16_t port);
// From "Forwarding from 127.0.0.1:40231 -> 15672"; nothing while that is not said.
[[nodiscard]] std::optional<std::uint16_t> forwarded_port(std::string_view said);

class PortForward {
 public:
  // Returns when the port can be used. An error has kubectl's own words.
  [[nodiscard]] static Result<std::unique_ptr<PortForward>> start(const std::vector<std::string>& words,
                                                                  std::chrono::milliseconds limit);
  ~PortForward();
  PortForward(const PortForward&) = delete;
  PortForward& operator=(const PortForward&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }  // on 127.0.0.1

 private:
  PortForward(pid_t pid, Descriptor output) : pid_(pid), output_(std::move(output)) {}

  pid_t pid_;
  Descriptor output_;  // kept open: kubectl goes on writing
  std::uint16_t port_ = 0;
};

}  // namespace migrate::plugin
