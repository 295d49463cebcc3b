#include "shared/http_client/failure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <ostream>
#include <vector>

namespace migrate::http {
namespace {

namespace data = boost::unit_test::data;
using Kind = HttpError::Kind;

struct Case {
  std::string name;
  Breakage breakage;
  Rejection rejection;
  std::string proxy;
  Kind kind = Kind::connect;
  bool may_have_run = false;
  std::string says;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

long tls_code(int reason) {
  return static_cast<long>(ERR_PACK(ERR_LIB_SSL, 0, reason));
}

const std::vector<Case> kCases{
    {"refused",
     {"Failed to connect to any resolved endpoint", EHOSTUNREACH},
     {},
     "",
     Kind::connect,
     false,
     "The connection to the server api:6443 was refused - did you specify the right host or port?"},
    {"network unreachable",
     {"Failed to connect to any resolved endpoint", ENETUNREACH},
     {},
     "",
     Kind::connect,
     false,
     "Unable to connect to the server api:6443: Network is unreachable"},
    {"unknown name", {"Error resolving address", 1}, {}, "", Kind::connect, false, "api:6443: no such host"},
    {"refused proxy",
     {"Failed to connect to any resolved proxy endpoint", EHOSTUNREACH},
     {},
     "squid:3128",
     Kind::connect,
     false,
     "the proxy squid:3128 refused"},
    {"unwilling proxy",
     {"Expected a 200 response from proxy, received: 407", 0},
     {},
     "squid:3128",
     Kind::connect,
     false,
     "squid:3128 did not open the way (Expected a 200 response from proxy, received: 407)"},
    {"wrong name",
     {"Error in SSL handshake", tls_code(SSL_R_CERTIFICATE_VERIFY_FAILED)},
     {X509_V_ERR_HOSTNAME_MISMATCH, "hostname mismatch", "kubernetes, 10.96.0.1"},
     "",
     Kind::tls,
     false,
     "valid for kubernetes, 10.96.0.1, not for api"},
    {"expired",
     {"Error in SSL handshake", tls_code(SSL_R_CERTIFICATE_VERIFY_FAILED)},
     {X509_V_ERR_CERT_HAS_EXPIRED, "certificate has expired", ""},
     "",
     Kind::tls,
     false,
     "has expired"},
    {"unknown authority",
     {"Error in SSL handshake", tls_code(SSL_R_CERTIFICATE_VERIFY_FAILED)},
     {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unable to get local issuer certificate", ""},
     "",
     Kind::tls,
     false,
     "signed by an unknown authority"},
    {"not TLS",
     {"Error in SSL handshake", tls_code(SSL_R_WRONG_VERSION_NUMBER)},
     {},
     "",
     Kind::tls,
     false,
     "TLS handshake failed (wrong version number)"},
    {"closed in the handshake",
     {"Error in SSL handshake", ECONNRESET},
     {},
     "",
     Kind::connect,
     false,
     "during the TLS handshake"},
    {"certificate required, after TLS 1.3's handshake",
     {"Failed to read HTTP status line", tls_code(SSL_AD_REASON_OFFSET + 116)},
     {},
     "",
     Kind::tls,
     false,
     "certificate required"},
    {"closed before the answer",
     {"Failed to read HTTP status line", 2},
     {},
     "",
     Kind::cut_off,
     true,
     "The connection to the server api:6443 was lost before it answered"},
    {"closed in the answer",
     {"Failed to read response body", 2, true},
     {},
     "",
     Kind::cut_off,
     true,
     "in the middle of the answer"},
    {"not HTTP", {"Invalid HTTP status line", 0}, {}, "", Kind::protocol, true, "not HTTP"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(failure)

BOOST_DATA_TEST_CASE(a_breakage_becomes_an_error_that_says_what_to_look_at, data::make(kCases), c) {
  const HttpError error = explain(c.breakage, c.rejection, {"api:6443", "api", c.proxy});
  BOOST_TEST(static_cast<int>(error.kind) == static_cast<int>(c.kind));
  BOOST_TEST(error.may_have_run == c.may_have_run);
  BOOST_TEST(error.message.find(c.says) != std::string::npos, error.message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::http
