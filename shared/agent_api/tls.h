// What both sides of our TLS agree on. Internal to shared/agent_api.
#pragma once

#include <string>

namespace migrate::agent {

// The name in the certificate of a node's agent; the same as certificates::agent_dns_name.
[[nodiscard]] std::string server_name(const std::string& node);

// Makes sure that this process speaks nothing older than TLS 1.3 over gRPC.
void require_tls13();

}  // namespace migrate::agent
