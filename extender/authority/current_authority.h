// The authority as it is now: its Secret may be replaced while we run.
#pragma once

#include <mutex>

#include "shared/certificates/certificates.h"

namespace migrate::authority {

// May be asked from any thread.
class CurrentAuthority {
 public:
  explicit CurrentAuthority(certificates::KeyPair pair) : pair_(std::move(pair)) {}

  [[nodiscard]] certificates::KeyPair pair() const {
    const std::lock_guard lock{mutex_};
    return pair_;
  }
  // False: it is that one already.
  bool replace(certificates::KeyPair pair) {
    const std::lock_guard lock{mutex_};
    if (pair.certificate_pem == pair_.certificate_pem && pair.key_pem == pair_.key_pem) return false;
    pair_ = std::move(pair);
    return true;
  }

 private:
  mutable std::mutex mutex_;
  certificates::KeyPair pair_;
};

}  // namespace migrate::authority
