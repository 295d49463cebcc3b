// A small HTTP/1.1 server for status, metrics and scheduler extenders, over Boost.Beast, plain or with TLS. Every bound
// is explicit, so that no peer, slow or hostile, takes more than its share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"

namespace migrate::http {

struct Request {
  std::string method;
  std::string target;  // path and query as sent
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // as sent, in their order
  // The common name in the certificate that the peer has shown, which was verified; nothing: it has shown none.
  std::optional<std::string> peer = {};

  // The first of that name, whatever its case; nullptr when there is none.
  [[nodiscard]] const std::string* header(std::string_view name) const;
};

// A file as the body: sent piece by piece, so that memory does not grow with it. To HEAD only its size is told.
struct FileBody {
  std::filesystem::path path;
  // When its last byte was handed to the connection, on one of the server's threads. Never for HEAD.
  std::function<void()> sent = {};
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside those that follow from the body
  std::optional<FileBody> file = {};                              // in place of `body`
};

// Called on one of the server's threads, on several at once when there are several; what it throws becomes a 500.
using Handler = std::function<Response(const Request&)>;

struct Limits {
  std::size_t body_bytes = 10U << 20;           // more: 413
  std::size_t header_bytes = 16U << 10;         // more: 431
  std::size_t connections = 256;                // more: closed at once
  std::chrono::milliseconds idle{30'000};       // to send a request, to take an answer (a piece of a file), between two
  std::chrono::milliseconds handshake{10'000};  // of TLS
  unsigned threads = 1;  // so many handlers run at once; where they wait for somebody, more than one
};

// PEM: the certificate first, then what leads from it to an authority.
struct ServerCertificate {
  std::string certificate_pem;
  std::string key_pem;
  // Authorities of clients' certificates; empty: clients are asked for none. Whoever shows one that is none of theirs,
  // or is not valid now, is cut off in the handshake. Nobody has to show one: what takes one is the handler's to say.
  std::string client_ca_pem = {};

  bool operator==(const ServerCertificate&) const = default;
};

class Server {
 public:
  // Binds and serves at once, on threads of its own. Port 0: the system chooses. With a certificate: TLS 1.2 or 1.3
  // only.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(
      const std::string& address, std::uint16_t port, Handler handler, Limits limits = {},
      const std::optional<ServerCertificate>& certificate = std::nullopt);
  ~Server();  // closes every connection; waits for handlers that run
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // For connections from now on; of a server with TLS. May be called from any thread.
  [[nodiscard]] Result<void> set_certificate(const ServerCertificate& certificate);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace migrate::http
