#include "node/agent/serving.h"

namespace migrate::agent {

Result<void> Serving::take(const TlsIdentity& identity) {
  const std::lock_guard lock{mutex_};
  if (server_) {
    server_->renew(identity);
  } else {
    auto started = AgentServer::start(address_, port_, identity, agent_);
    if (!started) return tl::make_unexpected(started.error());
    server_ = std::move(*started);
  }
  identity_ = identity;
  return {};
}

bool Serving::is_ready() const {
  const std::lock_guard lock{mutex_};
  return server_ != nullptr;
}

std::uint16_t Serving::port() const {
  const std::lock_guard lock{mutex_};
  return server_ ? server_->port() : 0;
}

std::shared_ptr<AgentApi> Serving::connect(const std::string& address, const std::string& node) const {
  const std::lock_guard lock{mutex_};
  return identity_ ? connect_agent(address, node, *identity_) : nullptr;
}

}  // namespace migrate::agent
