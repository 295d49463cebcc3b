// A small HTTP/1.1 server for status, metrics and scheduler extenders, over Boost.Beast. Every bound is explicit, so
// that no peer, slow or hostile, takes more than its share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "shared/base/result.h"

namespace migrate::http {

struct Request {
  std::string method;
  std::string target;  // path and query as sent
  std::string body;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// Called on the server's thread; what it throws becomes a 500.
using Handler = std::function<Response(const Request&)>;

struct Limits {
  std::size_t body_bytes = 10U << 20;      // more: 413
  std::size_t header_bytes = 16U << 10;    // more: 431
  std::size_t connections = 256;           // more: closed at once
  std::chrono::milliseconds idle{30'000};  // to send a request, to take an answer, or between two
};

class Server {
 public:
  // Binds and serves at once, on one thread of its own. Port 0: the system chooses.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const std::string& address, std::uint16_t port,
                                                             Handler handler, Limits limits = {});
  ~Server();  // closes every connection
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace migrate::http
