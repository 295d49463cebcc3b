#include "test/bench/components/tls_loopback.h"

#include <utility>  // Boost 1.74's Asio uses std::exchange without it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <vector>

#include "shared/base/host.h"

namespace bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = boost::asio::ssl;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using Code = boost::system::error_code;
using Steady = std::chrono::steady_clock;
using TlsSocket = ssl::stream<tcp::socket>;
using migrate::certificates::KeyPair;

const tcp::endpoint kAnyPort{asio::ip::address_v4::loopback(), 0};

ssl::context server_context(const KeyPair& identity) {
  ssl::context context{ssl::context::tls_server};
  context.use_certificate_chain(asio::buffer(identity.certificate_pem));
  context.use_private_key(asio::buffer(identity.key_pem), ssl::context::pem);
  return context;
}

void connect(TlsSocket& socket, std::uint16_t port) {
  socket.next_layer().connect({kAnyPort.address(), port});
  socket.next_layer().set_option(tcp::no_delay{true});
  socket.handshake(ssl::stream_base::client);
}

}  // namespace

Identities::Identities()
    : authority_(migrate::value_or_fatal(migrate::certificates::make_authority(migrate::SystemClock{}.now()))) {}

KeyPair Identities::issue(const std::string& common_name) const {
  migrate::certificates::Subject subject{common_name, {"localhost"}, {"127.0.0.1"}};
  if (const std::string agent = "agent/"; common_name.starts_with(agent))
    subject.dns_names.push_back(migrate::certificates::agent_dns_name(common_name.substr(agent.size())));
  return migrate::value_or_fatal(migrate::certificates::issue(authority_, subject, migrate::SystemClock{}.now()));
}

struct EchoServer::Impl {
  explicit Impl(const KeyPair& identity) : tls(server_context(identity)) {}

  void serve() {
    Code failed;
    while (true) {
      tcp::socket accepted{context};
      acceptor.accept(accepted, failed);
      if (failed || stopping) return;
      accepted.set_option(tcp::no_delay{true});
      TlsSocket socket{std::move(accepted), tls};
      socket.handshake(ssl::stream_base::server, failed);
      if (!failed) echo(socket);
    }
  }
  static void echo(TlsSocket& socket) {
    Code failed;
    beast::flat_buffer buffer;
    while (true) {
      http::request<http::string_body> request;
      http::request_parser<http::string_body> parser{std::move(request)};
      parser.body_limit(64U << 20);
      http::read(socket, buffer, parser, failed);
      if (failed) return;
      http::response<http::string_body> response{http::status::ok, 11};
      response.body() = std::move(parser.get().body());
      response.prepare_payload();
      http::write(socket, response, failed);
      if (failed) return;
    }
  }

  asio::io_context context{1};
  ssl::context tls;
  tcp::acceptor acceptor{context, kAnyPort};
  std::atomic<bool> stopping = false;
  std::jthread thread{[this] { serve(); }};  // last: it uses the others
};

EchoServer::EchoServer(const KeyPair& identity) : impl_(std::make_unique<Impl>(identity)) {}

// A close does not wake who waits in accept(): a connection does.
EchoServer::~EchoServer() {
  impl_->stopping = true;
  Code ignored;
  asio::io_context context;
  tcp::socket{context}.connect(impl_->acceptor.local_endpoint(), ignored);
}

std::uint16_t EchoServer::port() const {
  return impl_->acceptor.local_endpoint().port();
}

struct HttpsConnection::Impl {
  asio::io_context context{1};
  ssl::context tls{ssl::context::tls_client};
  TlsSocket socket{context, tls};
  beast::flat_buffer buffer;
};

HttpsConnection::HttpsConnection(std::uint16_t port) : impl_(std::make_unique<Impl>()) {
  connect(impl_->socket, port);
}

HttpsConnection::~HttpsConnection() = default;

std::string HttpsConnection::post(const std::string& path, const std::string& body) {
  http::request<http::string_body> request{http::verb::post, path, 11};
  request.set(http::field::host, "localhost");
  request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  http::write(impl_->socket, request);
  http::response_parser<http::string_body> parser;
  parser.body_limit(64U << 20);
  http::read(impl_->socket, impl_->buffer, parser);
  auto response = parser.release();
  if (response.result() != http::status::ok)
    throw std::runtime_error(fmt::format("POST {}: {} {}", path, response.result_int(), response.body()));
  return std::move(response.body());
}

double raw_transfer(const KeyPair& identity, const std::string& piece, int times) {
  asio::io_context context{1};
  ssl::context server_tls = server_context(identity);
  ssl::context client_tls{ssl::context::tls_client};
  tcp::acceptor acceptor{context, kAnyPort};
  std::jthread sender{[&] {
    TlsSocket socket{acceptor.accept(), server_tls};
    socket.handshake(ssl::stream_base::server);
    // The receiver says when the time begins.
    char begin = 0;
    asio::read(socket, asio::buffer(&begin, 1));
    for (int i = 0; i < times; ++i)
      asio::write(socket, asio::buffer(piece));
  }};
  TlsSocket socket{context, client_tls};
  connect(socket, acceptor.local_endpoint().port());
  std::vector<char> buffer(256U << 10);
  std::size_t left = piece.size() * static_cast<std::size_t>(times);
  const auto began = Steady::now();
  asio::write(socket, asio::buffer("b", 1));
  while (left > 0)
    left -= socket.read_some(asio::buffer(buffer));
  return std::chrono::duration<double, std::milli>(Steady::now() - began).count();
}

}  // namespace bench
