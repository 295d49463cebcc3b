#include "extender/agents/agent_connections.h"

#include <fmt/format.h>

#include <utility>

namespace migrate {

AgentConnections::AgentConnections(const authority::CurrentAuthority& authority,
                                   authority::RenewedCertificate& certificate, FindFacts find_facts,
                                   ConnectAgent connect)
    : authority_(authority),
      certificate_(certificate),
      find_facts_(std::move(find_facts)),
      connect_(std::move(connect)) {}

Result<std::shared_ptr<agent::AgentApi>> AgentConnections::agent(const std::string& node) {
  const auto found = find_facts_(node);
  if (!found) return tl::make_unexpected(found.error().within("find the agent of node " + node));
  if (!*found || (*found)->address.empty())
    return failure(
        fmt::format("no migrate-agent has reported from node {}: is the DaemonSet's Pod running there?", node));
  auto own = certificate_.current();
  if (!own) return tl::make_unexpected(own.error());

  const std::string& address = (*found)->address;
  const std::lock_guard lock{mutex_};
  Known& known = known_[node];
  if (known.agent == nullptr || known.address != address || known.certificate_pem != own->certificate_pem)
    known = {address, own->certificate_pem,
             connect_(address, node, {authority_.pair().certificate_pem, own->certificate_pem, own->key_pem})};
  return known.agent;
}

}  // namespace migrate
