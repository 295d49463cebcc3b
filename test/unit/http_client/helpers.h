// What the HTTP client's tests have in common.
#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "shared/http_client/http_client.h"
#include "test/unit/fake_server/server.h"

namespace migrate::http {

inline std::shared_ptr<HttpClient> client_of(const HttpClientOptions& options) {
  auto made = make_http_client(options);
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  return *made;
}

inline HttpRequest get(std::string target, ConnectionUse connection = ConnectionUse::fresh) {
  HttpRequest request;
  request.target = std::move(target);
  request.connection = connection;
  return request;
}

inline HttpRequest post(std::string target, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  request.body = std::move(body);
  request.content_type = "application/json";
  return request;
}

inline void check_fails(const Result<HttpResponse, HttpError>& answer, HttpError::Kind kind,
                        const std::string& says = "") {
  BOOST_REQUIRE(!answer);
  BOOST_TEST(static_cast<int>(answer.error().kind) == static_cast<int>(kind), answer.error().message);
  BOOST_TEST(answer.error().message.find(says) != std::string::npos, answer.error().message);
}

}  // namespace migrate::http
