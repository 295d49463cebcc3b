// Our own certificate authority: keys made in memory, certificates for 24 hours. Identities are common names:
// "controller", "extender", "agent/NODE". ECDSA P-256, by OpenSSL.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate::certificates {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

// A new authority, good for ten years.
[[nodiscard]] Result<KeyPair> make_authority(Instant now);

struct SigningRequest {
  std::string csr_pem;
  std::string key_pem;  // never leaves the process that made it
};
// A request carries nothing but a public key: who asks is found out otherwise.
[[nodiscard]] Result<SigningRequest> make_request();

struct Subject {
  std::string common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};
inline constexpr std::chrono::hours kLifetime{24};
// For TLS servers and clients. Whatever the request says but its key, whose possession it proves, is ignored.
[[nodiscard]] Result<std::string> sign(const KeyPair& authority, const std::string& csr_pem, const Subject& subject,
                                       Instant now);
// Request and signature in one, for who holds the authority.
[[nodiscard]] Result<KeyPair> issue(const KeyPair& authority, const Subject& subject, Instant now);

[[nodiscard]] Result<Instant> expiry(const std::string& certificate_pem);

// The DNS name an agent's certificate carries: "NODE.agent.kubectl-migrate.dev". Of a node whose name is too long for
// that (more than 227 characters) a digest stands in its place.
[[nodiscard]] std::string agent_dns_name(const std::string& node);

}  // namespace migrate::certificates
