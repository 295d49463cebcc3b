// What both sides of our TLS agree on. Internal to shared/agent_api.
#pragma once

namespace migrate::agent {

// Makes sure that this process speaks nothing older than TLS 1.3 over gRPC.
void require_tls13();

}  // namespace migrate::agent
