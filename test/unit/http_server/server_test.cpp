#include "shared/http_server/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <vector>

#include "test/temporary_folder.h"

namespace {

using namespace migrate::http;
using namespace std::chrono_literals;

// A peer that says exactly what it is told to, also what is no HTTP.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Peer() { ::close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  [[nodiscard]] bool connected() const { return connected_; }

  bool say(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = ::send(socket_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (count <= 0) return false;
      done += static_cast<std::size_t>(count);
    }
    return true;
  }
  void finish_saying() const { ::shutdown(socket_, SHUT_WR); }

  // Everything until the other side closes. A reset gives what came before it.
  std::string hear_all() {
    while (more()) {
    }
    return std::exchange(heard_, {});
  }
  // One answer, by its Content-Length.
  std::string hear_answer() {
    for (;;) {
      const auto head = heard_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto at = heard_.find("Content-Length: ");
        const std::size_t size = at < head ? std::stoul(heard_.substr(at + 16)) : 0;
        if (heard_.size() >= head + 4 + size) {
          std::string answer = heard_.substr(0, head + 4 + size);
          heard_.erase(0, head + 4 + size);
          return answer;
        }
      }
      if (!more()) return std::exchange(heard_, {});
    }
  }

 private:
  bool more() {
    char piece[4096];
    const ssize_t count = ::recv(socket_, piece, sizeof piece, 0);
    if (count > 0) heard_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
  }
  int socket_;
  bool connected_ = false;
  std::string heard_;
};

Response echo(const Request& request) {
  if (request.target == "/throw") throw std::runtime_error("the handler's own words");
  if (request.target == "/throw-strange") throw 7;  // NOLINT(hicpp-exception-baseclass): that is the case
  return {200, "text/plain", request.method + " " + request.target + " " + request.body};
}

std::unique_ptr<Server> serve(Limits limits = {}, Handler handler = echo) {
  return migrate::value_or_fatal(Server::start("127.0.0.1", 0, std::move(handler), limits));
}

std::string post(const std::string& body, const std::string& target = "/x") {
  return "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

void is_status(const std::string& answer, const std::string& status) {
  BOOST_TEST(answer.rfind("HTTP/1.1 " + status + " ", 0) == 0U, answer.substr(0, 200));
}

std::string body_of(const std::string& answer) {
  return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
}

BOOST_AUTO_TEST_SUITE(http_server)

BOOST_AUTO_TEST_CASE(a_request_reaches_the_handler_whole_and_its_answer_comes_back) {
  const auto server = serve();
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(post("hello", "/path?query=1")));
  const std::string answer = peer.hear_answer();
  is_status(answer, "200");
  BOOST_TEST(answer.find("Content-Type: text/plain\r\n") != std::string::npos);
  BOOST_TEST(body_of(answer) == "POST /path?query=1 hello");
}

BOOST_AUTO_TEST_CASE(one_connection_carries_many_requests_also_sent_ahead) {
  const auto server = serve();
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(post("1") + post("2") + post("3")));
  for (const char* expected : {"POST /x 1", "POST /x 2", "POST /x 3"})
    BOOST_TEST(body_of(peer.hear_answer()) == expected);
  BOOST_REQUIRE(peer.say(post("4")));
  BOOST_TEST(body_of(peer.hear_answer()) == "POST /x 4");
}

BOOST_AUTO_TEST_CASE(who_asks_for_the_end_gets_it) {
  const auto server = serve();
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  BOOST_TEST(body_of(peer.hear_all()) == "GET /x ");
  Peer old{server->port()};
  BOOST_REQUIRE(old.say("GET /x HTTP/1.0\r\n\r\n"));
  BOOST_TEST(body_of(old.hear_all()) == "GET /x ");
}

BOOST_AUTO_TEST_CASE(the_answer_to_head_has_a_length_and_no_body) {
  const auto server = serve();
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  const std::string answer = peer.hear_all();
  is_status(answer, "200");
  BOOST_TEST(answer.find("Content-Length: 8\r\n") != std::string::npos, answer);
  BOOST_TEST(body_of(answer) == "");
}

BOOST_AUTO_TEST_CASE(what_the_handler_throws_is_a_500_and_the_connection_lives_on) {
  const auto server = serve();
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(post("", "/throw") + post("", "/throw-strange") + post("after")));
  const std::string answer = peer.hear_answer();
  is_status(answer, "500");
  BOOST_TEST(body_of(answer) == "the handler's own words\n");
  is_status(peer.hear_answer(), "500");
  is_status(peer.hear_answer(), "200");
}

BOOST_AUTO_TEST_CASE(a_body_of_the_limit_passes_and_one_byte_more_is_413) {
  const auto server = serve({.body_bytes = 1000});
  Peer fits{server->port()};
  BOOST_REQUIRE(fits.say(post(std::string(1000, 'x'))));
  is_status(fits.hear_answer(), "200");
  Peer exceeds{server->port()};
  BOOST_REQUIRE(exceeds.say(post(std::string(1001, 'x'))));
  is_status(exceeds.hear_all(), "413");
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_bounded_too) {
  const auto server = serve({.body_bytes = 1000});
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (int i = 0; i < 11; ++i)
    peer.say("64\r\n" + std::string(100, 'x') + "\r\n");
  peer.finish_saying();
  is_status(peer.hear_all(), "413");
}

BOOST_AUTO_TEST_CASE(the_413_arrives_also_when_much_of_the_body_is_on_its_way) {
  const auto server = serve({.body_bytes = 1000});
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(post(std::string(8 << 20, 'x'))));
  is_status(peer.hear_all(), "413");
}

BOOST_AUTO_TEST_CASE(a_header_above_its_limit_is_431) {
  const auto server = serve({.header_bytes = 1024});
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say("GET /x HTTP/1.1\r\nHost: h\r\nX: " + std::string(4000, 'x') + "\r\n\r\n"));
  is_status(peer.hear_all(), "431");
}

BOOST_DATA_TEST_CASE(what_is_no_request_is_400,
                     boost::unit_test::data::make(std::vector<std::string>{
                         "\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET /x HTTP/9.9\r\n\r\n",
                         "GET /x HTTP/1.1\r\nno colon\r\n\r\n", "POST /x HTTP/1.1\r\nContent-Length: many\r\n\r\n"}),
                     text) {
  const auto server = serve();
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(text));
  is_status(peer.hear_all(), "400");
}

BOOST_DATA_TEST_CASE(a_peer_that_stops_midway_is_cut_after_the_idle_time,
                     boost::unit_test::data::make(std::vector<std::string>{
                         "", "GET /x HT", "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf",
                         "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"}),
                     text) {
  const auto server = serve({.idle = 100ms});
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(text));
  const std::string answer = peer.hear_all();  // returns only because the server closes
  BOOST_TEST(answer.empty() != (text.find("GET /x HTTP/1.1") == 0), answer);
}

BOOST_AUTO_TEST_CASE(connections_above_the_limit_are_closed_and_places_become_free_again) {
  const auto server = serve({.connections = 2});
  auto first = std::make_unique<Peer>(server->port());
  Peer second{server->port()};
  for (Peer* peer : {first.get(), &second}) {
    BOOST_REQUIRE(peer->say(post("x")));
    is_status(peer->hear_answer(), "200");
  }
  Peer third{server->port()};
  third.say(post("x"));
  BOOST_TEST(third.hear_all() == "");
  BOOST_REQUIRE(second.say(post("still here")));
  is_status(second.hear_answer(), "200");
  first.reset();
  for (std::string answer; answer.empty();) {  // until the server has seen the first one go
    Peer next{server->port()};
    next.say(post("x"));
    answer = next.hear_answer();
    if (!answer.empty()) is_status(answer, "200");
  }
}

BOOST_AUTO_TEST_CASE(many_slow_bodies_hold_up_nobody) {
  const auto server = serve();
  std::vector<std::unique_ptr<Peer>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<Peer>(server->port()));
    BOOST_REQUIRE(slow.back()->say("POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab"));
  }
  Peer quick{server->port()};
  BOOST_REQUIRE(quick.say(post("quick")));
  BOOST_TEST(body_of(quick.hear_answer()) == "POST /x quick");
  for (const auto& peer : slow)
    BOOST_REQUIRE(peer->say("cd"));
  for (const auto& peer : slow)
    BOOST_TEST(body_of(peer->hear_answer()) == "POST /slow abcd");
}

BOOST_AUTO_TEST_CASE(a_peer_that_goes_in_the_middle_harms_nobody) {
  const auto server = serve();
  for (int i = 0; i < 50; ++i) {
    Peer peer{server->port()};
    peer.say("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  }
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(post("x")));
  is_status(peer.hear_answer(), "200");
}

BOOST_AUTO_TEST_CASE(the_end_of_the_server_closes_its_connections) {
  auto server = serve();
  Peer peer{server->port()};
  BOOST_REQUIRE(peer.say(post("x")));
  is_status(peer.hear_answer(), "200");
  const std::uint16_t port = server->port();
  server.reset();
  BOOST_TEST(peer.hear_all() == "");
  BOOST_TEST(!Peer{port}.connected());
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_bound_is_an_error_that_names_it) {
  const auto server = serve();
  const auto taken = Server::start("127.0.0.1", server->port(), echo);
  BOOST_REQUIRE(!taken);
  BOOST_TEST(taken.error().message ==
             "listen on 127.0.0.1:" + std::to_string(server->port()) + ": Address already in use");
  const auto nonsense = Server::start("localhost", 0, echo);
  BOOST_REQUIRE(!nonsense);
  BOOST_TEST(nonsense.error().message.find("listen on localhost:0") == 0U, nonsense.error().message);
}

BOOST_AUTO_TEST_CASE(a_file_is_sent_from_the_disk) {
  const migrate::test::TemporaryFolder folder;
  const std::string content(3'000'000, 'x');
  migrate::test::write_text(folder / "blob", content);
  std::atomic<int> sent = 0;
  const auto server = serve({}, [&](const Request& request) {
    Response response{200, "application/octet-stream", ""};
    response.headers = {{"Docker-Content-Digest", "sha256:00"}};
    response.file = FileBody{folder / (request.target == "/blob" ? "blob" : "none"), [&] { ++sent; }};
    return response;
  });
  Peer peer{server->port()};
  BOOST_TEST(peer.say("GET /blob HTTP/1.1\r\nHost: h\r\n\r\n"));
  const std::string answer = peer.hear_answer();
  BOOST_TEST(answer.find("Docker-Content-Digest: sha256:00\r\n") != std::string::npos);
  BOOST_TEST((answer.substr(answer.find("\r\n\r\n") + 4) == content));
  // The connection goes on.
  BOOST_TEST(peer.say("GET /none HTTP/1.1\r\nHost: h\r\n\r\n"));
  BOOST_TEST(peer.hear_answer().starts_with("HTTP/1.1 500"));
  BOOST_TEST(sent == 1);
  BOOST_TEST(peer.say("HEAD /blob HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  const std::string head = peer.hear_all();
  BOOST_TEST(head.find("Content-Length: 3000000\r\n") != std::string::npos, head);
  BOOST_TEST(head.ends_with("\r\n\r\n"));
  BOOST_TEST(sent == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
