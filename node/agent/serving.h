// The agent's gRPC server, from the moment there is a certificate, and the same certificate towards other agents.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "shared/agent_api/remote_agent.h"

namespace migrate::agent {

class Serving {
 public:
  Serving(AgentApi& agent, std::string address, std::uint16_t port)
      : agent_(agent), address_(std::move(address)), port_(port) {}

  // Begins to serve, or goes on with the new certificate.
  [[nodiscard]] Result<void> take(const TlsIdentity& identity);
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] std::uint16_t port() const;  // 0: it does not serve yet
  // As ConnectPeer: null while there is no certificate.
  [[nodiscard]] std::shared_ptr<AgentApi> connect(const std::string& address, const std::string& node) const;

 private:
  AgentApi& agent_;
  std::string address_;
  std::uint16_t port_;
  mutable std::mutex mutex_;
  std::optional<TlsIdentity> identity_;
  std::unique_ptr<AgentServer> server_;
};

}  // namespace migrate::agent
