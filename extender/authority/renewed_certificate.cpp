#include "extender/authority/renewed_certificate.h"

#include <utility>

namespace migrate::authority {

RenewedCertificate::RenewedCertificate(certificates::KeyPair authority, certificates::Subject subject,
                                       const Clock& clock)
    : authority_(std::move(authority)), subject_(std::move(subject)), clock_(clock) {}

Result<certificates::KeyPair> RenewedCertificate::current() {
  const std::lock_guard lock{mutex_};
  const Instant now = clock_.now();
  if (issued_ && now < renew_at_) return *issued_;
  auto made = certificates::issue(authority_, subject_, now);
  if (!made) {
    if (issued_ && now < ends_at_) return *issued_;
    return made;
  }
  issued_ = *made;
  renew_at_ = now + certificates::kLifetime / 2;
  ends_at_ = now + certificates::kLifetime;
  return made;
}

}  // namespace migrate::authority
