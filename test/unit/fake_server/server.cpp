#include "test/unit/fake_server/server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <csignal>
#include <stdexcept>

namespace migrate::test {
namespace {

template <class Type, auto Read, auto Free>
std::shared_ptr<Type> parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  std::shared_ptr<Type> parsed{Read(bio, nullptr, nullptr, nullptr), [](Type* pointer) { Free(pointer); }};
  BIO_free(bio);
  if (!parsed) throw std::runtime_error("test certificate does not parse");
  return parsed;
}

auto certificate_of(const std::string& pem) {
  return parse<X509, PEM_read_bio_X509, X509_free>(pem);
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

int bound_socket(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port for the fake server");
  port = ntohs(address.sin_port);
  return listener;
}

}  // namespace

std::string Request::header(std::string_view name) const {
  const auto values = all(name);
  return values.empty() ? "" : values.front();
}

std::vector<std::string> Request::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [candidate, value] : headers)
    if (same(candidate, name)) values.push_back(value);
  return values;
}

Connection::~Connection() {
  if (tls_ != nullptr) SSL_free(tls_);
  if (context_ != nullptr) SSL_CTX_free(context_);
  ::close(socket_);
}

bool Connection::start_tls(const ServerTls& tls) {
  context_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context_, certificate_of(tls.certificate.certificate).get());
  SSL_CTX_use_PrivateKey(context_, parse<EVP_PKEY, PEM_read_bio_PrivateKey, EVP_PKEY_free>(tls.certificate.key).get());
  if (!tls.client_authority.empty()) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), certificate_of(tls.client_authority).get());
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  tls_ = SSL_new(context_);
  SSL_set_fd(tls_, socket_);
  const int accepted = SSL_accept(tls_);
  if (accepted != 1) {
    ERR_clear_error();
    // The alert must arrive: closing with bytes unread would reset the connection and destroy it.
    ::shutdown(socket_, SHUT_WR);
    std::array<char, 4096> rest{};
    while (::recv(socket_, rest.data(), rest.size(), 0) > 0)
      continue;
    return false;
  }
  if (const char* name = SSL_get_servername(tls_, TLSEXT_NAMETYPE_host_name)) server_name_ = name;
  return true;
}

long Connection::receive(char* bytes, std::size_t size) {
  return tls_ != nullptr ? SSL_read(tls_, bytes, static_cast<int>(size)) : ::recv(socket_, bytes, size, 0);
}

bool Connection::fill() {
  std::array<char, 16384> bytes{};
  const long got = receive(bytes.data(), bytes.size());
  ERR_clear_error();
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<Request> Connection::read() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return std::nullopt;
  Request request;
  std::size_t line = 0;
  while (line < end + 2) {
    const std::size_t stop = buffer_.find("\r\n", line);
    const std::string text = buffer_.substr(line, stop - line);
    if (line == 0) {
      const std::size_t first = text.find(' ');
      const std::size_t second = text.rfind(' ');
      request.method = text.substr(0, first);
      request.target = text.substr(first + 1, second - first - 1);
    } else if (const std::size_t colon = text.find(':'); colon != std::string::npos) {
      const std::size_t value = text.find_first_not_of(' ', colon + 1);
      request.headers.emplace_back(text.substr(0, colon), value == std::string::npos ? "" : text.substr(value));
    }
    line = stop + 2;
  }
  buffer_.erase(0, end + 4);
  const std::string length = request.header("Content-Length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (buffer_.size() < size)
    if (!fill()) return std::nullopt;
  request.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return request;
}

bool Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ERR_clear_error();
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Connection::answer(unsigned status, std::string_view body, const std::vector<std::string>& headers) {
  std::string text = fmt::format("HTTP/1.1 {} Scripted\r\nContent-Length: {}\r\n", status, body.size());
  for (const std::string& line : headers)
    text += line + "\r\n";
  return write(text + "\r\n" + std::string(body));
}

bool Connection::begin_chunks(const std::vector<std::string>& headers) {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";
  for (const std::string& line : headers)
    text += line + "\r\n";
  return write(text + "\r\n");
}

bool Connection::chunk(std::string_view data) {
  return write(fmt::format("{:x}\r\n{}\r\n", data.size(), data));
}

bool Connection::end_chunks() {
  return write("0\r\n\r\n");
}

void Connection::wait_until_closed() {
  while (fill())
    continue;
}

void Connection::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Connection::shut() {
  ::shutdown(socket_, SHUT_RDWR);
}

FakeServer::FakeServer(Script script, std::optional<ServerTls> tls) : script_(std::move(script)), tls_(std::move(tls)) {
  std::signal(SIGPIPE, SIG_IGN);  // SSL_write to a client that is gone
  socket_ = bound_socket(port_);
  ::listen(socket_, 64);
  acceptor_ = std::thread([this] { accept_all(); });
}

Script FakeServer::each(std::function<void(Connection&, const Request&)> handler) {
  return [handler = std::move(handler)](Connection& connection, std::size_t) {
    while (auto request = connection.read())
      handler(connection, *request);
  };
}

void FakeServer::accept_all() {
  for (;;) {
    const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) return;
    const std::lock_guard lock{mutex_};
    auto connection = std::make_shared<Connection>(accepted);
    open_.push_back(connection);
    threads_.emplace_back([this, connection = std::move(connection), number = accepted_++]() mutable {
      if (!tls_ || connection->start_tls(*tls_)) script_(*connection, number);
      const std::lock_guard closing{mutex_};
      open_.remove(connection);
      connection.reset();
    });
  }
}

FakeServer::~FakeServer() {
  ::shutdown(socket_, SHUT_RDWR);
  acceptor_.join();
  ::close(socket_);
  {
    const std::lock_guard lock{mutex_};
    for (const auto& connection : open_)
      connection->shut();
  }
  for (std::thread& thread : threads_)
    thread.join();
}

std::string FakeServer::url(const std::string& host) const {
  return fmt::format("{}://{}:{}", tls_ ? "https" : "http", host, port_);
}

std::size_t FakeServer::connections() const {
  const std::lock_guard lock{mutex_};
  return accepted_;
}

ClosedPort::ClosedPort() : socket_(bound_socket(port_)) {}

ClosedPort::~ClosedPort() {
  ::close(socket_);
}

}  // namespace migrate::test
