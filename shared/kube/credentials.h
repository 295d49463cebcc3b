// What a request shows of itself to the API server, kept fresh: static tokens and certificates, token files that are
// rotated under us, exec plugins whose tokens expire.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "shared/base/result.h"
#include "shared/kube/config.h"

namespace migrate::kube {

struct Credential {
  std::string authorization;                     // value of the Authorization header; empty: none
  std::optional<ClientCertificate> certificate;  // for the TLS handshake
  bool operator==(const Credential&) const = default;
};

// May be asked from any thread.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // What to show now. Cheap: asks files and plugins only when what is known is too old.
  [[nodiscard]] virtual Result<Credential> current() = 0;
  // The server answered 401 to `refused`. True when a newer credential may do better (then repeat the request once);
  // false when there is nothing else to show.
  [[nodiscard]] virtual bool renew(const Credential& refused) = 0;
};

}  // namespace migrate::kube
