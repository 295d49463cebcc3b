#include "extender/authority/renewed_certificate.h"

#include <utility>

namespace migrate::authority {

RenewedCertificate::RenewedCertificate(const CurrentAuthority& authority, certificates::Subject subject,
                                       const Clock& clock)
    : authority_(authority), subject_(std::move(subject)), clock_(clock) {}

Result<certificates::KeyPair> RenewedCertificate::current() {
  const std::lock_guard lock{mutex_};
  const Instant now = clock_.now();
  const certificates::KeyPair authority = authority_.pair();
  if (issued_ && now < renew_at_ && authority.certificate_pem == issuer_pem_) return *issued_;
  auto made = certificates::issue(authority, subject_, now);
  if (!made) {
    if (issued_ && now < ends_at_) return *issued_;
    return made;
  }
  issued_ = *made;
  issuer_pem_ = authority.certificate_pem;
  renew_at_ = now + certificates::kLifetime / 2;
  ends_at_ = now + certificates::kLifetime;
  return made;
}

}  // namespace migrate::authority
