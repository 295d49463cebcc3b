// TLS between two threads over the loopback, as plain as Boost makes it: what our servers are beside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "shared/certificates/certificates.h"

namespace bench {

// An authority of its own, and what it signs.
class Identities {
 public:
  Identities();
  [[nodiscard]] const std::string& authority_pem() const { return authority_.certificate_pem; }
  // "localhost" and 127.0.0.1 are among its names, and an agent's if it is one ("agent/NODE").
  [[nodiscard]] migrate::certificates::KeyPair issue(const std::string& common_name) const;

 private:
  migrate::certificates::KeyPair authority_;
};

// Answers each request of one connection after the other with its own body.
class EchoServer {
 public:
  explicit EchoServer(const migrate::certificates::KeyPair& identity);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A connection that stays.
class HttpsConnection {
 public:
  explicit HttpsConnection(std::uint16_t port);
  ~HttpsConnection();
  HttpsConnection(const HttpsConnection&) = delete;
  HttpsConnection& operator=(const HttpsConnection&) = delete;
  // The answer's body. Throws unless it is 200.
  std::string post(const std::string& path, const std::string& body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Sends `times` × `piece` from one thread to another through a TLS 1.3 connection made before; the milliseconds that
// took.
[[nodiscard]] double raw_transfer(const migrate::certificates::KeyPair& identity, const std::string& piece, int times);

}  // namespace bench
