#include "shared/http_server/server.h"

#include <utility>  // Boost 1.74's Asio uses std::exchange without it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

namespace migrate::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using Parser = beast::http::request_parser<beast::http::string_body>;
using Message = beast::http::response<beast::http::string_body>;
using FileMessage = beast::http::response<beast::http::file_body>;

using TlsStream = asio::ssl::stream<beast::tcp_stream>;
using TlsContext = std::shared_ptr<asio::ssl::context>;

struct Shared {
  Handler handler;
  Limits limits;
  std::atomic<std::size_t> open_connections = 0;
};

Result<TlsContext> make_context(const ServerCertificate& certificate) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  try {
    context->use_certificate_chain(asio::buffer(certificate.certificate_pem));
    context->use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem);
  } catch (const boost::system::system_error& error) {
    return failure(fmt::format("use the server's certificate and key: {}", error.code().message()));
  }
  if (certificate.client_ca_pem.empty()) return context;
  try {
    context->add_certificate_authority(asio::buffer(certificate.client_ca_pem));
  } catch (const boost::system::system_error& error) {
    return failure(fmt::format("use the authorities of clients' certificates: {}", error.code().message()));
  }
  context->set_verify_mode(asio::ssl::verify_peer);
  // A session that is resumed would be believed beyond the end of its certificate, and of its authority.
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context->native_handle(), 0);
  return context;
}

// Behind a handshake in which certificates are verified.
std::optional<std::string> peer_of(SSL* tls) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate{SSL_get1_peer_certificate(tls), &X509_free};
  if (!certificate) return std::nullopt;
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "";
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return "";
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

template <class Body>
beast::http::response<Body> head_of(const Response& response, unsigned version, bool keep_alive) {
  beast::http::response<Body> message{static_cast<beast::http::status>(response.status), version};
  message.set(beast::http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers)
    message.set(name, value);
  message.keep_alive(keep_alive);
  return message;
}

Message message_of(Response response, unsigned version, bool keep_alive) {
  Message message = head_of<beast::http::string_body>(response, version, keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

Request request_of(beast::http::request<beast::http::string_body>&& message, const std::optional<std::string>& peer) {
  Request request{std::string(message.method_string()), std::string(message.target()), std::move(message.body())};
  request.peer = peer;
  for (const auto& field : message)
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  return request;
}

Response answer_of(const Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (const std::exception& thrown) {
    return {500, "text/plain", fmt::format("{}\n", thrown.what())};
  } catch (...) {
    return {500, "text/plain", "the handler failed\n"};
  }
}

// One connection: read, answer, read again. It lives in the callbacks that wait for it, which run one at a time.
template <class Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  Session(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.open_connections;
  }
  Session(tcp::socket socket, TlsContext context, Shared& shared)
      : context_(std::move(context)), stream_(std::move(socket), *context_), shared_(shared) {
    ++shared_.open_connections;
  }
  ~Session() { --shared_.open_connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() {
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] {
      if constexpr (kTls)
        self->shake_hands();
      else
        self->read();
    });
  }

 private:
  void expires_after(std::chrono::milliseconds span) { beast::get_lowest_layer(stream_).expires_after(span); }

  void shake_hands() {
    expires_after(shared_.limits.handshake);
    stream_.async_handshake(asio::ssl::stream_base::server, [self = this->shared_from_this()](beast::error_code code) {
      if (code) return;
      self->peer_ = peer_of(self->stream_.native_handle());
      self->read();
    });
  }

  void read() {
    parser_.emplace();
    parser_->body_limit(shared_.limits.body_bytes);
    parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
    expires_after(shared_.limits.idle);
    beast::http::async_read(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](beast::error_code code, std::size_t) { self->answer(code); });
  }

  void answer(beast::error_code code) {
    using beast::http::error;
    const unsigned version = parser_->get().version();
    if (code == error::body_limit) return write(message_of({413, "text/plain", "body too large\n"}, version, false));
    if (code == error::header_limit)
      return write(message_of({431, "text/plain", "header too large\n"}, version, false));
    if (code == error::end_of_stream) return shut_down();
    if (code && code.category() == beast::http::make_error_code(error::end_of_stream).category())
      return write(message_of({400, "text/plain", "not an HTTP request\n"}, 11, false));
    if (code) return;  // the peer is gone or was too slow

    auto head = parser_->release();
    const bool keep_alive = head.keep_alive();
    const bool is_head = head.method() == beast::http::verb::head;
    Response response = answer_of(shared_.handler, request_of(std::move(head), peer_));
    if (response.file) return write_file(std::move(response), version, keep_alive, is_head);
    Message message = message_of(std::move(response), version, keep_alive);
    if (is_head) message.body().clear();  // its length stays
    write(std::move(message));
  }

  void write_file(Response response, unsigned version, bool keep_alive, bool is_head) {
    beast::http::file_body::value_type body;
    beast::error_code code;
    body.open(response.file->path.c_str(), beast::file_mode::scan, code);
    if (code) return write(message_of({500, "text/plain", fmt::format("{}\n", code.message())}, version, keep_alive));
    const std::uint64_t size = body.size();
    if (is_head) {
      Message message = head_of<beast::http::string_body>(response, version, keep_alive);
      message.content_length(size);
      return write(std::move(message));
    }
    file_.emplace(head_of<beast::http::file_body>(response, version, keep_alive));
    file_->body() = std::move(body);
    file_->content_length(size);
    sent_ = std::move(response.file->sent);
    serializer_.emplace(*file_);
    write_piece();
  }

  // Each piece has its own time: a large file may take long, a peer that does not read may not.
  void write_piece() {
    expires_after(shared_.limits.idle);
    beast::http::async_write_some(stream_, *serializer_,
                                  [self = this->shared_from_this()](beast::error_code code, std::size_t) {
                                    if (code) return;
                                    if (!self->serializer_->is_done()) return self->write_piece();
                                    const bool keep_alive = self->file_->keep_alive();
                                    self->serializer_.reset();
                                    self->file_.reset();
                                    if (self->sent_) std::exchange(self->sent_, {})();
                                    if (!keep_alive) return self->shut_down();
                                    self->read();
                                  });
  }

  void write(Message message) {
    message_ = std::move(message);
    expires_after(shared_.limits.idle);
    beast::http::async_write(stream_, message_, [self = this->shared_from_this()](beast::error_code code, std::size_t) {
      if (code) return;
      if (!self->message_.keep_alive()) return self->shut_down();
      self->read();
    });
  }

  // Says that no more comes, then lets the peer finish: closing over unread bytes would reset the connection and take
  // an answer away that is still on its way. Bounded in time and bytes, for peers that never finish.
  void shut_down() {
    expires_after(std::min(shared_.limits.idle, kLinger));
    if constexpr (kTls)
      stream_.async_shutdown([self = this->shared_from_this()](beast::error_code) { self->shut_down_socket(); });
    else
      shut_down_socket();
  }

  void shut_down_socket() {
    beast::error_code ignored;
    beast::get_lowest_layer(stream_).socket().shutdown(tcp::socket::shutdown_send, ignored);
    buffer_.clear();
    discard(0);
  }

  // Below TLS: what still comes is nobody's.
  void discard(std::size_t so_far) {
    beast::get_lowest_layer(stream_).async_read_some(
        buffer_.prepare(kPiece), [self = this->shared_from_this(), so_far](beast::error_code code, std::size_t count) {
          if (!code && so_far + count < kDiscarded) self->discard(so_far + count);
        });
  }

  static constexpr std::chrono::milliseconds kLinger{2000};
  static constexpr std::size_t kDiscarded = 64U << 20;
  static constexpr std::size_t kPiece = 64U << 10;

  TlsContext context_;  // of TLS; before the stream that uses it
  Stream stream_;
  Shared& shared_;
  std::optional<std::string> peer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Message message_;
  std::optional<FileMessage> file_;
  std::optional<beast::http::response_serializer<beast::http::file_body>> serializer_;
  std::function<void()> sent_;
};

bool same_name(std::string_view one, std::string_view other) {
  return beast::iequals({one.data(), one.size()}, {other.data(), other.size()});
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return same_name(header.first, name); });
  return found != headers.end() ? &found->second : nullptr;
}

struct Server::Impl {
  Shared shared;  // first: sessions that the context still holds refer to it when they go
  asio::io_context context;
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  std::mutex mutex;
  TlsContext tls;  // guarded by the mutex; none: plain
  std::vector<std::thread> threads;

  explicit Impl(unsigned concurrency) : context(static_cast<int>(concurrency)) {}

  void serve(tcp::socket socket) {
    // Above the limit the socket is closed by going out of scope.
    if (shared.open_connections >= shared.limits.connections) return;
    TlsContext current;
    {
      const std::lock_guard lock{mutex};
      current = tls;
    }
    if (current)
      std::make_shared<Session<TlsStream>>(std::move(socket), std::move(current), shared)->start();
    else
      std::make_shared<Session<beast::tcp_stream>>(std::move(socket), shared)->start();
  }

  void accept() {
    acceptor.async_accept(asio::make_strand(context), [this](beast::error_code code, tcp::socket socket) {
      if (code == asio::error::operation_aborted) return;
      if (code) {
        // Out of descriptors: at once again would keep the processor busy until one is free.
        pause.expires_after(std::chrono::milliseconds(50));
        pause.async_wait([this](beast::error_code) { accept(); });
        return;
      }
      serve(std::move(socket));
      accept();
    });
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->context.stop();
  for (std::thread& thread : impl_->threads)
    thread.join();
}

std::uint16_t Server::port() const {
  return impl_->acceptor.local_endpoint().port();
}

Result<void> Server::set_certificate(const ServerCertificate& certificate) {
  auto made = make_context(certificate);
  if (!made) return tl::make_unexpected(made.error());
  const std::lock_guard lock{impl_->mutex};
  if (!impl_->tls) return failure("set a certificate: this server was started without TLS");
  impl_->tls = std::move(*made);
  return {};
}

Result<std::unique_ptr<Server>> Server::start(const std::string& address, std::uint16_t port, Handler handler,
                                              Limits limits, const std::optional<ServerCertificate>& certificate) {
  limits.threads = std::max(limits.threads, 1U);
  auto impl = std::make_unique<Impl>(limits.threads);
  impl->shared.handler = std::move(handler);
  impl->shared.limits = limits;
  if (certificate) {
    auto made = make_context(*certificate);
    if (!made) return tl::make_unexpected(made.error());
    impl->tls = std::move(*made);
  }
  try {
    const tcp::endpoint endpoint{asio::ip::make_address(address), port};
    impl->acceptor.open(endpoint.protocol());
    impl->acceptor.set_option(asio::socket_base::reuse_address(true));
    impl->acceptor.bind(endpoint);
    impl->acceptor.listen();
  } catch (const boost::system::system_error& error) {
    return failure(fmt::format("listen on {}:{}: {}", address, port, error.code().message()));
  }
  impl->accept();
  impl->threads.reserve(limits.threads);
  for (unsigned i = 0; i < limits.threads; ++i)
    impl->threads.emplace_back([raw = impl.get()] { raw->context.run(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

}  // namespace migrate::http
