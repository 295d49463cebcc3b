// A certificate of our authority that is issued anew, with a new key, when half of its life is over, or when the
// authority was replaced.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "extender/authority/current_authority.h"
#include "shared/base/host.h"
#include "shared/certificates/certificates.h"

namespace migrate::authority {

// May be asked from any thread; authority and clock must outlive it.
class RenewedCertificate {
 public:
  RenewedCertificate(const CurrentAuthority& authority, certificates::Subject subject, const Clock& clock);

  // Another one than before: it was renewed. An error only when there is none that is still good.
  [[nodiscard]] Result<certificates::KeyPair> current();

 private:
  const CurrentAuthority& authority_;
  const certificates::Subject subject_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<certificates::KeyPair> issued_;
  std::string issuer_pem_;
  Instant renew_at_{};
  Instant ends_at_{};
};

}  // namespace migrate::authority
