// Our side of TLS: which authorities count, which certificate we show, and why a server's was not accepted.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "shared/base/result.h"
#include "shared/http_client/http_client.h"

struct ssl_ctx_st;

namespace migrate::http {

// What OpenSSL found wrong with the server's certificate, noted during the handshake.
struct Rejection {
  long verify_error = 0;  // X509_V_ERR_…; 0: nothing
  std::string reason;     // OpenSSL's words
  std::string names;      // whom the certificate is for: "kubernetes, 10.96.0.1"
};

class TlsProfile {
 public:
  // Reads the PEM texts; `expected_name` is the host name or address to be verified.
  [[nodiscard]] static Result<std::shared_ptr<TlsProfile>> make(const TlsSettings& settings, std::string expected_name);
  ~TlsProfile();
  TlsProfile(const TlsProfile&) = delete;
  TlsProfile& operator=(const TlsProfile&) = delete;

  // Sets up a context that already looks at the system's authorities. Must outlive every handshake of the context.
  void apply(ssl_ctx_st* context);
  [[nodiscard]] Rejection rejection() const;
  [[nodiscard]] const std::string& expected_name() const { return expected_name_; }

 private:
  struct Material;
  TlsProfile(std::unique_ptr<Material> material, std::string expected_name, bool insecure);
  static int verify(void* store_context, void* self);

  std::unique_ptr<Material> material_;
  std::string expected_name_;
  bool insecure_;
  mutable std::mutex mutex_;
  Rejection rejection_;
};

// True for "10.0.0.1" and "fd00::1": addresses have no place in SNI.
[[nodiscard]] bool is_ip_address(const std::string& host);

}  // namespace migrate::http
