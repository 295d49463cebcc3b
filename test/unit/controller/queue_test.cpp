// The consumer that is frozen with its Pod: which connections it has, and that nothing is left of it before the commit.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "extender/controller/queue.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

// A consumer that has just come to its queue, as a shadow has when its way back begins.
struct JustCome : Scene {
  JustCome() {
    cluster.change(pod("orders"), [](Json& object) {
      object["metadata"]["annotations"][kQueueAnnotation] = "orders";
      object["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
    });
    cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
    broker->add_queue("orders");
    source.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
      if (what == "freeze") frozen_after = now() - began;
      if (what == "commit") at_commit = broker->depth("orders").value()->consumers;
      return std::nullopt;
    };
  }
  void come(const std::string& tag, const std::string& connection, const std::string& host) {
    broker->consume("orders", {tag, connection, host, 5});
    broker->unlisted.insert(tag);
  }
  // The broker lists it that long after the freeze.
  void list_after_freeze(std::chrono::milliseconds span) {
    time.on_pass = [this, span] {
      leadership.turn({});
      if (source.record.frozen_at && now() - *source.record.frozen_at >= span) broker->unlisted.clear();
    };
  }
  const Instant began = now();
  std::optional<Microseconds> frozen_after;
  std::optional<std::uint64_t> at_commit;
};

BOOST_AUTO_TEST_SUITE(queue)

BOOST_FIXTURE_TEST_CASE(a_lone_consumer_is_known_by_its_address_before_it_is_listed, JustCome) {
  come("t1", "mine", "10.0.0.9");
  broker->open_connection("mine, to publish", "10.0.0.9");
  broker->open_connection("another's", "10.0.0.8");
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == (Words{"mine", "mine, to publish"}), boost::test_tools::per_element());
  BOOST_REQUIRE(frozen_after);
  BOOST_CHECK(*frozen_after < 1s);
  BOOST_CHECK(at_commit == 0U);
}

// What comes from its address may be something else: then the consumer itself is closed as soon as it is told.
BOOST_FIXTURE_TEST_CASE(one_that_comes_another_way_is_closed_when_it_is_listed, JustCome) {
  come("t1", "by way of a proxy", "192.168.0.1");
  broker->open_connection("mine, to publish", "10.0.0.9");
  list_after_freeze(3s);
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == (Words{"mine, to publish", "by way of a proxy"}),
             boost::test_tools::per_element());
  BOOST_CHECK(at_commit == 0U);
}

BOOST_FIXTURE_TEST_CASE(of_several_the_list_is_waited_for, JustCome) {
  come("t1", "mine", "10.0.0.9");
  come("t2", "a sibling's", "10.0.0.8");
  time.on_pass = [this] {
    leadership.turn({});
    if (now() - began >= 4s) broker->unlisted.clear();
  };
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == Words{"mine"}, boost::test_tools::per_element());
  BOOST_REQUIRE(frozen_after);
  BOOST_CHECK(*frozen_after >= 4s);
}

BOOST_FIXTURE_TEST_CASE(a_broker_that_does_not_tell_of_connections_is_waited_for, JustCome) {
  come("t1", "mine", "10.0.0.9");
  broker->on_call = [](const std::string& call) -> std::optional<Error> {
    if (!call.starts_with("connections_from")) return std::nullopt;
    return Error{"not for this user"};
  };
  time.on_pass = [this] {
    leadership.turn({});
    if (now() - began >= 4s) broker->unlisted.clear();
  };
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == Words{"mine"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_consumers_connections_are_closed_while_it_is_frozen) {
  Scene scene;
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
    pod["metadata"]["annotations"][kQueueAnnotation] = "orders";
    pod["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
  });
  scene.cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
  scene.broker->add_queue("orders");
  scene.broker->consume("orders", {"t1", "mine", "10.0.0.9"});
  scene.broker->consume("orders", {"t2", "a sibling's", "10.0.0.8"});
  scene.run();
  scene.check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(scene.broker->closed_connections() == std::vector<std::string>{"mine"}, boost::test_tools::per_element());
}

// What it does not answer, to the second question or to each, while the source is frozen.
BOOST_AUTO_TEST_CASE(a_broker_that_is_silent_for_seconds_is_waited_for_while_the_source_is_frozen) {
  for (const auto silence : {5s, 3'600s}) {
    Scene scene;
    scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
      pod["metadata"]["annotations"][kQueueAnnotation] = "orders";
      pod["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
    });
    scene.cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
    scene.broker->add_queue("orders");
    scene.broker->consume("orders", {"t1", "mine", "10.0.0.9"});
    std::optional<Instant> back;
    scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
      if (!back && scene.source.record.state == agent::SourceState::frozen) back = scene.now() + silence;
      if (back && scene.now() < *back) return Error{call + ": connection refused"};
      return std::nullopt;
    };
    const MigrationStatus status = scene.run();
    if (silence == 5s) {
      scene.check_succeeded("orders-mig-a6pfz");
      BOOST_TEST(scene.broker->closed_connections().size() == 1U);
      continue;
    }
    // No longer than a frozen source's probes have patience.
    scene.check_rolled_back();
    BOOST_TEST(status.reason == "Broker");
    BOOST_TEST(status.message.find("connection refused") != std::string::npos, status.message);
    BOOST_REQUIRE(status.frozen_at && scene.source.record.ended_at);
    BOOST_TEST((*scene.source.record.ended_at - *status.frozen_at <= 25s));
  }
}

BOOST_AUTO_TEST_CASE(a_broker_that_is_down_is_found_out_before) {
  Scene scene;
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
    pod["metadata"]["annotations"][kQueueAnnotation] = "orders";
    pod["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
  });
  scene.cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
  scene.broker->is_down = true;
  BOOST_TEST(to_string(scene.run().phase) == "Refused");
}

// The broker's Secret as it was found, in the foreground and in the background.
struct Found {
  const char* what;
  std::optional<Json> secret;
  bool answers;
  const char* reason;
  const char* says;
};

BOOST_AUTO_TEST_CASE(a_secret_that_is_of_no_use_is_said_of_the_secret) {
  struct OneBroker final : Brokers {
    Result<std::shared_ptr<broker::Broker>> connect(const broker::BrokerAddress&) override {
      if (!answers) return failure("connection refused");
      return std::shared_ptr<broker::Broker>{std::make_shared<migrate::fakes::FakeBroker>()};
    }
    bool answers = true;
  };
  const Json usable{{"data", {{"amqp-url", "YW1xcDovL21x"}}}};
  for (const Found& one : std::vector<Found>{{"usable", usable, true, "", ""},
                                             {"none", std::nullopt, true, "BrokerSecret", "does not exist"},
                                             {"empty", Json::object(), true, "BrokerSecret", "amqp-url"},
                                             {"nobody there", usable, false, "Broker", "connection refused"}}) {
    BOOST_TEST_CONTEXT(one.what) {
      OneBroker brokers;
      brokers.answers = one.answers;
      const auto connected = connect_with(brokers, kube::core("secrets", "shop", "rabbit"), one.secret);
      BOOST_TEST(connected.has_value() == (*one.reason == 0));
      if (connected) continue;
      BOOST_TEST(connected.error().reason == one.reason);
      BOOST_TEST(connected.error().message.find(one.says) != std::string::npos, connected.error().message);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
