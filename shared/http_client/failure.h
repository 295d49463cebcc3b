// From the HTTP library's words and numbers to an error a user can act on. Pure.
#pragma once

#include <string>

#include "shared/http_client/exchange.h"
#include "shared/http_client/http_client.h"
#include "shared/http_client/tls.h"

namespace migrate::http {

struct Peer {
  std::string host_port;      // as in the URL, for people
  std::string expected_name;  // for the certificate
  std::string proxy;          // host:port; empty: none
};

// Why a server's certificate was not accepted: "its certificate is valid for a, not for b".
[[nodiscard]] std::string certificate_problem(const Rejection& rejection, const std::string& expected_name);

[[nodiscard]] HttpError explain(const Breakage& breakage, const Rejection& rejection, const Peer& peer);

}  // namespace migrate::http
