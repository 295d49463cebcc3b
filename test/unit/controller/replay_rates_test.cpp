// What is forecast of a replay and told of its rates, and what `auto` makes of it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "shared/migration/forecast.h"
#include "test/unit/controller/replay_scene.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(replay_rates)

// Whatever `auto` takes, and the sentence beside it.
struct Auto : Replay {
  Auto() : Replay(Strategy::automatic) {
    source.facts.containers.front().memory = 1'000_MiB;  // seconds of silence with stop
    broker->publish_rate = 10;
    cluster.change(pod("orders"),
                   [](Json& object) { object["metadata"]["annotations"][kServiceTimeAnnotation] = "50ms"; });
  }
  void check(const std::string& strategy, const std::string& because) {
    const MigrationStatus now = run();
    BOOST_TEST(to_string(now.phase) == "Succeeded", now.message);
    BOOST_TEST(to_string(now.strategy) == strategy);
    BOOST_REQUIRE(!now.steps.empty());
    BOOST_TEST(now.steps.front().message.find(because) != std::string::npos, now.steps.front().message);
  }
};

BOOST_FIXTURE_TEST_CASE(auto_takes_the_smallest_gap, Auto) {
  check("Live", "Live: its gap is forecast at");
}

BOOST_FIXTURE_TEST_CASE(auto_replays_nothing_to_an_application_without_a_control_queue, Auto) {
  BOOST_REQUIRE(broker->remove_queue(kOwnControl, {}));
  check("Stop", "does not follow the replay protocol");
}

BOOST_FIXTURE_TEST_CASE(auto_replays_nothing_to_an_application_that_ignores_its_control_queue, Auto) {
  broker->cancel(kOwnControl, kLooker);
  check("Stop", std::string("nobody looks into control queue ") + kOwnControl);
}

BOOST_FIXTURE_TEST_CASE(auto_replays_nothing_at_unknown_rates, Auto) {
  broker->publish_rate.reset();
  check("Stop", "the rate of arrivals is not known");
}

BOOST_FIXTURE_TEST_CASE(auto_replays_nothing_that_a_volume_would_be_ahead_of, Auto) {
  cluster.change(path(), [](Json& object) { object["spec"].erase("accept"); });
  check("Stop", "emptyDirs are carried by Stop alone");
}

struct Way {
  Strategy strategy;
  friend std::ostream& operator<<(std::ostream& out, const Way& way) { return out << to_string(way.strategy); }
};
const std::vector<Way> kWays{{Strategy::live}, {Strategy::sequential}};

// A strategy that was named is forecast as itself, and not as a stop-and-copy.
struct Named : Replay {
  explicit Named(Strategy strategy) : Replay(strategy) {
    source.facts.containers.front().memory = 1'000_MiB;
    target.after = [this, after = target.after](const std::string& what) {
      if (what == "pull") at_transfer = status();
      after(what);
    };
  }
  void tell_rates() {
    broker->publish_rate = 10;
    cluster.change(pod("orders"),
                   [](Json& object) { object["metadata"]["annotations"][kServiceTimeAnnotation] = "50ms"; });
  }
  MigrationStatus at_transfer;
};

BOOST_DATA_TEST_CASE(a_strategy_that_was_named_is_forecast_as_itself, data::make(kWays), way) {
  Named scene{way.strategy};
  scene.tell_rates();
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
  const Forecast hop = forecast(HopSize{1'000_MiB, {}, {}}, CheckpointBackend::direct);
  BOOST_REQUIRE(status.forecast_gap);
  BOOST_REQUIRE(status.forecast_total);
  BOOST_CHECK(status.forecast_restore == hop.restore);
  BOOST_CHECK(status.forecast_gap < hop.gap());
  // A sequential one's Pod stands frozen until the target has its place.
  BOOST_CHECK(status.forecast_freeze == (way.strategy == Strategy::live ? hop.checkpoint : *status.forecast_gap));
  BOOST_CHECK(status.forecast_total > *status.forecast_gap + hop.transfer);
  // Silent for its checkpoint, or until what was restored has caught up.
  BOOST_CHECK((status.forecast_gap == hop.checkpoint) == (way.strategy == Strategy::live));
  BOOST_CHECK(scene.at_transfer.forecast_gap == status.forecast_gap);
}

BOOST_DATA_TEST_CASE(at_unknown_rates_no_gap_is_forecast_before_they_are_measured, data::make(kWays), way) {
  Named scene{way.strategy};
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
  BOOST_TEST(!scene.at_transfer.forecast_gap);
  BOOST_TEST(!scene.at_transfer.forecast_total);
  BOOST_TEST(scene.at_transfer.forecast_freeze.has_value());
  BOOST_TEST(status.forecast_gap.has_value() == (way.strategy == Strategy::live));
}

// As the source works while messages wait, or as the Pod says; the broker's count of what arrives goes with it.
BOOST_DATA_TEST_CASE(rates_are_told_from_the_beginning_with_how_they_are_known, data::make(kWays), way) {
  for (const bool is_seen : {true, false}) {
    Named scene{way.strategy};
    scene.tell_rates();
    if (is_seen) {
      scene.broker->ack_rate = 16;
      // In the queue alone, from before there is a mirror.
      scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
        if (call == "totals orders" && scene.status().phase == Phase::preparing)
          scene.broker->arrive("", "orders", {"waits"});
        return std::nullopt;
      };
    }
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
    BOOST_REQUIRE(scene.at_transfer.messages);
    const MessagesStatus& early = *scene.at_transfer.messages;
    BOOST_TEST(early.service_rate.value_or(0) == (is_seen ? 16.0 : 20.0));
    BOOST_TEST(to_string(early.service_rate_from) == (is_seen ? "Source" : "Annotation"));
    BOOST_TEST(early.arrival_rate.value_or(0) == 10.0);
    // T_replay_max * mu / lambda, where T_replay_max is the 14.7 s that the liveness probe leaves.
    BOOST_TEST((status.messages->cutoff_planned.value_or(0ms) > 20s));
  }
}

BOOST_DATA_TEST_CASE(unknown_rates_are_told_as_unknown, data::make(kWays), way) {
  Named scene{way.strategy};
  scene.broker->publish_rate = 0;  // a queue that the broker has not counted yet
  scene.broker->ack_rate = 0;
  scene.run();
  BOOST_REQUIRE(scene.at_transfer.messages);
  BOOST_TEST(!scene.at_transfer.messages->arrival_rate.has_value());
  BOOST_TEST(!scene.at_transfer.messages->service_rate.has_value());
  BOOST_TEST(to_string(scene.at_transfer.messages->service_rate_from) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
