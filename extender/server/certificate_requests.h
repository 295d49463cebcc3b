// Certificates for agents: who asks is what the API server says of the token that comes with the request, and the
// node is the one that the token is bound to. Nothing in the request itself is believed but its key.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "extender/authority/current_authority.h"
#include "shared/base/host.h"
#include "shared/certificates/certificates.h"
#include "shared/kube/client.h"

namespace migrate::extender {

// The audience of agents' projected tokens.
inline constexpr const char* kTokenAudience = "kubectl-migrate.dev";

struct Refusal {
  unsigned status = 500;  // HTTP's
  std::string message;
};

// The node whose agent a reviewed token belongs to. `review` is a TokenReview with its status. Pure.
[[nodiscard]] Result<std::string, Refusal> node_of(const nlohmann::json& review, const std::string& namespace_);

class CertificateRequests {
 public:
  // Client, clock and authority must outlive it. `namespace_`: where the agents run.
  CertificateRequests(kube::Client& client, const Clock& clock, const authority::CurrentAuthority& authority,
                      std::string namespace_);

  struct Issued {
    std::string node;
    std::string certificate_pem;
  };
  // `authorization`: the header's value. Takes as long as the API server does, 5 s at most.
  [[nodiscard]] Result<Issued, Refusal> answer(const std::string& authorization, const std::string& csr_pem) const;

 private:
  kube::Client& client_;
  const Clock& clock_;
  const authority::CurrentAuthority& authority_;
  const std::string namespace_;
};

}  // namespace migrate::extender
