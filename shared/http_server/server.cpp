#include "shared/http_server/server.h"

#include <utility>  // Boost 1.74's Asio uses std::exchange without it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

namespace migrate::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using Parser = beast::http::request_parser<beast::http::string_body>;
using Message = beast::http::response<beast::http::string_body>;

struct Shared {
  Handler handler;
  Limits limits;
  std::size_t open_connections = 0;  // touched by the one thread only
};

Message message_of(Response response, unsigned version, bool keep_alive) {
  Message message{static_cast<beast::http::status>(response.status), version};
  message.set(beast::http::field::content_type, response.content_type);
  message.keep_alive(keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

// One connection: read, answer, read again. It lives in the callbacks that wait for it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.open_connections;
  }
  ~Session() { --shared_.open_connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->body_limit(shared_.limits.body_bytes);
    parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
    stream_.expires_after(shared_.limits.idle);
    beast::http::async_read(stream_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code code, std::size_t) { self->answer(code); });
  }

 private:
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

    const auto& request = parser_->get();
    Response response;
    try {
      response = shared_.handler({std::string(request.method_string()), std::string(request.target()), request.body()});
    } catch (const std::exception& thrown) {
      response = {500, "text/plain", fmt::format("{}\n", thrown.what())};
    } catch (...) {
      response = {500, "text/plain", "the handler failed\n"};
    }
    Message message = message_of(std::move(response), version, request.keep_alive());
    if (request.method() == beast::http::verb::head) message.body().clear();  // its length stays
    write(std::move(message));
  }

  void write(Message message) {
    message_ = std::move(message);
    stream_.expires_after(shared_.limits.idle);
    beast::http::async_write(stream_, message_, [self = shared_from_this()](beast::error_code code, std::size_t) {
      if (code) return;
      if (!self->message_.keep_alive()) return self->shut_down();
      self->read();
    });
  }

  // Says that no more comes, then lets the peer finish: closing over unread bytes would reset the connection and take
  // an answer away that is still on its way. Bounded in time and bytes, for peers that never finish.
  void shut_down() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::min(shared_.limits.idle, kLinger));
    buffer_.clear();
    discard(0);
  }

  void discard(std::size_t so_far) {
    stream_.async_read_some(buffer_.prepare(kPiece),
                            [self = shared_from_this(), so_far](beast::error_code code, std::size_t count) {
                              if (!code && so_far + count < kDiscarded) self->discard(so_far + count);
                            });
  }

  static constexpr std::chrono::milliseconds kLinger{2000};
  static constexpr std::size_t kDiscarded = 64U << 20;
  static constexpr std::size_t kPiece = 64U << 10;

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Message message_;
};

}  // namespace

struct Server::Impl {
  Shared shared;  // first: sessions that the context still holds refer to it when they go
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  std::thread thread;

  void accept() {
    acceptor.async_accept([this](beast::error_code code, tcp::socket socket) {
      if (code == asio::error::operation_aborted) return;
      if (code) {
        // Out of descriptors: at once again would keep the processor busy until one is free.
        pause.expires_after(std::chrono::milliseconds(50));
        pause.async_wait([this](beast::error_code) { accept(); });
        return;
      }
      // Above the limit the socket is closed by going out of scope.
      if (shared.open_connections < shared.limits.connections)
        std::make_shared<Session>(std::move(socket), shared)->read();
      accept();
    });
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->context.stop();
  impl_->thread.join();
}

std::uint16_t Server::port() const {
  return impl_->acceptor.local_endpoint().port();
}

Result<std::unique_ptr<Server>> Server::start(const std::string& address, std::uint16_t port, Handler handler,
                                              Limits limits) {
  auto impl = std::make_unique<Impl>();
  impl->shared.handler = std::move(handler);
  impl->shared.limits = limits;
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
  impl->thread = std::thread([raw = impl.get()] { raw->context.run(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

}  // namespace migrate::http
