// An HTTP/1.1 client for API servers and management APIs: bounded in time, cancellable, strict about TLS. A narrow
// front, so that the library behind it (one .cpp) can be exchanged. HTTP: RFC 9110 and 9112.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"

namespace migrate::http {

// Name and value. A name may occur several times: each is a line of its own when sent. Received lines of one name
// are joined by ", ".
using Header = std::pair<std::string, std::string>;

// The first header of that name, whatever its case; nullptr when there is none.
[[nodiscard]] const std::string* find_header(const std::vector<Header>& headers, std::string_view name);

inline constexpr std::chrono::milliseconds kNoTimeout = std::chrono::milliseconds::max();

// A pooled connection may have died unnoticed; then the library silently sends the request once more, so only
// requests that may run twice go over it. A fresh one costs a handshake and is used for this request alone.
enum class ConnectionUse { fresh, pooled };

struct HttpRequest {
  std::string method = "GET";
  std::string target;  // path and query, already escaped, beginning with a slash; appended to the base URL's path
  std::vector<Header> headers;
  std::string body;
  std::string content_type;
  ConnectionUse connection = ConnectionUse::fresh;
  std::chrono::milliseconds timeout{60'000};           // from the call until the answer's last byte
  std::chrono::milliseconds idle_timeout{kNoTimeout};  // between two pieces of the answer
  std::size_t body_limit = 256U << 20;                 // bytes kept in memory; more is an error
  std::stop_token stop;
};

struct HttpResponse {
  unsigned status = 0;
  std::vector<Header> headers;
  std::string body;
};

struct HttpError {
  enum class Kind {
    connect,    // nobody there, a name that does not resolve, a proxy that refuses
    tls,        // the other side is not who it should be, or does not accept our certificate
    deadline,   // the timeout passed first
    cut_off,    // the connection ended before the answer did
    cancelled,  // the stop token said so
    protocol,   // not HTTP, larger than allowed, or a request that cannot be sent
  };
  Kind kind = Kind::protocol;
  std::string message;        // for a person
  bool may_have_run = false;  // the request was sent, so the server may have carried it out
};

// Takes pieces of a body as they come, on the caller's thread; while it works no more than about a megabyte is read
// ahead. False: enough, the rest is not wanted.
using BodySink = std::function<bool(std::string_view piece)>;

// May be used from several threads. Redirects are answers like any other: never followed, so that no header travels
// to another host.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Waits for the whole answer, whatever its status. Asks for compression and undoes it.
  [[nodiscard]] virtual Result<HttpResponse, HttpError> send(const HttpRequest& request) = 0;
  // Gives the body of a 2xx answer to `sink` and returns when it ended or the sink had enough; other answers come
  // whole, as from send(). The connection is probed while silent (TCP keep-alive, over TLS without a proxy).
  [[nodiscard]] virtual Result<HttpResponse, HttpError> stream(const HttpRequest& request, const BodySink& sink) = 0;
};

// PEM texts. The system's authorities count only when ca_pem is unset.
struct TlsSettings {
  std::optional<std::string> ca_pem;
  bool insecure_skip_verify = false;
  std::string server_name;  // for SNI, verification and the Host header, in place of the URL's host
  std::string certificate_pem;
  std::string key_pem;
};

struct HttpClientOptions {
  std::string base_url;  // http:// or https://, perhaps with a path
  TlsSettings tls;
  std::string proxy_url;  // http://[user:password@]host:port; empty: none
};

// Connects to nothing yet. Fails on an unusable URL, certificate, key or kind of proxy.
[[nodiscard]] Result<std::shared_ptr<HttpClient>> make_http_client(const HttpClientOptions& options);

}  // namespace migrate::http
