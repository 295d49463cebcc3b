// A server on a raw socket that does exactly what a test scripts, right or wrong: it writes the bytes it is told to,
// breaks off where it is told to, and keeps what it was sent. One thread for each connection.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "test/unit/fake_server/certificates.h"

struct ssl_st;
struct ssl_ctx_st;

namespace migrate::test {

struct Request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // in the order they came
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const;  // the first of that name; "" when there is none
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
};

struct ServerTls {
  Pem certificate;
  std::string client_authority;  // PEM; empty: no client certificate is asked for
};

class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool start_tls(const ServerTls& tls);                                          // false: the handshake failed
  [[nodiscard]] const std::string& server_name() const { return server_name_; }  // the client's SNI
  std::optional<Request> read();  // the next request; nothing when the client closed
  bool write(std::string_view bytes);
  // A whole answer with Content-Length; `headers` are whole lines.
  bool answer(unsigned status, std::string_view body, const std::vector<std::string>& headers = {});
  // The head of a chunked answer, one chunk, and the end of them.
  bool begin_chunks(const std::vector<std::string>& headers = {});
  bool chunk(std::string_view data);
  bool end_chunks();
  void wait_until_closed();  // by the client or by the server's end
  void reset();              // the client's next read fails with "connection reset"
  void shut();               // wakes a thread that reads or writes

 private:
  long receive(char* bytes, std::size_t size);
  bool fill();
  int socket_;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* tls_ = nullptr;
  std::string server_name_;
  std::string buffer_;
};

// What to do with a connection; `number` counts them from 0.
using Script = std::function<void(Connection&, std::size_t number)>;

class FakeServer {
 public:
  explicit FakeServer(Script script, std::optional<ServerTls> tls = {});
  // Answers every request of every connection.
  static Script each(std::function<void(Connection&, const Request&)> handler);
  ~FakeServer();  // ends every connection and waits for the scripts
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::size_t connections() const;  // accepted so far

 private:
  void accept_all();
  Script script_;
  std::optional<ServerTls> tls_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::size_t accepted_ = 0;
  std::list<std::shared_ptr<Connection>> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A port of this machine where nobody listens, and where nobody else can meanwhile.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  int socket_ = -1;
};

// For a test to wait until a script got somewhere, and the other way round.
class Signal {
 public:
  void set() {
    {
      const std::lock_guard lock{mutex_};
      is_set_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return is_set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

}  // namespace migrate::test
