// The authority that agents, extender and controller have in common: the Secret migrate-ca, made when there is none,
// and its certificate for everybody in the ConfigMap of the same name. Key and certificate PEM as kubernetes.io/tls has
// them.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/base/units.h"
#include "shared/certificates/certificates.h"
#include "shared/kube/client.h"

namespace migrate::authority {

inline constexpr const char* kAuthorityName = "migrate-ca";  // of the Secret and the ConfigMap
inline constexpr const char* kAuthorityKey = "ca.crt";       // in the ConfigMap

// The same one for all replicas: whoever creates the Secret first decides. An existing one that cannot be used is an
// error, never replaced: certificates of it are in use.
[[nodiscard]] Result<certificates::KeyPair> ensure_authority(kube::Client& client, const std::string& namespace_,
                                                             Instant now, const kube::CallOptions& call = {});
[[nodiscard]] Result<void> publish_authority(kube::Client& client, const std::string& namespace_,
                                             const std::string& certificate_pem, const kube::CallOptions& call = {});

// Who the extender's HTTPS server is: localhost for the scheduler beside it, the Service's names for agents.
[[nodiscard]] certificates::Subject server_subject(const std::string& namespace_);
// Who the controller is to agents.
[[nodiscard]] certificates::Subject controller_subject();

}  // namespace migrate::authority
