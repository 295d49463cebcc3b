// The only file that knows cpprestsdk. What it does about that library's habits is said where it does it.
#include <utility>  // Boost 1.74's Asio uses std::exchange without it

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include <cpprest/astreambuf.h>
#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <mutex>

#include "shared/http_client/exchange.h"
#include "shared/http_client/failure.h"
#include "shared/http_client/gunzip.h"
#include "shared/http_client/http_client.h"
#include "shared/http_client/tls.h"

namespace migrate::http {
namespace {

using Steady = std::chrono::steady_clock;
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

// Exactly one thread: all of the library's callbacks then run one after the other, and so does a cancellation that is
// posted to it. With more, closing a socket races with the reads on it. Nothing of ours blocks there.
boost::asio::io_service& connection_thread() {
  static const bool started = [] {
    crossplat::threadpool::initialize_with_threads(1);
    return true;
  }();
  (void)started;
  return crossplat::threadpool::shared_instance().service();
}

// Where the library writes a body to: into the exchange, and it goes on reading only when there is room.
class BodyBuffer : public concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  explicit BodyBuffer(std::shared_ptr<Exchange> exchange)
      : streambuf_state_manager(std::ios_base::out), exchange_(std::move(exchange)) {}

  [[nodiscard]] bool can_seek() const override { return false; }
  [[nodiscard]] bool has_size() const override { return false; }
  [[nodiscard]] std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  [[nodiscard]] std::size_t in_avail() const override { return 0; }
  [[nodiscard]] pos_type getpos(std::ios_base::openmode) const override { return nowhere(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return nowhere(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override { return nowhere(); }
  bool acquire(std::uint8_t*& pointer, std::size_t& count) override {
    pointer = nullptr;
    count = 0;
    return false;
  }
  void release(std::uint8_t*, std::size_t) override {}

 protected:
  // Never fails, even when nobody wants the bytes: the library would then wait on the connection thread for a task that
  // needs that thread. What ends an unwanted answer is the cancellation of its request.
  pplx::task<std::size_t> _putn(const std::uint8_t* bytes, std::size_t count) override {
    const pplx::task_completion_event<std::size_t> room;
    const std::string_view piece{reinterpret_cast<const char*>(bytes), count};
    if (exchange_->receive(piece, [room, count] { room.set(count); })) return pplx::task_from_result(count);
    return pplx::create_task(room);
  }
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    return _putn(&byte, 1).then([byte](std::size_t) -> int_type { return byte; });
  }
  // Never read from.
  pplx::task<int_type> _bumpc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  pplx::task<int_type> _ungetc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override { return pplx::task_from_result<std::size_t>(0); }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  static pos_type nowhere() { return static_cast<pos_type>(traits::eof()); }
  std::shared_ptr<Exchange> exchange_;
};

// The library shows a socket before it is connected, when no option can be set yet, and perhaps connects another one
// in its place (second address of a name). So the socket is remembered, forgotten when the next one is being made, and
// set when the request has been written to it. All on the connection thread, except the first `forget`.
class KeepAlive {
 public:
  void remember(TlsStream& stream) { socket_ = &stream.next_layer(); }
  void forget() { socket_ = nullptr; }
  void switch_on() {
    if (socket_ == nullptr) return;
    const int descriptor = socket_->native_handle();
    const auto set = [&](int level, int option, int value) {
      ::setsockopt(descriptor, level, option, &value, sizeof value);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE,
        15);  // seconds of silence, then three probes: a dead peer is noticed in half a minute
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    forget();
  }

 private:
  boost::asio::ip::tcp::socket* socket_ = nullptr;
};

// Counts the requests that the connection thread still works on.
class Underway {
 public:
  // Held by a request's callbacks; gone with the last of them.
  [[nodiscard]] static std::shared_ptr<void> enter(const std::shared_ptr<Underway>& underway) {
    {
      const std::lock_guard lock{underway->mutex_};
      ++underway->count_;
    }
    return {nullptr, [underway](void*) {
              {
                const std::lock_guard lock{underway->mutex_};
                --underway->count_;
              }
              underway->changed_.notify_all();
            }};
  }
  void wait_until_none(std::chrono::milliseconds at_most) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, at_most, [&] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// The library keeps one text per name and would join values by commas, which Impersonate-Group does not bear. What
// it has for a name it writes as it is: so the further lines are written into the first one's value.
Result<web::http::http_headers, std::string> lines_of(const std::vector<Header>& headers) {
  web::http::http_headers lines;
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || !is_field_value(value))
      return tl::make_unexpected(fmt::format("the header {} holds forbidden characters", name));
    const auto known = lines.find(name);
    if (known == lines.end()) {
      lines[name] = value;
    } else {
      known->second += fmt::format("\r\n{}: {}", name, value);
    }
  }
  return lines;
}

HttpResponse head_of(const web::http::http_response& response) {
  HttpResponse head;
  head.status = response.status_code();
  for (const auto& [name, value] : response.headers())
    head.headers.emplace_back(name, value);
  return head;
}

// Reports to the exchange whatever a finished task holds; for the end of every chain, because an exception that
// nobody looks at ends the process.
template <class Task, class Then>
void settle(Exchange& exchange, const Task& task, Then then) noexcept {
  try {
    then(task.get());
  } catch (const web::http::http_exception& thrown) {
    exchange.fail(thrown.what(), thrown.error_code().value());
  } catch (const std::exception& thrown) {
    exchange.fail(thrown.what(), 0);
  }
}

class CpprestClient final : public HttpClient {
 public:
  CpprestClient(web::uri base, std::optional<web::web_proxy> proxy, std::shared_ptr<TlsProfile> tls, bool insecure,
                std::string server_name, Peer peer)
      : base_(std::move(base)),
        proxy_(std::move(proxy)),
        tls_(std::move(tls)),
        insecure_(insecure),
        server_name_(std::move(server_name)),
        peer_(std::move(peer)) {
    connection_thread();
    pooled_ = std::make_shared<web::http::client::http_client>(base_, config(std::chrono::minutes{10}, nullptr));
  }

  // Nobody waits for what is still under way, and it is cancelled; but a program that ends should not tear its
  // connections in the middle. The limit is for what cannot be cancelled.
  ~CpprestClient() override { underway_->wait_until_none(std::chrono::seconds{1}); }
  CpprestClient(const CpprestClient&) = delete;
  CpprestClient& operator=(const CpprestClient&) = delete;

  Result<HttpResponse, HttpError> send(const HttpRequest& request) override { return perform(request, nullptr); }

  Result<HttpResponse, HttpError> stream(const HttpRequest& request, const BodySink& sink) override {
    return perform(request, &sink);
  }

 private:
  using Failed = tl::unexpected<HttpError>;
  using LibraryClient = web::http::client::http_client;

  // The library's own timeout starts anew with every read, and 0 means at once. It is only there to bury requests
  // we no longer wait for and that cannot be cancelled (a proxy that never answers CONNECT).
  web::http::client::http_client_config config(std::chrono::milliseconds leg,
                                               const std::shared_ptr<KeepAlive>& keep_alive) {
    web::http::client::http_client_config config;
    config.set_timeout(leg);
    config.set_max_redirects(0);
    if (proxy_) config.set_proxy(*proxy_);
    if (!tls_) return config;
    config.set_validate_certificates(!insecure_);
    config.set_tlsext_sni_enabled(!is_ip_address(tls_->expected_name()));
    config.set_ssl_context_callback([tls = tls_, keep_alive](boost::asio::ssl::context& context) {
      if (keep_alive) keep_alive->forget();
      tls->apply(context.native_handle());
    });
    if (keep_alive && !proxy_)
      config.set_nativehandle_options([keep_alive](web::http::client::native_handle handle) {
        keep_alive->remember(*static_cast<TlsStream*>(handle));
      });
    return config;
  }

  Result<web::http::http_request, HttpError> library_request(const HttpRequest& request) const try {
    auto lines = lines_of(request.headers);
    if (!lines)
      return Failed(HttpError{HttpError::Kind::protocol,
                              fmt::format("{} {}: {}", request.method, request.target, lines.error()), false});
    web::http::http_request built{request.method};
    built.set_request_uri(web::uri{request.target});
    built.headers() = std::move(*lines);
    if (!server_name_.empty()) built.headers()["Host"] = server_name_;  // the library takes the name for TLS from it
    if (!request.body.empty()) {
      // As bytes: the library's way for strings casts between unrelated stream types.
      built.set_body(std::vector<unsigned char>{request.body.begin(), request.body.end()});
      built.headers().set_content_type(request.content_type);
    }
    return built;
  } catch (const std::exception& thrown) {
    return Failed(HttpError{HttpError::Kind::protocol,
                            fmt::format("{} {}: {}", request.method, request.target, thrown.what()), false});
  }

  // Sends it on its way; all that happens to it happens to the exchange.
  Result<pplx::cancellation_token_source, HttpError> start(const HttpRequest& request,
                                                           const std::shared_ptr<Exchange>& exchange, bool streaming) {
    auto built = library_request(request);
    if (!built) return tl::make_unexpected(built.error());
    // Unpacked by us: whether the library can depends on how it was built. A stream would be held back by packing.
    if (!streaming) built->headers()["Accept-Encoding"] = "gzip";
    std::shared_ptr<LibraryClient> client = pooled_;
    if (streaming || request.connection == ConnectionUse::fresh) {
      const auto leg = std::min<std::chrono::milliseconds>(std::chrono::hours{24},
                                                           std::max<std::chrono::milliseconds>(request.timeout, {})) +
                       std::chrono::seconds{5};
      auto keep_alive = streaming ? std::make_shared<KeepAlive>() : nullptr;
      client = std::make_shared<LibraryClient>(base_, config(leg, keep_alive));
      if (keep_alive)
        built->set_progress_handler([keep_alive](web::http::message_direction::direction direction, utility::size64_t) {
          if (direction == web::http::message_direction::upload) keep_alive->switch_on();
        });
    }
    built->set_response_stream(concurrency::streams::ostream{
        concurrency::streams::streambuf<std::uint8_t>{std::make_shared<BodyBuffer>(exchange)}});

    const pplx::cancellation_token_source cancellation;
    const std::shared_ptr<void> presence = Underway::enter(underway_);
    client->request(*built, cancellation.get_token())
        .then([exchange, client, presence](const pplx::task<web::http::http_response>& answered) {
          settle(*exchange, answered, [&](const web::http::http_response& response) {
            exchange->receive_head(head_of(response));
            response.content_ready().then(
                [exchange, client, presence](const pplx::task<web::http::http_response>& completed) {
                  settle(*exchange, completed, [&](const web::http::http_response&) { exchange->finish(); });
                });
          });
        });
    return cancellation;
  }

  Result<HttpResponse, HttpError> perform(const HttpRequest& request, const BodySink* sink) {
    const auto began = Steady::now();
    const auto exchange = std::make_shared<Exchange>();
    auto cancellation = start(request, exchange, sink != nullptr);
    if (!cancellation) return tl::make_unexpected(cancellation.error());

    auto answer = collect(request, *exchange, sink, began);
    // Also after a complete answer: cancelling what has ended does nothing.
    exchange->abandon();
    connection_thread().post([source = *cancellation] { source.cancel(); });
    return answer;
  }

  Result<HttpResponse, HttpError> collect(const HttpRequest& request, Exchange& exchange, const BodySink* sink,
                                          Steady::time_point began) const {
    const auto after = [](Steady::time_point start, std::chrono::milliseconds span) {
      return span >= std::chrono::hours{24 * 365} ? Steady::time_point::max() : start + span;
    };
    HttpResponse answer;
    std::string piece;
    std::optional<Gunzip> gunzip;
    const auto unusable = [&](const std::string& why) {
      return Failed(
          HttpError{HttpError::Kind::protocol, fmt::format("The server {} sent {}", peer_.host_port, why), true});
    };
    for (;;) {
      const auto until = std::min(after(began, request.timeout), after(Steady::now(), request.idle_timeout));
      switch (exchange.next(until, request.stop, answer, piece)) {
        case Exchange::Next::head:
          if (const std::string* encoding = find_header(answer.headers, "Content-Encoding");
              encoding != nullptr && *encoding == "gzip")
            gunzip.emplace();
          break;
        case Exchange::Next::data:
          // Data that never pauses must not outrun the deadline.
          if (Steady::now() >= after(began, request.timeout)) return Failed(too_late(request, answer));
          if (sink != nullptr && answer.status / 100 == 2) {
            if (!(*sink)(piece)) return answer;
          } else if (gunzip) {
            if (!gunzip->feed(piece, answer.body, request.body_limit))
              return unusable(answer.body.size() > request.body_limit
                                  ? fmt::format("more than {} bytes", request.body_limit)
                                  : "damaged compressed data");
          } else if (answer.body.size() + piece.size() > request.body_limit) {
            return unusable(fmt::format("more than {} bytes", request.body_limit));
          } else {
            answer.body += piece;
          }
          break;
        case Exchange::Next::end:
          if (gunzip && !gunzip->is_complete()) return unusable("compressed data that ends too early");
          return answer;
        case Exchange::Next::failed:
          return Failed(explain(exchange.breakage(), tls_ ? tls_->rejection() : Rejection{}, peer_));
        case Exchange::Next::stopped:
          return Failed(HttpError{HttpError::Kind::cancelled,
                                  fmt::format("{} {} was cancelled", request.method, request.target), true});
        case Exchange::Next::timed_out:
          return Failed(too_late(request, answer));
      }
    }
  }

  [[nodiscard]] HttpError too_late(const HttpRequest& request, const HttpResponse& answer) const {
    return {HttpError::Kind::deadline,
            fmt::format("The server {} did not {} in time ({} {})", peer_.host_port,
                        answer.status == 0 ? "answer" : "finish its answer", request.method, request.target),
            true};
  }

  web::uri base_;
  std::optional<web::web_proxy> proxy_;
  std::shared_ptr<TlsProfile> tls_;  // null for http://
  bool insecure_;
  std::string server_name_;
  Peer peer_;
  std::shared_ptr<LibraryClient> pooled_;
  std::shared_ptr<Underway> underway_ = std::make_shared<Underway>();
};

Result<web::web_proxy> proxy_of(const std::string& url) {
  const web::uri uri{url};
  if (uri.scheme() != "http" || uri.host().empty())
    return failure(
        fmt::format("the proxy {}://{} is not supported: only http:// proxies are", uri.scheme(), uri.host()));
  web::uri_builder address{uri};
  address.set_user_info("");
  web::web_proxy proxy{address.to_uri()};
  const std::string user = web::uri::decode(uri.user_info());
  if (!user.empty()) {
    const auto colon = user.find(':');
    proxy.set_credentials({user.substr(0, colon), colon == std::string::npos ? "" : user.substr(colon + 1)});
  }
  return proxy;
}

}  // namespace

const std::string* find_header(const std::vector<Header>& headers, std::string_view name) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  for (const auto& [candidate, value] : headers)
    if (std::equal(candidate.begin(), candidate.end(), name.begin(), name.end(), same)) return &value;
  return nullptr;
}

Result<std::shared_ptr<HttpClient>> make_http_client(const HttpClientOptions& options) try {
  // Before the library's threads: at exit, what began first ends last, and a thread that ends after OpenSSL leaks what
  // OpenSSL kept for it.
  ::OPENSSL_init_ssl(0, nullptr);
  const web::uri base{options.base_url};
  const bool secure = base.scheme() == "https";
  if ((!secure && base.scheme() != "http") || base.host().empty())
    return failure(fmt::format("the server's address \"{}\" is not an http:// or https:// URL", options.base_url));
  // The library looks "[::1]" up as a name, brackets and all.
  if (base.host().front() == '[')
    return failure(fmt::format(
        "the server's address {} is an IPv6 address, which cannot be connected to: give a host name that stands for it",
        options.base_url));

  Peer peer;
  peer.host_port = base.port() > 0 ? fmt::format("{}:{}", base.host(), base.port()) : base.host();
  peer.expected_name = options.tls.server_name.empty() ? base.host() : options.tls.server_name;
  std::optional<web::web_proxy> proxy;
  if (!options.proxy_url.empty()) {
    auto made = proxy_of(options.proxy_url);
    if (!made) return tl::make_unexpected(made.error());
    proxy = *made;
    peer.proxy =
        fmt::format("{}:{}", proxy->address().host(), proxy->address().port() > 0 ? proxy->address().port() : 8080);
  }
  std::shared_ptr<TlsProfile> tls;
  if (secure) {
    auto made = TlsProfile::make(options.tls, peer.expected_name);
    if (!made) return tl::make_unexpected(made.error().within("connect to " + peer.host_port));
    tls = *made;
  }
  return std::make_shared<CpprestClient>(base, proxy, tls, options.tls.insecure_skip_verify,
                                         secure ? options.tls.server_name : "", peer);
} catch (const std::exception& thrown) {
  return failure(fmt::format("connect to {}: {}", options.base_url, thrown.what()));
}

}  // namespace migrate::http
