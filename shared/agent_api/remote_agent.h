// AgentApi over gRPC with TLS 1.3 on both sides: the stand-in for an agent elsewhere, and the server that answers for
// one here. Identities are in the certificates (shared/certificates): common name "controller" or "agent/NODE".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "shared/agent_api/agent_api.h"

namespace migrate::agent {

struct TlsIdentity {
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;
};

// Connects at the first call. `node` is whose agent must answer there: its certificate is checked for it.
[[nodiscard]] std::shared_ptr<AgentApi> connect_agent(const std::string& address, const std::string& node,
                                                      const TlsIdentity& identity);

class AgentServer {
 public:
  // Serves `agent` until it is destroyed, which stops the calls that run and waits for them. Every peer needs a
  // certificate of our authority; only "controller" may give orders, "agent/NODE" may only read_archive. Port 0: the
  // system chooses.
  [[nodiscard]] static Result<std::unique_ptr<AgentServer>> start(const std::string& address, std::uint16_t port,
                                                                  const TlsIdentity& identity, AgentApi& agent);
  virtual ~AgentServer() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  // From the next connection on; those that stand keep theirs. What does not work is not taken: the old one stays.
  virtual void renew(const TlsIdentity& identity) = 0;
};

}  // namespace migrate::agent
