// The consumer that is frozen with its Pod: which connections it has, and that nothing is left of it before the commit.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/queue.h"
#include "test/unit/controller/scene.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

// A consumer that has just come to its queue, as a shadow has when its way back begins.
struct JustCome : Scene {
  JustCome() {
    name_queue();
    broker->add_queue("orders");
    source.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
      if (what == "freeze") frozen_after = now() - began;
      if (what == "commit") at_commit = broker->depth("orders").value()->consumers;
      return std::nullopt;
    };
  }
  void come(const std::string& tag, const std::string& connection, const std::string& host,
            const std::string& user = "") {
    broker->consume("orders", {tag, connection, host, 5, true, user});
    broker->unlisted.insert(tag);
  }
  // Found out before anything of the source was touched.
  void check_failed_before(const MigrationStatus& status, const char* phase, const char* reason, const char* part) {
    BOOST_TEST(to_string(status.phase) == phase, status.message);
    BOOST_TEST(status.reason == reason);
    BOOST_TEST(status.message.find(part) != std::string::npos, status.message);
    BOOST_TEST(!frozen_after.has_value());
    BOOST_TEST(broker->closed_connections().empty());
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

// Its controller dies when the source is frozen; from then on the broker lists none of its consumers, as one that was
// started anew and to which they came back just before.
struct Orphaned : JustCome {
  Orphaned() {
    come("t1", "mine", "10.0.0.9");
    broker->unlisted.clear();
    source.after = [this](const std::string& what) {
      if (what != "freeze" || has_died) return;
      has_died = true;
      broker->unlisted.insert("t1");
      die();
    };
    broker->on_call = [this](const std::string& call) -> std::optional<Error> {
      if (has_died && leave != nullptr && leave->stop_requested() && call.starts_with("close_connection"))
        return Error{"its controller is gone"};
      return std::nullopt;
    };
  }
  void take_over() {
    while (!has_died)
      once();
    BOOST_TEST(broker->closed_connections().empty());
    run();
    check_succeeded("orders-mig-a6pfz");
  }
  bool has_died = false;
};

BOOST_FIXTURE_TEST_CASE(who_takes_over_a_freeze_waits_for_who_is_not_listed, Orphaned) {
  list_after_freeze(3s);
  take_over();
  BOOST_TEST(broker->closed_connections() == Words{"mine"}, boost::test_tools::per_element());
  BOOST_CHECK(at_commit == 0U);
}

// Nor does one beside it that is listed make it go on.
BOOST_FIXTURE_TEST_CASE(who_takes_over_a_freeze_waits_beside_siblings_as_well, Orphaned) {
  for (const char* sibling : {"t2", "t3"})
    broker->consume("orders", {sibling, std::string{"of "} + sibling, "10.0.0.8", 5, true, ""});
  list_after_freeze(3s);
  take_over();
  BOOST_TEST(broker->closed_connections() == Words{"mine"}, boost::test_tools::per_element());
  BOOST_CHECK(at_commit == 2U);
}

// A sibling, perhaps, whose consumers are not shown to the broker's user.
BOOST_FIXTURE_TEST_CASE(but_no_longer_than_a_list_takes, Orphaned) {
  broker->consume("orders", {"t2", "a sibling's", "10.0.0.8", 5, true, ""});
  source.after = [this, die = source.after](const std::string& what) {
    die(what);
    broker->cancel("orders", "t1");  // and the Pod's own has gone
    broker->unlisted.insert("t2");
  };
  std::optional<Microseconds> committed_after;
  source.before = [&, look = source.before](const std::string& what) {
    if (what == "commit") committed_after = now() - *source.record.frozen_at;
    return look(what);
  };
  take_over();
  BOOST_REQUIRE(committed_after);
  BOOST_CHECK(*committed_after >= 6s);
  BOOST_CHECK(*committed_after < 8s);
  BOOST_TEST(broker->closed_connections().empty());
}

// A client that connects anew while its target's sandbox is made; through address translation, too.
BOOST_DATA_TEST_CASE(one_that_has_come_back_another_way_meanwhile_is_waited_for,
                     data::make({"10.0.0.9", "192.168.0.1"}), host) {
  JustCome scene;
  scene.come("t1", "mine", host);
  scene.broker->unlisted.clear();
  scene.source.before = [&, look = scene.source.before](const std::string& what) {
    if (what == "freeze") {
      scene.broker->cancel("orders", "t1");
      scene.come("t2", "mine again", host);
    }
    return look(what);
  };
  scene.list_after_freeze(3s);
  scene.run();
  scene.check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(scene.broker->closed_connections().back() == "mine again");
  BOOST_CHECK(scene.at_commit == 0U);
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

struct Tags {
  std::vector<std::string> tags;
  friend std::ostream& operator<<(std::ostream& out, const Tags& one) {
    for (const std::string& tag : one.tags)
      out << tag << " ";
    return out;
  }
};
const std::vector<Tags> kTooFew{{{"management"}}, {{"policymaker"}}, {{"monitoring", "management"}}};

// Else it would stay open while the target is restored, and what it holds would come after newer messages.
BOOST_DATA_TEST_CASE(a_user_who_may_not_close_the_connection_is_refused, data::make(kTooFew), few) {
  JustCome scene;
  scene.come("t1", "mine", "10.0.0.9", "app");
  scene.broker->unlisted.clear();
  scene.broker->user = {"shop", few.tags};
  scene.check_failed_before(
      scene.run(), "Refused", "BrokerRights",
      "queue orders is consumed as user app, whose connections user shop may not close: give user "
      "shop the tag `administrator`");
}

// At first the broker has not told whose it is.
BOOST_DATA_TEST_CASE(or_is_found_out_before_the_freeze, data::make(kTooFew), few) {
  JustCome scene;
  scene.come("t1", "mine", "10.0.0.9", "app");
  scene.broker->user = {"shop", few.tags};
  scene.time.on_pass = [&] {
    scene.leadership.turn({});
    if (scene.now() - scene.began >= 4s) scene.broker->unlisted.clear();
  };
  scene.check_failed_before(scene.run(), "RolledBack", "BrokerRights", "give user shop the tag `administrator`");
  scene.check_rolled_back();
}

BOOST_FIXTURE_TEST_CASE(the_applications_own_user_needs_no_tag_for_that, JustCome) {
  broker->user = {"app", {"management"}};
  come("t1", "mine", "10.0.0.9", "app");
  broker->unlisted.clear();
  broker->consume("orders", {"t2", "a sibling's", "10.0.0.8", 5, true, "another app"});
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == Words{"mine"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(consumers_that_are_never_listed_are_told_of_before_the_freeze, JustCome) {
  come("t1", "mine", "10.0.0.9", "app");
  come("t2", "mine as well", "10.0.0.9", "app");
  const MigrationStatus status = run();
  check_failed_before(status, "RolledBack", "Broker", "counts 2 consumers of queue orders and lists no connection");
  check_rolled_back();
  BOOST_TEST((status.steps.back().started - began < 20s));
}

// Then the time in which who consumes is listed begins when it is back.
BOOST_FIXTURE_TEST_CASE(a_broker_that_is_started_anew_lists_as_late_as_ever, JustCome) {
  std::optional<Instant> away;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    const bool is_list = call.starts_with("consumers");
    if (is_list && !away && status().phase == Phase::freezing) away = now();
    if (away && now() - *away < 8s) return Error{"no broker there"};
    if (away && is_list && broker->depth("orders").value()->consumers == 0)
      come("t1", "by way of a proxy", "192.168.0.1");
    return std::nullopt;
  };
  time.on_pass = [&] {
    leadership.turn({});
    if (away && now() - *away >= 13s) broker->unlisted.clear();
  };
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == Words{"by way of a proxy"}, boost::test_tools::per_element());
}

// Nobody consumed when it was looked; it is listed late, and closed all the same.
BOOST_FIXTURE_TEST_CASE(a_consumer_that_comes_right_before_the_freeze_is_closed_when_it_is_listed, JustCome) {
  source.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "freeze") come("t1", "mine", "10.0.0.9");
    if (what == "commit") at_commit = broker->depth("orders").value()->consumers;
    return std::nullopt;
  };
  list_after_freeze(3s);
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == Words{"mine"}, boost::test_tools::per_element());
  BOOST_CHECK(at_commit == 0U);
}

BOOST_FIXTURE_TEST_CASE(or_the_source_is_not_given_up_before_it_is, JustCome) {
  source.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "freeze") come("t1", "mine", "10.0.0.9");
    return std::nullopt;
  };
  const MigrationStatus status = run();
  check_rolled_back();
  BOOST_TEST(status.message.find("whose connections it has not listed in time") != std::string::npos, status.message);
}

// It comes late in the time that a consumer is waited for, and is given as long again.
BOOST_FIXTURE_TEST_CASE(a_consumer_that_comes_late_is_waited_for_anew, JustCome) {
  bool has_come = false;
  time.on_pass = [&] {
    leadership.turn({});
    if (!has_come && now() - began >= 4s) come("t1", "by way of a proxy", "192.168.0.1");
    has_come = now() - began >= 4s;
    if (now() - began >= 9s) broker->unlisted.clear();
  };
  run();
  check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(broker->closed_connections() == Words{"by way of a proxy"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_consumers_connections_are_closed_while_it_is_frozen) {
  Scene scene;
  scene.name_queue();
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
    scene.name_queue();
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
  scene.name_queue();
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
