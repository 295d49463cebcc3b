#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "test/unit/http_client/helpers.h"

// cpprestsdk 2.10 forgets a copy of the proxy's password with every connection.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name for it
extern "C" const char* __lsan_default_suppressions() {
  return "leak:generate_base64_userpass";
}

namespace migrate::http {
namespace {

using test::Authority;
using test::Connection;
using test::FakeServer;
using test::Request;
using test::ServerTls;
using test::Signal;
using test::Validity;
using Kind = HttpError::Kind;

const Authority& ours() {
  static const Authority authority{"our authority"};
  return authority;
}

test::Script greets() {
  return FakeServer::each([](Connection& connection, const Request&) { connection.answer(200, "hello"); });
}

ServerTls loopback(const Authority& authority = ours()) {
  return {authority.server({"IP:127.0.0.1", "DNS:localhost"}), ""};
}

HttpClientOptions trusting(const std::string& url, const Authority& authority = ours()) {
  HttpClientOptions options;
  options.base_url = url;
  options.tls.ca_pem = authority.pem();
  return options;
}

// OpenSSL's "system" store for as long as this lives.
class SystemStore {
 public:
  explicit SystemStore(const std::string& pem) : path_(std::tmpnam(nullptr)) {  // NOLINT: a test's file
    std::ofstream{path_} << pem;
    ::setenv("SSL_CERT_FILE", path_.c_str(), 1);
  }
  ~SystemStore() {
    ::unsetenv("SSL_CERT_FILE");
    std::remove(path_.c_str());
  }
  SystemStore(const SystemStore&) = delete;
  SystemStore& operator=(const SystemStore&) = delete;

 private:
  std::string path_;
};

// SO_KEEPALIVE of this process's connections to a port.
int kept_alive_to(std::uint16_t port) {
  int count = 0;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != port) continue;
    int on = 0;
    size = sizeof on;
    ::getsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, &size);
    count += on;
  }
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(a_server_of_the_given_authority_is_trusted) {
  FakeServer server{greets(), loopback()};
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto answer = client_of(trusting(server.url(host)))->send(get("/"));
    BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
    BOOST_TEST(answer->body == "hello");
  }
}

BOOST_AUTO_TEST_CASE(a_server_of_another_authority_is_not) {
  const Authority other{"another authority"};
  FakeServer server{greets(), loopback(other)};
  const auto answer = client_of(trusting(server.url()))->send(get("/"));
  check_fails(answer, Kind::tls, "signed by an unknown authority");
  BOOST_TEST(!answer.error().may_have_run);
}

BOOST_AUTO_TEST_CASE(the_given_authority_replaces_the_systems) {
  const Authority system{"system's authority"};
  const SystemStore store{system.pem()};
  FakeServer server{greets(), loopback(system)};
  HttpClientOptions options;
  options.base_url = server.url();
  BOOST_TEST(client_of(options)->send(get("/")).has_value());  // the system's counts when none is given
  check_fails(client_of(trusting(server.url()))->send(get("/")), Kind::tls, "unknown authority");
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_is_refused_and_the_names_are_told) {
  FakeServer server{greets(), ServerTls{ours().server({"DNS:kubernetes", "IP:10.96.0.1"}), ""}};
  check_fails(client_of(trusting(server.url()))->send(get("/")), Kind::tls,
              "valid for kubernetes, 10.96.0.1, not for 127.0.0.1");
  check_fails(client_of(trusting(server.url("localhost")))->send(get("/")), Kind::tls, "not for localhost");
}

BOOST_AUTO_TEST_CASE(a_given_server_name_is_announced_and_verified_in_place_of_the_hosts) {
  std::string announced;
  FakeServer server{[&](Connection& connection, std::size_t) {
                      announced = connection.server_name();
                      while (connection.read())
                        connection.answer(200, "hello");
                    },
                    ServerTls{ours().server({"DNS:kubernetes"}), ""}};
  HttpClientOptions options = trusting(server.url());
  options.tls.server_name = "kubernetes";
  BOOST_TEST(client_of(options)->send(get("/")).has_value());
  BOOST_TEST(announced == "kubernetes");
  options.tls.server_name = "elsewhere";
  check_fails(client_of(options)->send(get("/")), Kind::tls, "valid for kubernetes, not for elsewhere");
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_refused_as_such) {
  FakeServer server{greets(), ServerTls{ours().server({"IP:127.0.0.1"}, Validity::expired), ""}};
  check_fails(client_of(trusting(server.url()))->send(get("/")), Kind::tls, "has expired");
  FakeServer early{greets(), ServerTls{ours().server({"IP:127.0.0.1"}, Validity::not_yet), ""}};
  check_fails(client_of(trusting(early.url()))->send(get("/")), Kind::tls, "not yet valid");
}

BOOST_AUTO_TEST_CASE(insecure_accepts_any_certificate) {
  const Authority other{"another authority"};
  FakeServer server{greets(), ServerTls{other.server({"DNS:elsewhere"}, Validity::expired), ""}};
  HttpClientOptions options = trusting(server.url());
  options.tls.insecure_skip_verify = true;
  BOOST_TEST(client_of(options)->send(get("/")).has_value());
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_shown_from_memory) {
  ServerTls tls = loopback();
  tls.client_authority = ours().pem();
  FakeServer server{greets(), tls};
  HttpClientOptions options = trusting(server.url());
  const auto anonymous = client_of(options)->send(get("/"));
  check_fails(anonymous, Kind::tls, "certificate required");

  const test::Pem identity = ours().client("system:admin");
  options.tls.certificate_pem = identity.certificate;
  options.tls.key_pem = identity.key;
  BOOST_TEST(client_of(options)->send(get("/")).has_value());
}

BOOST_AUTO_TEST_CASE(unusable_certificates_are_found_before_any_connection) {
  const auto fails = [](TlsSettings tls) {
    return make_http_client({.base_url = "https://api", .tls = std::move(tls), .proxy_url = {}}).error().message;
  };
  const test::Pem one = ours().client("one");
  const test::Pem two = ours().client("two");
  BOOST_TEST(fails({.ca_pem = "junk", .server_name = {}, .certificate_pem = {}, .key_pem = {}}) ==
             "connect to api: the certificate authority holds no PEM certificate");
  BOOST_TEST(fails({.ca_pem = {}, .server_name = {}, .certificate_pem = one.certificate, .key_pem = "junk"}) ==
             "connect to api: the client key is not a PEM private key without a password");
  BOOST_TEST(fails({.ca_pem = {}, .server_name = {}, .certificate_pem = one.certificate, .key_pem = two.key}) ==
             "connect to api: the client key does not belong to the client certificate");
}

BOOST_AUTO_TEST_CASE(plain_http_where_tls_was_expected_is_a_tls_failure) {
  FakeServer server{[](Connection& connection, std::size_t) {
    connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.wait_until_closed();
  }};
  HttpClientOptions options = trusting("https://127.0.0.1:" + std::to_string(server.port()));
  check_fails(client_of(options)->send(get("/")), Kind::tls, "TLS handshake failed");
}

BOOST_AUTO_TEST_CASE(an_https_server_is_reached_through_a_proxys_tunnel) {
  std::string connect;
  std::string authorization;
  std::string target;
  FakeServer proxy{[&](Connection& connection, std::size_t) {
    const auto request = connection.read();
    connect = request->method + " " + request->target;
    authorization = request->header("Proxy-Authorization");
    connection.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (!connection.start_tls({ours().server({"DNS:api.example"}), ""})) return;
    while (auto inner = connection.read()) {
      target = inner->target;
      connection.answer(200, "through");
    }
  }};
  HttpClientOptions options = trusting("https://api.example:6443");
  options.proxy_url = "http://user:p%40ss@127.0.0.1:" + std::to_string(proxy.port());
  const auto answer = client_of(options)->send(get("/version"));
  BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
  BOOST_TEST(answer->body == "through");
  BOOST_TEST(connect == "CONNECT api.example:6443");
  BOOST_TEST(authorization == "Basic dXNlcjpwQHNz");
  BOOST_TEST(target == "/version");
}

BOOST_AUTO_TEST_CASE(a_proxy_that_refuses_or_never_answers_is_named) {
  FakeServer refusing{FakeServer::each([](Connection& connection, const Request&) { connection.answer(407, ""); })};
  FakeServer silent{[](Connection& connection, std::size_t) { connection.wait_until_closed(); }};
  HttpClientOptions options = trusting("https://api.example:6443");
  options.proxy_url = refusing.url();
  check_fails(client_of(options)->send(get("/")), Kind::connect, "received: 407");
  options.proxy_url = silent.url();
  HttpRequest request = get("/");
  request.timeout = std::chrono::milliseconds{50};
  check_fails(client_of(options)->send(request), Kind::deadline, "in time");
}

BOOST_AUTO_TEST_CASE(a_stream_over_tls_probes_its_peer_while_it_is_silent) {
  FakeServer server{[&](Connection& connection, std::size_t) {
                      (void)connection.read();
                      connection.begin_chunks();
                      connection.chunk("x");
                      connection.wait_until_closed();
                    },
                    loopback()};
  int kept_alive = 0;
  BOOST_TEST(client_of(trusting(server.url()))
                 ->stream(get("/"),
                          [&](std::string_view) {
                            kept_alive = kept_alive_to(server.port());
                            return false;
                          })
                 .has_value());
  BOOST_TEST(kept_alive == 1);
}

BOOST_AUTO_TEST_CASE(a_stop_request_ends_an_idle_stream_over_tls) {
  Signal streaming;
  Signal closed;
  FakeServer server{[&](Connection& connection, std::size_t) {
                      (void)connection.read();
                      connection.begin_chunks();
                      connection.chunk("x");
                      connection.wait_until_closed();
                      closed.set();
                    },
                    loopback()};
  std::stop_source stop;
  std::thread stopper{[&] {
    streaming.wait();
    stop.request_stop();
  }};
  HttpRequest request = get("/");
  request.stop = stop.get_token();
  const auto answer = client_of(trusting(server.url()))->stream(request, [&](std::string_view) {
    streaming.set();
    return true;
  });
  stopper.join();
  check_fails(answer, Kind::cancelled);
  closed.wait();
}

BOOST_AUTO_TEST_CASE(an_answer_cut_off_over_tls_is_an_error) {
  FakeServer server{[](Connection& connection, std::size_t) {
                      (void)connection.read();
                      connection.write("HTTP/1.1 200 OK\r\n\r\nno length: only a proper end of TLS would end it");
                    },
                    loopback()};
  check_fails(client_of(trusting(server.url()))->send(get("/")), Kind::cut_off, "in the middle of the answer");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::http
