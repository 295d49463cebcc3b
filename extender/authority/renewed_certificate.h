// A certificate of our authority that is issued anew, with a new key, when half of its life is over.
#pragma once

#include <mutex>
#include <optional>

#include "shared/base/host.h"
#include "shared/certificates/certificates.h"

namespace migrate::authority {

// May be asked from any thread; the clock must outlive it.
class RenewedCertificate {
 public:
  RenewedCertificate(certificates::KeyPair authority, certificates::Subject subject, const Clock& clock);

  // Another one than before: it was renewed. An error only when there is none that is still good.
  [[nodiscard]] Result<certificates::KeyPair> current();

 private:
  const certificates::KeyPair authority_;
  const certificates::Subject subject_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<certificates::KeyPair> issued_;
  Instant renew_at_{};
  Instant ends_at_{};
};

}  // namespace migrate::authority
