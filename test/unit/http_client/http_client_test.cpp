#include "shared/http_client/http_client.h"

#include <sys/socket.h>
#include <zlib.h>

#include <atomic>
#include <thread>

#include "test/unit/http_client/helpers.h"

namespace migrate::http {
namespace {

using test::Connection;
using test::FakeServer;
using test::Request;
using test::Signal;
using Kind = HttpError::Kind;

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_client)

BOOST_AUTO_TEST_CASE(a_request_arrives_as_it_was_built) {
  Request seen;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    seen = request;
    connection.answer(201, "made", {"X-Answer: yes"});
  })};
  const auto client = client_of({.base_url = server.url() + "/prefix", .tls = {}, .proxy_url = {}});
  HttpRequest request = post("/api/v1/pods%2Fx?labelSelector=app%3Dq%2Cb", "{}");
  request.headers = {{"Authorization", "Bearer t"}, {"Impersonate-Group", "a, b"}, {"Impersonate-Group", "c"}};
  const auto answer = client->send(request);

  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->status == 201U);
  BOOST_TEST(answer->body == "made");
  BOOST_TEST(*find_header(answer->headers, "x-answer") == "yes");
  BOOST_TEST(seen.method == "POST");
  BOOST_TEST(seen.target == "/prefix/api/v1/pods%2Fx?labelSelector=app%3Dq%2Cb");
  BOOST_TEST(seen.body == "{}");
  BOOST_TEST(seen.header("Content-Type") == "application/json");
  BOOST_TEST(seen.header("Authorization") == "Bearer t");
  BOOST_TEST(seen.all("Impersonate-Group") == (std::vector<std::string>{"a, b", "c"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_header_cannot_smuggle_another_one) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) { connection.answer(200, ""); })};
  HttpRequest request = get("/");
  request.headers = {{"Impersonate-User", "a\r\nImpersonate-Group: system:masters"}};
  check_fails(client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->send(request), Kind::protocol,
              "forbidden characters");
  BOOST_TEST(server.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(nobody_listening_is_told_in_kubectls_words) {
  const test::ClosedPort closed;
  const std::string host = "127.0.0.1:" + std::to_string(closed.port());
  const auto answer = client_of({.base_url = "http://" + host, .tls = {}, .proxy_url = {}})->send(get("/"));
  check_fails(answer, Kind::connect,
              "The connection to the server " + host + " was refused - did you specify the right host or port?");
  BOOST_TEST(!answer.error().may_have_run);
}

BOOST_AUTO_TEST_CASE(unusable_addresses_are_refused_before_any_connection) {
  BOOST_TEST(!make_http_client({.base_url = "api:6443", .tls = {}, .proxy_url = {}}));
  BOOST_TEST(!make_http_client({.base_url = "ftp://api", .tls = {}, .proxy_url = {}}));
  const auto ipv6 = make_http_client({.base_url = "https://[::1]:6443", .tls = {}, .proxy_url = {}});
  BOOST_REQUIRE(!ipv6);
  BOOST_TEST(ipv6.error().message.find("give a host name") != std::string::npos);
  const auto socks =
      make_http_client({.base_url = "http://api", .tls = {}, .proxy_url = "socks5://user:secret@p:1080"});
  BOOST_REQUIRE(!socks);
  BOOST_TEST(socks.error().message.find("socks5") != std::string::npos);
  BOOST_TEST(socks.error().message.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(redirects_are_answers_and_nothing_travels_to_the_other_host) {
  FakeServer other{FakeServer::each([](Connection& connection, const Request&) { connection.answer(200, "gotcha"); })};
  FakeServer server{FakeServer::each([&](Connection& connection, const Request&) {
    connection.answer(302, "", {"Location: " + other.url() + "/steal"});
  })};
  HttpRequest request = get("/");
  request.headers = {{"Authorization", "Bearer secret"}};
  const auto answer = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->send(request);
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->status == 302U);
  BOOST_TEST(other.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(a_post_runs_once_when_its_connection_dies_before_the_answer) {
  std::atomic<int> executed = 0;
  FakeServer server{[&](Connection& connection, std::size_t) {
    while (auto request = connection.read()) {
      if (request->method == "POST") {
        ++executed;
        return;  // carried out, and closed without a word
      }
      connection.answer(200, "");
    }
  }};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  BOOST_REQUIRE(client->send(get("/", ConnectionUse::pooled)));  // leaves a connection in the pool
  const auto answer = client->send(post("/", "{}"));
  check_fails(answer, Kind::cut_off, "lost before it answered");
  BOOST_TEST(answer.error().may_have_run);
  BOOST_TEST(executed == 1);
}

BOOST_AUTO_TEST_CASE(pooled_requests_share_a_connection_and_survive_its_end) {
  FakeServer server{[&](Connection& connection, std::size_t number) {
    for (int i = 0; auto request = connection.read(); ++i) {
      if (number == 0 && i == 2) return;
      connection.answer(200, std::to_string(number));
    }
  }};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  for (const char* connection : {"0", "0", "1"}) {
    const auto answer = client->send(get("/", ConnectionUse::pooled));
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->body == connection);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_cut_off_anywhere_is_an_error) {
  for (const std::string bytes :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n01234",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n"}) {
    FakeServer server{[&](Connection& connection, std::size_t) {
      (void)connection.read();
      connection.write(bytes);
    }};
    check_fails(client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->send(get("/")), Kind::cut_off,
                "was lost");
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_said_so) {
  FakeServer server{[](Connection& connection, std::size_t) {
    (void)connection.read();
    connection.write("SSH-2.0-OpenSSH\r\n\r\n");
  }};
  check_fails(client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->send(get("/")), Kind::protocol,
              "not HTTP");
}

BOOST_AUTO_TEST_CASE(the_deadline_holds_although_the_server_dribbles) {
  // Each byte restarts the library's own timeout.
  FakeServer server{[](Connection& connection, std::size_t) {
    (void)connection.read();
    connection.begin_chunks();
    while (connection.chunk("x"))
      continue;
  }};
  HttpRequest request = get("/");
  request.timeout = std::chrono::milliseconds{100};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  check_fails(client->send(request), Kind::deadline, "in time (GET /)");
  check_fails(client->stream(request, [](std::string_view) { return true; }), Kind::deadline);
}

BOOST_AUTO_TEST_CASE(a_silent_server_is_left_at_the_deadline_or_the_idle_limit) {
  FakeServer server{[](Connection& connection, std::size_t number) {
    (void)connection.read();
    if (number == 1) {
      connection.begin_chunks();
      connection.chunk("x");
    }
    connection.wait_until_closed();
  }};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  HttpRequest request = get("/");
  request.timeout = std::chrono::milliseconds{50};
  check_fails(client->send(request), Kind::deadline, "in time");
  request.timeout = kNoTimeout;
  request.idle_timeout = std::chrono::milliseconds{50};
  check_fails(client->stream(request, [](std::string_view) { return true; }), Kind::deadline, "in time");
}

BOOST_AUTO_TEST_CASE(a_stop_request_ends_an_idle_stream_and_closes_its_connection) {
  Signal streaming;
  Signal closed;
  FakeServer server{[&](Connection& connection, std::size_t) {
    (void)connection.read();
    connection.begin_chunks();
    connection.chunk("first");
    connection.wait_until_closed();
    closed.set();
  }};
  std::stop_source stop;
  HttpRequest request = get("/");
  request.timeout = kNoTimeout;
  request.stop = stop.get_token();
  std::thread stopper{[&] {
    streaming.wait();
    stop.request_stop();
  }};
  const auto answer =
      client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->stream(request, [&](std::string_view piece) {
        BOOST_TEST(piece == "first");
        streaming.set();
        return true;
      });
  stopper.join();
  check_fails(answer, Kind::cancelled, "cancelled");
  closed.wait();
}

BOOST_AUTO_TEST_CASE(chunks_are_handed_over_as_they_come) {
  Signal second_wanted;
  FakeServer server{[&](Connection& connection, std::size_t) {
    (void)connection.read();
    connection.begin_chunks();
    connection.chunk("one");
    second_wanted.wait();
    connection.chunk("two");
    connection.end_chunks();
  }};
  std::string seen;
  const auto answer =
      client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->stream(get("/"), [&](std::string_view piece) {
        seen += piece;
        second_wanted.set();
        return true;
      });
  BOOST_REQUIRE(answer);
  BOOST_TEST(seen == "onetwo");
  BOOST_TEST(answer->body.empty());
}

BOOST_AUTO_TEST_CASE(a_sink_that_has_enough_ends_the_stream_and_nothing_else) {
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    if (request.target == "/after") {
      connection.answer(200, "still here");
      return;
    }
    connection.begin_chunks();
    while (connection.chunk("x"))
      continue;
  })};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  for (int round = 0; round < 20; ++round) {
    BOOST_TEST(client->stream(get("/endless"), [](std::string_view) { return false; }).has_value());
    const auto after = client->send(get("/after"));
    BOOST_REQUIRE(after);
    BOOST_TEST(after->body == "still here");
  }
}

BOOST_AUTO_TEST_CASE(a_slow_sink_holds_the_server_back) {
  constexpr std::size_t kPiece = 1U << 16;
  constexpr std::size_t kAll = 1024;  // 64 MiB: far more than the sockets and the read-ahead take
  std::atomic<std::size_t> sent = 0;
  FakeServer server{[&](Connection& connection, std::size_t) {
    (void)connection.read();
    connection.begin_chunks();
    const std::string piece(kPiece, 'x');
    while (sent < kAll && connection.chunk(piece))
      ++sent;
    connection.end_chunks();
  }};
  HttpRequest unhurried = get("/");
  unhurried.timeout = kNoTimeout;
  std::size_t seen = 0;
  const auto answer =
      client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->stream(unhurried, [&](std::string_view piece) {
        if (seen == 0) {
          // The server comes to a halt while we do not take anything: its count stands still over many of our looks.
          std::size_t before = 0;
          for (int still = 0; still < 50; still = sent == before ? still + 1 : 0) {
            before = sent;
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
          }
          BOOST_TEST(sent < kAll / 2);
        }
        seen += piece.size();
        return true;
      });
  BOOST_REQUIRE(answer);
  BOOST_TEST(seen == kPiece * kAll);
}

BOOST_AUTO_TEST_CASE(an_error_answer_to_a_stream_comes_whole) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) { connection.answer(410, "gone"); })};
  const auto answer =
      client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->stream(get("/"), [](std::string_view) {
        BOOST_ERROR("the sink is for successful answers");
        return true;
      });
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->status == 410U);
  BOOST_TEST(answer->body == "gone");
}

BOOST_AUTO_TEST_CASE(compressed_answers_arrive_unpacked) {
  std::string text;
  for (int i = 0; text.size() < 3'000'000; ++i)
    text += "item " + std::to_string(i * 2654435761U) + "\n";
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    BOOST_TEST(request.header("Accept-Encoding").find("gzip") != std::string::npos);
    const std::string packed = gzip(text);
    if (request.target == "/whole") {
      connection.answer(200, packed, {"Content-Encoding: gzip"});
      return;
    }
    connection.begin_chunks({"Content-Encoding: gzip"});
    for (std::size_t at = 0; at < packed.size(); at += 4099)
      connection.chunk(packed.substr(at, 4099));
    connection.end_chunks();
  })};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  for (const char* target : {"/whole", "/chunks"}) {
    const auto answer = client->send(get(target, ConnectionUse::pooled));
    BOOST_REQUIRE(answer);
    BOOST_TEST((answer->body == text));
  }
}

BOOST_AUTO_TEST_CASE(damaged_or_unfinished_compressed_answers_are_errors) {
  const std::string packed = gzip("hello, hello, hello");
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    const std::string body = request.target == "/short" ? packed.substr(0, packed.size() - 9) : "junk" + packed;
    connection.answer(200, body, {"Content-Encoding: gzip"});
  })};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  check_fails(client->send(get("/short")), Kind::protocol, "ends too early");
  check_fails(client->send(get("/junk")), Kind::protocol, "damaged");
}

BOOST_AUTO_TEST_CASE(an_answer_over_the_limit_is_refused) {
  FakeServer server{
      FakeServer::each([](Connection& connection, const Request&) { connection.answer(200, std::string(1000, 'x')); })};
  HttpRequest request = get("/");
  request.body_limit = 999;
  check_fails(client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}})->send(request), Kind::protocol,
              "more than 999 bytes");
}

BOOST_AUTO_TEST_CASE(many_threads_may_ask_at_once) {
  FakeServer server{
      FakeServer::each([](Connection& connection, const Request& request) { connection.answer(200, request.target); })};
  const auto client = client_of({.base_url = server.url(), .tls = {}, .proxy_url = {}});
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string target = "/" + std::to_string(t * 100 + i);
        const auto answer = client->send(get(target, ConnectionUse::pooled));
        if (answer && answer->body == target) ++right;
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  BOOST_TEST(right == 80);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::http
