#include "shared/http_client/failure.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace migrate::http {
namespace {

using Kind = HttpError::Kind;

// OpenSSL packs library and reason into one number, above every errno.
bool is_openssl(long code) {
  return code > 0 && ERR_GET_LIB(static_cast<unsigned long>(code)) == ERR_LIB_SSL;
}

std::string openssl_reason(long code) {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
  const char* reason = ERR_reason_error_string(static_cast<unsigned long>(code));
  return reason != nullptr ? reason : fmt::format("TLS error {:#x}", code);
}

HttpError unable(Kind kind, const Peer& peer, const std::string& why) {
  return {kind, fmt::format("Unable to connect to the server {}: {}", peer.host_port, why), false};
}

std::string errno_text(long code) {
  return std::generic_category().message(static_cast<int>(code));
}

}  // namespace

std::string certificate_problem(const Rejection& rejection, const std::string& expected_name) {
  switch (rejection.verify_error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_ERR_UNSPECIFIED:
      return fmt::format("its certificate is valid for {}, not for {}",
                         rejection.names.empty() ? "no name" : rejection.names, expected_name);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired (or this machine's clock is wrong)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not yet valid (or this machine's clock is wrong)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return fmt::format("its certificate is signed by an unknown authority ({})", rejection.reason);
    default:
      return fmt::format("its certificate is not accepted ({})", rejection.reason);
  }
}

HttpError explain(const Breakage& breakage, const Rejection& rejection, const Peer& peer) {
  const std::string& what = breakage.what;
  const auto says = [&](std::string_view text) { return what.find(text) != std::string::npos; };
  if (!breakage.head_received) {
    if (says("Error resolving proxy address"))
      return unable(Kind::connect, peer, fmt::format("the proxy {} has no address", peer.proxy));
    if (says("resolved proxy endpoint"))
      return unable(Kind::connect, peer, fmt::format("the proxy {} refused", peer.proxy));
    if (says("from proxy") || says("to proxy") || says("proxy connection"))
      return unable(Kind::connect, peer, fmt::format("the proxy {} did not open the way ({})", peer.proxy, what));
    if (says("Error resolving address") || says("Failed to resolve address"))
      return unable(Kind::connect, peer, "no such host");
    if (says("Failed to connect to any resolved endpoint")) {
      // The library reports a refused connection as EHOSTUNREACH.
      if (breakage.code == EHOSTUNREACH || breakage.code == ECONNREFUSED)
        return {Kind::connect,
                fmt::format("The connection to the server {} was refused - did you specify the right host or port?",
                            peer.proxy.empty() ? peer.host_port : peer.proxy),
                false};
      return unable(Kind::connect, peer, errno_text(breakage.code));
    }
    if (says("SSL handshake")) {
      if (rejection.verify_error != 0)
        return unable(Kind::tls, peer, certificate_problem(rejection, peer.expected_name));
      if (is_openssl(breakage.code))
        return unable(Kind::tls, peer, fmt::format("TLS handshake failed ({})", openssl_reason(breakage.code)));
      return unable(Kind::connect, peer, "the connection ended during the TLS handshake");
    }
  }
  // TLS 1.3 lets the client finish first; "certificate required" arrives in place of the answer.
  if (is_openssl(breakage.code) && ERR_GET_REASON(static_cast<unsigned long>(breakage.code)) > SSL_AD_REASON_OFFSET)
    return unable(Kind::tls, peer, fmt::format("it ended the TLS session ({})", openssl_reason(breakage.code)));
  if (says("Invalid HTTP status line") || says("Invalid chunked response") || says("decompress") || says("encoding"))
    return {Kind::protocol, fmt::format("The server {} sent an answer that is not HTTP ({})", peer.host_port, what),
            true};
  return {Kind::cut_off,
          fmt::format("The connection to the server {} was lost {}", peer.host_port,
                      breakage.head_received ? "in the middle of the answer" : "before it answered"),
          true};
}

}  // namespace migrate::http
