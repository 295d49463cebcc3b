// The agents as the controller reaches them: where each node's agent reported last from, with the controller's
// certificate. Connections are kept, and made anew when the address or our certificate has changed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "extender/authority/renewed_certificate.h"
#include "extender/controller/world.h"
#include "shared/agent_api/remote_agent.h"
#include "shared/migration/node_facts.h"

namespace migrate {

// connect_agent, or what a test has in its place.
using ConnectAgent = std::function<std::shared_ptr<agent::AgentApi>(const std::string& address, const std::string& node,
                                                                    const agent::TlsIdentity& identity)>;
// The last report of a node's agent.
using FindFacts = std::function<Lookup<NodeFacts>(const std::string& node)>;

// May be used from any thread; authority and certificate must outlive it.
class AgentConnections final : public controller::Agents {
 public:
  AgentConnections(const authority::CurrentAuthority& authority, authority::RenewedCertificate& certificate,
                   FindFacts find_facts, ConnectAgent connect);

  [[nodiscard]] Lookup<NodeFacts> facts(const std::string& node) override { return find_facts_(node); }
  // Whoever holds an older one may go on with it.
  [[nodiscard]] Result<std::shared_ptr<agent::AgentApi>> agent(const std::string& node) override;

 private:
  struct Known {
    std::string address;
    std::string certificate_pem;
    std::shared_ptr<agent::AgentApi> agent;
  };
  const authority::CurrentAuthority& authority_;
  authority::RenewedCertificate& certificate_;
  const FindFacts find_facts_;
  const ConnectAgent connect_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // by node
};

}  // namespace migrate
