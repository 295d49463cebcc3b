// Against peers on loopback that are no brokers; a real one is asked by the end-to-end tests.
#include "test/workloads/amqp/connection.h"

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

namespace {

namespace asio = boost::asio;
using orders::amqp::Connection;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

struct Peer {
  asio::io_context context;
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  [[nodiscard]] std::string url() const {
    return "amqp://user:secret@127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connection)

BOOST_DATA_TEST_CASE(a_url_of_another_form_is_refused_without_showing_it,
                     boost::unit_test::data::make({"http://user:secret@host/", "amqps://user:secret@host/", "secret"}),
                     url) {
  const auto connection = Connection::open(url, 1s);
  BOOST_REQUIRE(!connection.has_value());
  BOOST_TEST(contains(connection.error().message, "amqp://user:password@host:port/vhost"));
  BOOST_TEST(!contains(connection.error().message, "secret"));
}

BOOST_AUTO_TEST_CASE(a_closed_port_is_an_error_that_names_it) {
  std::string url;
  {
    const Peer gone;
    url = gone.url();
  }
  const auto connection = Connection::open(url, 1s);
  BOOST_REQUIRE(!connection.has_value());
  BOOST_TEST(contains(connection.error().message, "connect to the broker at 127.0.0.1:"));
  BOOST_TEST(!contains(connection.error().message, "secret"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_answers_is_given_up) {
  const Peer silent;  // the system accepts, nobody reads
  const auto connection = Connection::open(silent.url(), 20ms);
  BOOST_REQUIRE(!connection.has_value());
  BOOST_TEST(contains(connection.error().message, "request timed out"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_hangs_up_is_noticed_at_once) {
  Peer peer;
  std::jthread hanging_up{[&] {
    auto socket = peer.acceptor.accept();
    std::array<char, 8> greeting{};
    asio::read(socket, asio::buffer(greeting));
  }};
  const auto connection = Connection::open(peer.url(), 1h);
  BOOST_REQUIRE(!connection.has_value());
  BOOST_TEST(contains(connection.error().message, "closed"));
}

BOOST_AUTO_TEST_CASE(no_such_queue_is_404_with_these_words) {
  using orders::amqp::says_no_such_queue;
  BOOST_TEST(says_no_such_queue(404, "NOT_FOUND - no queue 'q' in vhost '/'"));
  for (const char* text : {"NOT_FOUND - home node 'rabbit@b' of durable queue 'q' in vhost '/' is down or inaccessible",
                           "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor",
                           "NOT_FOUND - failed to perform operation on queue 'q' in vhost '/' due to timeout"})
    BOOST_TEST(!says_no_such_queue(404, text), text);
  BOOST_TEST(!says_no_such_queue(403, "ACCESS_REFUSED - access to queue 'no queue ' in vhost '/' refused"));
  BOOST_TEST(!says_no_such_queue(405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q'"));
}

BOOST_AUTO_TEST_SUITE_END()
