// http-prober ADDRESS PORT PATH SECONDS: asks that often whether somebody answers, as long as it is told to. A line for
// each probe that is over: "BEGAN ENDED STATUS", in microseconds since 1970; status 0: no answer within a second. Runs
// on a node of the test cluster, from where Services are reached. What its lines mean:
// test/bench/evaluation/http_gap.h.
#include <utility>  // Boost 1.74's Asio uses std::exchange without it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "shared/base/main.h"
#include "shared/base/result.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Code = boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPeriod{10};
constexpr std::chrono::seconds kPatience{1};  // SHADOW's prober has the same

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// One connection, one question. Lives by the handlers that hold it.
class Probe : public std::enable_shared_from_this<Probe> {
 public:
  Probe(asio::io_context& context, const std::string& path) : stream_(context), began_(now()) {
    request_.version(11);
    request_.method(http::verb::get);
    request_.target(path);
    request_.set(http::field::host, "probe");
    request_.set(http::field::connection, "close");
  }

  void start(const asio::ip::tcp::endpoint& to) {
    stream_.expires_after(kPatience);
    stream_.async_connect(to, [self = shared_from_this()](Code failed) { failed ? self->end(0) : self->ask(); });
  }

 private:
  void ask() {
    http::async_write(stream_, request_, [self = shared_from_this()](Code failed, std::size_t) {
      failed ? self->end(0) : self->listen();
    });
  }
  void listen() {
    http::async_read(stream_, buffer_, response_, [self = shared_from_this()](Code failed, std::size_t) {
      self->end(failed ? 0 : self->response_.result_int());
    });
  }
  // At once into the pipe: whoever ends the prober has all that it has seen.
  void end(unsigned status) const {
    fmt::print("{} {} {}\n", began_, now(), status);
    std::fflush(stdout);
  }

  beast::tcp_stream stream_;
  std::int64_t began_;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_;
  http::response<http::string_body> response_;
};

// Due at absolute times: a late one does not move the next.
class Prober {
 public:
  Prober(asio::io_context& context, asio::ip::tcp::endpoint to, std::string path, steady_clock::time_point until)
      : context_(context), to_(std::move(to)), path_(std::move(path)), until_(until), timer_(context) {
    timer_.expires_at(steady_clock::now());
    wait();
  }

 private:
  void wait() {
    timer_.async_wait([this](Code) {
      if (steady_clock::now() >= until_) return;
      std::make_shared<Probe>(context_, path_)->start(to_);
      timer_.expires_at(timer_.expiry() + kPeriod);
      wait();
    });
  }

  asio::io_context& context_;
  asio::ip::tcp::endpoint to_;
  std::string path_;
  steady_clock::time_point until_;
  asio::steady_timer timer_;
};

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("http-prober", [&] {
    if (argc != 5) throw migrate::Fatal("usage: http-prober ADDRESS PORT PATH SECONDS", 2);
    const auto address = asio::ip::make_address(argv[1]);
    const auto port = static_cast<unsigned short>(std::stoi(argv[2]));
    asio::io_context context{1};
    Prober prober{context, {address, port}, argv[3], steady_clock::now() + std::chrono::seconds{std::stoi(argv[4])}};
    context.run();
    return 0;
  });
}
