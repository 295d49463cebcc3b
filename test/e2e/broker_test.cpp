// Every call of the broker's interface against a real RabbitMQ, in a virtual host of its own, as a user with the rights
// that broker.h lists and no more.
#include "shared/broker/broker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "shared/base/base64.h"
#include "shared/http_client/http_client.h"
#include "test/harness/cluster.h"
#include "test/workloads/amqp/connection.h"

using namespace harness;
using namespace migrate::broker;
using Json = nlohmann::json;
using std::chrono::seconds;

namespace {

const std::string kVirtualHost = "broker test";  // escaped as "broker%20test"
const std::string kMirror = "ms2m.replay.1";
constexpr int kAmqpPort = 5672;
constexpr int kManagementPort = 15672;

// The broker's Service is reached from the machines alone, and a forwarded port ends with the first connection that the
// broker closes. So this process goes into a machine's network, before it has a second thread; the machine is found by
// the name that its network has in /proc.
void enter_network_of(const Cluster& cluster, const std::string& machine) {
  std::string wanted = cluster.on(machine, {"readlink", "/proc/self/ns/net"});
  wanted.erase(wanted.find_last_not_of('\n') + 1);
  for (const auto& process : std::filesystem::directory_iterator{"/proc"}) {
    std::error_code none;
    const auto network = process.path() / "ns/net";
    if (std::filesystem::read_symlink(network, none) != wanted) continue;
    const int descriptor = open(network.c_str(), O_RDONLY | O_CLOEXEC);
    const bool entered = descriptor >= 0 && setns(descriptor, CLONE_NEWNET) == 0;
    if (descriptor >= 0) close(descriptor);
    if (entered) return;
  }
  throw std::runtime_error("the network of " + machine + " cannot be entered");
}

// The broker's address.
std::string reach_broker() {
  const Cluster cluster;
  std::string address = cluster.field({"service", "rabbitmq", "-n", "rabbitmq"}, ".spec.clusterIP");
  enter_network_of(cluster, "node-a");
  return address;
}

struct Shared {
  std::string host = reach_broker();
  std::shared_ptr<migrate::http::HttpClient> http;

  Shared() {
    migrate::http::HttpClientOptions options;
    options.base_url = fmt::format("http://{}:{}", host, kManagementPort);
    http = migrate::value_or_fatal(migrate::http::make_http_client(options));
    api("DELETE", "/vhosts/broker%20test");
    api("PUT", "/vhosts/broker%20test");
    api("PUT", "/permissions/broker%20test/guest", {{"configure", ".*"}, {"write", ".*"}, {"read", ".*"}});
    user("broker-test", "administrator");
    user("broker-test-app", "management");
    for (const char* type : {"fanout", "direct", "topic", "headers"})
      api("PUT", fmt::format("/exchanges/broker%20test/{}", type), {{"type", type}, {"durable", true}});
  }
  ~Shared() {
    api("DELETE", "/vhosts/broker%20test");
    api("DELETE", "/users/broker-test");
    api("DELETE", "/users/broker-test-app");
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  Json api(const std::string& method, const std::string& path, const Json& body = {}) const {
    migrate::http::HttpRequest request;
    request.method = method;
    request.target = "/api" + path;
    request.headers = {{"Authorization", "Basic " + migrate::to_base64("guest:guest")}};
    request.content_type = "application/json";
    if (!body.is_null()) request.body = body.dump();
    const auto answer = http->send(request);
    if (!answer) throw std::runtime_error(answer.error().message);
    if (answer->status / 100 != 2 && answer->status != 404)
      throw std::runtime_error(fmt::format("{} {}: {} {}", method, path, answer->status, answer->body));
    return Json::parse(answer->body, nullptr, false);
  }

  void user(const std::string& name, const std::string& tag) const {
    api("PUT", "/users/" + name, {{"password", "s3cret/"}, {"tags", tag}});
    api("PUT", "/permissions/broker%20test/" + name,
        {{"configure", R"(^ms2m\.)"},
         {"write", R"(^(ms2m\.|amq\.default$))"},
         {"read", R"(^(ms2m\.|fanout$|direct$|topic$|headers$))"}});
  }

  [[nodiscard]] std::shared_ptr<Broker> connect(const std::string& user_and_password,
                                                const std::string& virtual_host = "broker%20test") const {
    const auto address =
        parse_broker_address(fmt::format("amqp://{}@{}:{}/{}", user_and_password, host, kAmqpPort, virtual_host),
                             fmt::format("http://{}:{}", host, kManagementPort));
    return migrate::value_or_fatal(connect_broker(migrate::value_or_fatal(address)));
  }
};

Shared& shared() {
  static Shared made;
  return made;
}

struct Fixture {
  std::shared_ptr<Broker> broker = shared().connect("broker-test:s3cret%2F");

  Fixture() {
    for (const char* name : {"primary", "ms2m.replay.1", "ms2m.control.a"})
      api("DELETE", fmt::format("/queues/broker%20test/{}", name));
  }

  static Json api(const std::string& method, const std::string& path, const Json& body = {}) {
    return shared().api(method, path, body);
  }
  static void make_primary(const Json& arguments) {
    api("PUT", "/queues/broker%20test/primary", {{"durable", true}, {"arguments", arguments}});
  }
  // Whether a queue took it.
  static bool arrives(const std::string& exchange, const std::string& key, const Json& headers = Json::object()) {
    return api("POST", fmt::format("/exchanges/broker%20test/{}/publish", exchange),
               {{"routing_key", key},
                {"payload", "x"},
                {"payload_encoding", "string"},
                {"properties", {{"headers", headers}}}})
               .at("routed") == true;
  }
  [[nodiscard]] std::uint64_t ready(const std::string& queue) const {
    return migrate::value_or_fatal(broker->depth(queue)).value().ready;
  }
  static std::unique_ptr<orders::amqp::Connection> application() {
    const std::string url = fmt::format("amqp://guest:guest@{}:{}/broker%20test", shared().host, kAmqpPort);
    return migrate::value_or_fatal(orders::amqp::Connection::open(url, seconds{5}));
  }
};

template <class T>
std::string problem(const migrate::Result<T>& result) {
  return result ? std::string{"(none)"} : result.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(broker_calls, Fixture)

BOOST_AUTO_TEST_CASE(a_queue_that_does_not_exist) {
  BOOST_TEST(!migrate::value_or_fatal(broker->depth("nobody")).has_value());
  BOOST_TEST(!migrate::value_or_fatal(broker->queue("nobody")).has_value());
  BOOST_TEST(!migrate::value_or_fatal(broker->totals("nobody")).has_value());
  BOOST_TEST(migrate::value_or_fatal(broker->consumers("nobody")).empty());
  BOOST_CHECK(migrate::value_or_fatal(broker->remove_queue("ms2m.nobody", {true, true})) == Removal::removed);
  BOOST_TEST(broker->unbind("ms2m.nobody", {"fanout", ""}).has_value());
  const auto published = broker->publish("ms2m.nobody", "{}");
  BOOST_TEST(contains(problem(published), "there is no such queue"), problem(published));
  const auto may = broker->may_publish();
  BOOST_TEST(may.has_value(), problem(may));
  const auto purged = broker->purge("ms2m.nobody");
  BOOST_TEST(contains(problem(purged), "NOT_FOUND"), problem(purged));
  const auto bound = broker->bind("ms2m.nobody", {"fanout", ""});
  BOOST_TEST(contains(problem(bound), "NOT_FOUND"), problem(bound));
  BOOST_TEST(broker->declare_queue(kMirror).has_value());  // on the channel that the broker closed
  BOOST_TEST(broker->may_read("ms2m.nobody").has_value());
}

// The right is looked at and nothing else happens, of each type of queue that can be mirrored.
BOOST_AUTO_TEST_CASE(to_ask_for_the_right_to_read_takes_nothing) {
  for (const char* type : {"classic", "quorum"}) {
    api("DELETE", "/queues/broker%20test/ms2m.replay.1");
    api("PUT", "/queues/broker%20test/ms2m.replay.1", {{"durable", true}, {"arguments", {{"x-queue-type", type}}}});
    migrate::value_or_fatal(broker->publish(kMirror, "1"));
    eventually("the message to wait", [&] { return ready(kMirror) == 1; });
    const auto may = broker->may_read(kMirror);
    BOOST_TEST(may.has_value(), problem(may));
    BOOST_TEST(ready(kMirror) == 1U);
    BOOST_TEST(broker->depth(kMirror).value()->consumers == 0U);
    const Json left = api("POST", "/queues/broker%20test/ms2m.replay.1/get",
                          {{"count", 1}, {"ackmode", "ack_requeue_false"}, {"encoding", "auto"}});
    BOOST_TEST(left.at(0).at("redelivered") == false);
  }
}

BOOST_AUTO_TEST_CASE(a_mirror_from_its_begin_to_its_end) {
  make_primary({{"x-queue-type", "quorum"}});
  api("POST", "/bindings/broker%20test/e/fanout/q/primary", Json::object());
  api("POST", "/bindings/broker%20test/e/topic/q/primary", {{"routing_key", "a.*"}});
  api("POST", "/bindings/broker%20test/e/direct/q/primary", {{"routing_key", "k"}});
  std::optional<QueueFacts> facts;
  eventually("the broker to tell of a new quorum queue", [&] {
    const auto found = broker->queue("primary");
    if (found) facts = *found;
    return facts.has_value();
  });
  BOOST_TEST(facts->type == "quorum");
  BOOST_TEST(facts->durable);
  BOOST_REQUIRE(facts->bindings.size() == 3U);
  BOOST_CHECK(
      (facts->exchanges == std::vector<Exchange>{{"direct", "direct"}, {"fanout", "fanout"}, {"topic", "topic"}}));

  for (int i = 0; i < 2; ++i) {
    migrate::value_or_fatal(broker->declare_queue(kMirror));
    for (const Binding& one : facts->bindings)
      migrate::value_or_fatal(broker->bind(kMirror, one));
  }
  BOOST_TEST(arrives("fanout", ""));
  BOOST_TEST(arrives("topic", "a.b"));
  BOOST_TEST(arrives("direct", "k"));
  BOOST_TEST(!arrives("direct", "j"));
  eventually("the messages to arrive in both", [&] { return ready(kMirror) == 3 && ready("primary") == 3; });

  BOOST_CHECK(migrate::value_or_fatal(broker->remove_queue(kMirror, {true, true})) == Removal::not_empty);
  for (const Binding& one : facts->bindings)
    migrate::value_or_fatal(broker->unbind(kMirror, one));
  BOOST_TEST(arrives("fanout", ""));
  eventually("the message to arrive in the primary", [&] { return ready("primary") == 4; });
  BOOST_TEST(ready(kMirror) == 3U);
  BOOST_TEST(migrate::value_or_fatal(broker->purge(kMirror)) == 3U);
  BOOST_CHECK(migrate::value_or_fatal(broker->remove_queue(kMirror, {true, true})) == Removal::removed);
  BOOST_TEST(!migrate::value_or_fatal(broker->depth(kMirror)).has_value());
}

BOOST_AUTO_TEST_CASE(several_bindings_are_taken_away_together) {
  const auto bindings = [&] { return migrate::value_or_fatal(broker->list_bindings(kMirror)).value(); };
  migrate::value_or_fatal(broker->declare_queue(kMirror));
  for (const int n : {5, 6})
    api("POST", "/bindings/broker%20test/e/headers/q/" + kMirror, {{"arguments", {{"x-match", "all"}, {"n", n}}}});
  for (const char* key : {"a", "b", "c"})
    api("POST", "/bindings/broker%20test/e/topic/q/" + kMirror, {{"routing_key", key}});
  api("POST", "/bindings/broker%20test/e/fanout/q/" + kMirror, Json::object());
  std::vector<Binding> all = bindings();
  BOOST_REQUIRE(all.size() == 6U);
  migrate::value_or_fatal(broker->unbind_all(kMirror, all));
  BOOST_TEST(bindings().empty());
  BOOST_TEST(!arrives("topic", "a"));
  migrate::value_or_fatal(broker->unbind_all(kMirror, all));  // again, and of none
  migrate::value_or_fatal(broker->unbind_all(kMirror, {}));

  // One that the broker has no more, exchange and all, keeps none of the others.
  api("POST", "/bindings/broker%20test/e/fanout/q/" + kMirror, Json::object());
  all.insert(all.begin(), Binding{"ms2m.nobody", "k"});
  migrate::value_or_fatal(broker->unbind_all(kMirror, all));
  BOOST_TEST(bindings().empty());
}

BOOST_AUTO_TEST_CASE(arguments_of_a_headers_binding_keep_their_types) {
  make_primary(Json::object());
  api("POST", "/bindings/broker%20test/e/headers/q/primary",
      {{"arguments", {{"x-match", "all"}, {"n", 5}, {"yes", true}, {"part", 1.5}, {"who", "\u00e4"}}}});
  const auto facts = migrate::value_or_fatal(broker->queue("primary"));
  BOOST_REQUIRE(facts->bindings.size() == 1U);
  const Binding& binding = facts->bindings.front();
  BOOST_TEST(!binding.properties_key.empty());
  migrate::value_or_fatal(broker->declare_queue(kMirror));
  migrate::value_or_fatal(broker->bind(kMirror, binding));
  const Json mirrored = api("GET", "/queues/broker%20test/" + kMirror + "/bindings");
  BOOST_TEST(mirrored.size() == 2U);  // that of the default exchange too
  BOOST_TEST(arrives("headers", "", {{"n", 5}, {"yes", true}, {"part", 1.5}, {"who", "\u00e4"}, {"more", 1}}));
  BOOST_TEST(!arrives("headers", "", {{"n", 6}, {"yes", true}, {"part", 1.5}, {"who", "\u00e4"}}));
  eventually("the message to arrive in both", [&] { return ready(kMirror) == 1 && ready("primary") == 1; });
  migrate::value_or_fatal(broker->unbind(kMirror, binding));
  BOOST_TEST(api("GET", "/queues/broker%20test/" + kMirror + "/bindings").size() == 1U);

  Binding unknown = binding;
  unknown.properties_key = "another";
  const auto refused = broker->bind(kMirror, unknown);
  BOOST_TEST(contains(problem(refused), "cannot be found out"), problem(refused));
  BOOST_TEST(api("GET", "/queues/broker%20test/" + kMirror + "/bindings").size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_limits_a_queue_by_argument_and_by_policy) {
  make_primary({{"x-max-priority", 3}, {"x-single-active-consumer", true}});
  api("PUT", "/policies/broker%20test/p", {{"pattern", "^primary$"}, {"definition", {{"max-length", 1000}}}});
  api("PUT", "/operator-policies/broker%20test/o",
      {{"pattern", "^primary$"}, {"definition", {{"message-ttl", 60000}}}, {"apply-to", "queues"}});
  std::optional<QueueFacts> facts;
  eventually("the policies to be told", [&] {
    facts = migrate::value_or_fatal(broker->queue("primary"));
    return facts->has_ttl && facts->has_length_limit;
  });
  BOOST_TEST(facts->has_priorities);
  BOOST_TEST(facts->is_single_active);
  const auto policies = migrate::value_or_fatal(broker->policies());
  BOOST_REQUIRE(policies.has_value());
  BOOST_CHECK((*policies == std::vector<Policy>{{"p", "^primary$", false, 0, false, true},
                                                {"o", "^primary$", true, 0, true, false}}));
  // RabbitMQ 4.0 shows them to every user of its management API, though its manual asks for the tag `policymaker`.
  const auto other = shared().connect("broker-test-app:s3cret%2F")->policies();
  BOOST_TEST(other.has_value(), problem(other));
  BOOST_TEST((other && *other == policies));
  api("DELETE", "/policies/broker%20test/p");
  api("DELETE", "/operator-policies/broker%20test/o");
}

BOOST_AUTO_TEST_CASE(a_consumer_is_seen_holds_the_queue_and_is_closed) {
  migrate::value_or_fatal(broker->declare_queue(kMirror));
  for (const char* body : {"1", "2", "3"})
    migrate::value_or_fatal(broker->publish(kMirror, body));
  BOOST_TEST(ready(kMirror) == 3U);
  const auto app = application();
  migrate::value_or_fatal(app->consume(kMirror, 2));
  eventually("two messages to be delivered", [&] { return ready(kMirror) == 1; });
  BOOST_TEST(broker->depth(kMirror).value()->consumers == 1U);
  BOOST_CHECK(migrate::value_or_fatal(broker->remove_queue(kMirror, {true, false})) == Removal::in_use);
  std::vector<Consumer> listed;
  eventually("the consumer to be listed with its connection", [&] {
    listed = migrate::value_or_fatal(broker->consumers(kMirror));
    return listed.size() == 1 && !listed.front().connection.empty();
  });
  BOOST_TEST(listed.front().prefetch == 2U);
  const auto from_there = migrate::value_or_fatal(broker->connections_from(listed.front().peer_host));
  BOOST_TEST((std::find(from_there.begin(), from_there.end(), listed.front().connection) != from_there.end()));
  BOOST_TEST(migrate::value_or_fatal(broker->connections_from("192.0.2.1")).empty());
  BOOST_TEST(!listed.front().peer_host.empty());
  BOOST_TEST(migrate::value_or_fatal(broker->queue(kMirror))->consumers.size() == 1U);
  eventually("the broker to count", [&] {
    const auto totals = migrate::value_or_fatal(broker->totals(kMirror));
    return totals && totals->ready == 1 && totals->unacknowledged == 2;
  });
  // An ordinary user of the management API closes no connection of another's, and does not see its consumers.
  const auto other = shared().connect("broker-test-app:s3cret%2F");
  BOOST_TEST(migrate::value_or_fatal(other->consumers(kMirror)).empty());
  const auto refused = other->close_connection(listed.front().connection, "mine is better");
  BOOST_TEST(contains(problem(refused), "administrator"), problem(refused));
  // But it sees of a queue whose they are, and what it may itself: so it is known before.
  const auto seen = migrate::value_or_fatal(other->queue(kMirror));
  BOOST_REQUIRE(seen->consumers.size() == 1U);
  BOOST_TEST(seen->consumers.front().user == "guest");
  const User stranger = migrate::value_or_fatal(other->whoami());
  BOOST_TEST(stranger.name == "broker-test-app");
  BOOST_TEST(!stranger.may_close_others());
  BOOST_TEST(!stranger.sees_others());
  BOOST_TEST(migrate::value_or_fatal(broker->whoami()).may_close_others());

  migrate::value_or_fatal(broker->close_connection(listed.front().connection, "the test wants it"));
  eventually("what it held to be back", [&] { return ready(kMirror) == 3; });
  BOOST_TEST(broker->depth(kMirror).value()->consumers == 0U);
  migrate::value_or_fatal(broker->close_connection(listed.front().connection, "again"));
}

BOOST_AUTO_TEST_CASE(a_control_message_is_read_by_the_application) {
  migrate::value_or_fatal(broker->declare_queue("ms2m.control.a"));
  migrate::value_or_fatal(broker->publish("ms2m.control.a", R"({"type":"END_REPLAY"})"));
  const auto app = application();
  BOOST_TEST(migrate::value_or_fatal(app->take("ms2m.control.a"))->body == R"({"type":"END_REPLAY"})");
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_closed_is_made_anew) {
  BOOST_REQUIRE(broker->declare_queue(kMirror));
  std::string own;
  eventually("the broker's list of connections", [&] {
    for (const Json& one : api("GET", "/vhosts/broker%20test/connections"))
      if (one.contains("user") && one.at("user") == "broker-test") own = one.at("name").get<std::string>();
    return !own.empty();
  });
  migrate::value_or_fatal(broker->close_connection(own, "the test wants it"));
  const auto published = broker->publish(kMirror, "{}");
  BOOST_TEST(published.has_value(), problem(published));
  BOOST_TEST(ready(kMirror) == 1U);
}

BOOST_AUTO_TEST_CASE(a_missing_right_is_named) {
  make_primary(Json::object());
  const auto declared = broker->declare_queue("other");
  BOOST_TEST(contains(problem(declared), "broker-test needs the right to configure queue other"), problem(declared));
  const auto removed = broker->remove_queue("primary", {});
  BOOST_TEST(contains(problem(removed), "needs the right to configure queue primary"), problem(removed));
  const auto bound = broker->bind("primary", {"fanout", ""});
  BOOST_TEST(contains(problem(bound), "needs the right to write queue primary"), problem(bound));
  migrate::value_or_fatal(broker->declare_queue(kMirror));
  const auto read = broker->bind(kMirror, {"amq.topic", "k"});
  BOOST_TEST(contains(problem(read), "needs the right to read exchange amq.topic"), problem(read));
  const auto purged = broker->purge("primary");
  BOOST_TEST(contains(problem(purged), "needs the right to read queue primary"), problem(purged));
  BOOST_TEST(purged.error().is_missing_right);
  const auto may_read = broker->may_read("primary");
  BOOST_TEST(contains(problem(may_read), "needs the right to read queue primary"), problem(may_read));
  BOOST_TEST(may_read.error().is_missing_right);
  BOOST_TEST(ready("primary") == 0U);  // looking needs none

  api("PUT", "/permissions/broker%20test/broker-test-app", {{"configure", ""}, {"write", ""}, {"read", ""}});
  const auto published = shared().connect("broker-test-app:s3cret%2F")->publish(kMirror, "{}");
  BOOST_TEST(contains(problem(published), "needs the right to write exchange amq.default"), problem(published));
  const auto may = shared().connect("broker-test-app:s3cret%2F")->may_publish();
  BOOST_TEST(contains(problem(may), "needs the right to write exchange amq.default"), problem(may));
}

BOOST_AUTO_TEST_CASE(a_wrong_password_and_a_wrong_virtual_host) {
  const auto stranger = shared().connect("broker-test:wrong");
  const auto depth = stranger->depth("primary");
  BOOST_TEST(contains(problem(depth), "check user broker-test"), problem(depth));
  BOOST_TEST(!contains(problem(depth), "wrong"), problem(depth));
  const auto facts = stranger->queue("primary");
  BOOST_TEST(contains(problem(facts), "401"), problem(facts));
  const auto lost = shared().connect("guest:guest", "nowhere")->depth("primary");
  BOOST_TEST(contains(problem(lost), "nowhere"), problem(lost));
}

BOOST_AUTO_TEST_CASE(a_queue_declared_otherwise_is_an_error) {
  api("PUT", "/queues/broker%20test/ms2m.replay.1", {{"durable", true}, {"arguments", {{"x-max-length", 5}}}});
  const auto declared = broker->declare_queue(kMirror);
  BOOST_TEST(contains(problem(declared), "PRECONDITION_FAILED"), problem(declared));
}

BOOST_AUTO_TEST_SUITE_END()
