#include "shared/agent_api/tls.h"

#include <cstdlib>

namespace migrate::agent {
namespace {

// gRPC 1.51 has no switch for the least version, only a list of the ciphers of TLS 1.2. Our keys are ECDSA, so a list
// with nothing but RSA leaves TLS 1.2 without any cipher; those of TLS 1.3 are not concerned. It is read once, at the
// first use of TLS, from the environment, which may only be written while there is one thread: before main.
// gRPC's own lines on stderr are no JSON; what matters comes as a status. GRPC_VERBOSITY brings them back.
const bool kIsSet = [] {
  return ::setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", 1) == 0 &&
         ::setenv("GRPC_VERBOSITY", "NONE", 0) == 0;
}();

}  // namespace

void require_tls13() {
  if (!kIsSet) std::abort();
}

}  // namespace migrate::agent
