// What an API server answers when it does not do what was asked: its Status objects as typed errors. Source:
// k8s.io/apimachinery meta/v1 Status, StatusReason, StatusDetails; wording as kubectl prints them.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/http_client/http_client.h"

namespace migrate::kube {

using Json = nlohmann::json;

struct ApiError {
  enum class Kind {
    // answers of the API server
    not_found,
    already_exists,
    conflict,  // changed meanwhile, or a precondition did not hold
    forbidden,
    unauthorized,
    invalid,            // 400 and 422: the request or object is wrong
    expired,            // 410: the resourceVersion or continue token is too old
    too_many_requests,  // also an eviction that a PodDisruptionBudget does not allow
    timeout,            // the server gave up
    server,             // 5xx, and everything else
    malformed,          // not the API server's language: a proxy's page, truncated JSON
    // no answer
    connection,
    tls,
    deadline,  // ours passed
    cancelled,
    local,  // nothing was sent: no credential, an impossible name
  };
  struct Cause {
    std::string reason;
    std::string message;
    std::string field;  // "spec.containers[0].image"
  };

  Kind kind = Kind::server;
  unsigned http_code = 0;  // 0: no answer
  std::string reason;      // the Status's, "NotFound"
  std::string message;     // the Status's, or ours
  std::string details_kind;
  std::string details_name;
  std::vector<Cause> causes;
  std::optional<std::chrono::seconds> retry_after;
  bool may_have_run = false;  // a write that may have been carried out although this error came of it

  // For a person, as kubectl says it: `Error from server (NotFound): pods "x" not found`.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] Error as_error() const { return {text()}; }
};

template <class T>
using ApiResult = Result<T, ApiError>;

// `attempt` is what was asked for, for the message: `get pods "x"`.
[[nodiscard]] ApiError error_of(const http::HttpResponse& response, const std::string& attempt);
[[nodiscard]] ApiError error_of(const http::HttpError& error, const std::string& attempt);
// From a Status object that came by itself, as in a watch's ERROR event.
[[nodiscard]] ApiError error_of_status(const Json& status, unsigned http_code);
[[nodiscard]] ApiError local_error(std::string message, ApiError::Kind kind = ApiError::Kind::local);

// A whole JSON document, or malformed with the first words of what came instead.
[[nodiscard]] ApiResult<Json> parse_json(const std::string& body, const std::string& attempt);

// Fit for a terminal: control characters (a server's text may hold escape sequences) become '?', line ends stay.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace migrate::kube
