#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "shared/http_client/http_client.h"
#include "shared/http_server/server.h"
#include "test/unit/fake_server/certificates.h"

namespace {

using namespace migrate::http;
using namespace std::chrono_literals;
using migrate::test::Authority;

ServerCertificate certificate_of(const Authority& authority) {
  const migrate::test::Pem pem = authority.server({"IP:127.0.0.1", "DNS:localhost"});
  return {pem.certificate, pem.key};
}

Response echo(const Request& request) {
  const std::string* authorization = request.header("authorization");
  return {200, "text/plain",
          request.target + " " + request.body + " " + (authorization != nullptr ? *authorization : "nobody")};
}

std::unique_ptr<Server> serve(const Authority& authority, const Limits& limits = {}, const Handler& handler = echo) {
  return migrate::value_or_fatal(Server::start("127.0.0.1", 0, handler, limits, certificate_of(authority)));
}

std::shared_ptr<HttpClient> client_of(const Server& server, const Authority& authority) {
  HttpClientOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  options.tls.ca_pem = authority.pem();
  return migrate::value_or_fatal(make_http_client(options));
}

HttpRequest post(std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/x";
  request.body = std::move(body);
  request.headers = {{"Authorization", "Bearer t"}};
  request.timeout = 20s;
  return request;
}

int connect_to(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return made;
}

// A handshake with one version of TLS; whether it succeeds.
bool shakes_hands(std::uint16_t port, int version) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  SSL* tls = SSL_new(context);
  const int peer = connect_to(port);
  SSL_set_fd(tls, peer);
  const bool done = SSL_connect(tls) == 1;
  SSL_free(tls);
  SSL_CTX_free(context);
  ::close(peer);
  return done;
}

BOOST_AUTO_TEST_SUITE(http_server_tls)

BOOST_AUTO_TEST_CASE(requests_and_their_headers_arrive_through_tls) {
  const Authority authority{"ca"};
  const auto server = serve(authority);
  const auto client = client_of(*server, authority);
  for (int i = 0; i < 3; ++i) {
    const auto answer = client->send(post("hello"));
    BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
    BOOST_TEST(answer->status == 200U);
    BOOST_TEST(answer->body == "/x hello Bearer t");
  }
}

BOOST_AUTO_TEST_CASE(a_large_body_passes_and_one_that_is_too_large_is_413) {
  const Authority authority{"ca"};
  const auto server = serve(authority, {.body_bytes = 1U << 20});
  const auto client = client_of(*server, authority);
  const auto fits = client->send(post(std::string(1U << 20, 'x')));
  BOOST_REQUIRE_MESSAGE(fits, (fits ? "" : fits.error().message));
  BOOST_TEST(fits->status == 200U);
  const auto exceeds = client->send(post(std::string((1U << 20) + 1, 'x')));
  BOOST_REQUIRE_MESSAGE(exceeds, (exceeds ? "" : exceeds.error().message));
  BOOST_TEST(exceeds->status == 413U);
}

BOOST_AUTO_TEST_CASE(a_renewed_certificate_counts_from_the_next_connection_on) {
  const Authority old{"old"};
  const Authority renewed{"new"};
  const auto server = serve(old);
  BOOST_TEST(!client_of(*server, renewed)->send(post("x")).has_value());
  BOOST_REQUIRE(server->set_certificate(certificate_of(renewed)));
  BOOST_TEST(client_of(*server, renewed)->send(post("x")).has_value());
  BOOST_TEST(!client_of(*server, old)->send(post("x")).has_value());
}

BOOST_AUTO_TEST_CASE(a_certificate_that_cannot_be_used_changes_nothing) {
  const Authority authority{"ca"};
  const auto server = serve(authority);
  const ServerCertificate one = certificate_of(authority);
  const ServerCertificate other = certificate_of(authority);
  for (const ServerCertificate& broken :
       {ServerCertificate{"", ""}, {"no PEM", "no PEM"}, {one.certificate_pem, other.key_pem}}) {
    BOOST_TEST(!server->set_certificate(broken).has_value());
    BOOST_TEST(!Server::start("127.0.0.1", 0, echo, {}, broken).has_value());
  }
  BOOST_TEST(client_of(*server, authority)->send(post("x")).has_value());
  const auto plain = migrate::value_or_fatal(Server::start("127.0.0.1", 0, echo));
  BOOST_TEST(!plain->set_certificate(one).has_value());
}

// As who a peer is known that shows this certificate; nothing: it gets no answer.
std::optional<std::string> known_as(const Server& server, const Authority& authority,
                                    const migrate::test::Pem& shown = {}) {
  HttpClientOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  options.tls.ca_pem = authority.pem();
  options.tls.certificate_pem = shown.certificate;
  options.tls.key_pem = shown.key;
  const auto answer = migrate::value_or_fatal(make_http_client(options))->send(post("x"));
  if (!answer) return std::nullopt;
  return answer->body;
}

Response name_of_peer(const Request& request) {
  return {200, "text/plain", request.peer.value_or("nobody")};
}

ServerCertificate asking_for(const Authority& authority, const Authority& clients) {
  ServerCertificate certificate = certificate_of(authority);
  certificate.client_ca_pem = clients.pem();
  return certificate;
}

BOOST_AUTO_TEST_CASE(a_peer_is_known_by_a_certificate_that_it_need_not_show) {
  const Authority authority{"ca"};
  const Authority clients{"clients"};
  const Authority strangers{"strangers"};
  const auto server =
      migrate::value_or_fatal(Server::start("127.0.0.1", 0, name_of_peer, {}, asking_for(authority, clients)));
  BOOST_TEST(known_as(*server, authority).value_or("cut off") == "nobody");
  BOOST_TEST(known_as(*server, authority, clients.client("scheduler")).value_or("cut off") == "scheduler");
  BOOST_TEST(known_as(*server, authority, strangers.client("scheduler")).value_or("cut off") == "cut off");
  // The server's own authority is none of its clients'.
  BOOST_TEST(known_as(*server, authority, authority.client("scheduler")).value_or("cut off") == "cut off");
}

BOOST_AUTO_TEST_CASE(a_server_without_authorities_of_clients_knows_nobody) {
  const Authority authority{"ca"};
  const auto server = serve(authority, {}, name_of_peer);
  BOOST_TEST(known_as(*server, authority, authority.client("scheduler")).value_or("cut off") == "nobody");
}

BOOST_AUTO_TEST_CASE(another_authority_of_clients_counts_from_the_next_connection_on) {
  const Authority authority{"ca"};
  const Authority old{"old"};
  const Authority renewed{"new"};
  const auto server =
      migrate::value_or_fatal(Server::start("127.0.0.1", 0, name_of_peer, {}, asking_for(authority, old)));
  BOOST_TEST(!known_as(*server, authority, renewed.client("a")).has_value());
  // Both at once, as while certificates are replaced.
  ServerCertificate both = asking_for(authority, old);
  both.client_ca_pem += renewed.pem();
  BOOST_REQUIRE(server->set_certificate(both));
  BOOST_TEST(known_as(*server, authority, old.client("a")).value_or("cut off") == "a");
  BOOST_TEST(known_as(*server, authority, renewed.client("b")).value_or("cut off") == "b");
  // What is no authority changes nothing.
  ServerCertificate broken = certificate_of(authority);
  broken.client_ca_pem = "no PEM";
  BOOST_TEST(!server->set_certificate(broken).has_value());
  BOOST_TEST(known_as(*server, authority, old.client("a")).value_or("cut off") == "a");
}

BOOST_AUTO_TEST_CASE(tls_1_2_and_1_3_and_nothing_older) {
  const Authority authority{"ca"};
  const auto server = serve(authority);
  BOOST_TEST(shakes_hands(server->port(), TLS1_3_VERSION));
  BOOST_TEST(shakes_hands(server->port(), TLS1_2_VERSION));
  BOOST_TEST(!shakes_hands(server->port(), TLS1_1_VERSION));
}

BOOST_AUTO_TEST_CASE(who_does_not_shake_hands_is_cut_and_holds_up_nobody) {
  const Authority authority{"ca"};
  const auto server = serve(authority, {.handshake = 200ms});
  const int silent = connect_to(server->port());
  const int plain = connect_to(server->port());
  const std::string request = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
  BOOST_TEST(::send(plain, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  BOOST_TEST(client_of(*server, authority)->send(post("x")).has_value());
  char piece[4096];
  for (const int peer : {silent, plain}) {
    while (::recv(peer, piece, sizeof piece, 0) > 0) {  // returns only because the server closes
    }
    ::close(peer);
  }
}

BOOST_AUTO_TEST_CASE(several_threads_run_handlers_at_once) {
  const Authority authority{"ca"};
  std::atomic<int> inside = 0;
  // Each waits until all are there: with fewer threads the test would not end.
  const auto server = serve(authority, {.threads = 4}, [&](const Request&) {
    ++inside;
    while (inside < 4)
      std::this_thread::sleep_for(1ms);
    return Response{};
  });
  std::atomic<int> answered = 0;
  std::vector<std::thread> peers;
  peers.reserve(4);
  for (int i = 0; i < 4; ++i)
    peers.emplace_back([&] {
      if (client_of(*server, authority)->send(post("x"))) ++answered;
    });
  for (std::thread& peer : peers)
    peer.join();
  BOOST_TEST(answered == 4);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_server_closes_its_connections) {
  const Authority authority{"ca"};
  auto server = serve(authority, {.threads = 2});
  const int silent = connect_to(server->port());
  server.reset();
  char byte = 0;
  BOOST_TEST(::recv(silent, &byte, 1, 0) <= 0);
  ::close(silent);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
