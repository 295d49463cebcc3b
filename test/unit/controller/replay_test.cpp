// Live and sequential migrations against an application that follows the replay protocol, all in memory.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "test/unit/controller/ending.h"
#include "test/unit/controller/replay_scene.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

struct Way {
  Strategy strategy;
  bool keep_name;
};
std::ostream& operator<<(std::ostream& out, const Way& way) {
  return out << to_string(way.strategy) << (way.keep_name ? ", name kept" : "");
}
const std::vector<Way> kWays{{Strategy::live, false}, {Strategy::sequential, false}, {Strategy::sequential, true}};

// Ten a second arrive: some tenths of a second may be missing or too many.
void check_estimates(const Replay& scene, const MessagesStatus& messages) {
  BOOST_REQUIRE(messages.mirrored_estimate.has_value());
  BOOST_TEST(std::abs(static_cast<int>(*messages.mirrored_estimate) - scene.mirrored) <= 5 + scene.mirrored / 10,
             *messages.mirrored_estimate << " of " << scene.mirrored);
  BOOST_CHECK(messages.replayed_estimate == messages.mirrored_estimate);
  BOOST_TEST(!messages.mirrored.has_value());
}

std::string target_of(const Way& way) {
  return way.keep_name ? "orders" : "orders-mig-a6pfz";
}

BOOST_AUTO_TEST_SUITE(replays_)

BOOST_DATA_TEST_CASE(the_copy_goes_on_and_nothing_is_lost, data::make(kWays), way) {
  Replay scene{way.strategy, way.keep_name};
  scene.time.pass(2s);
  const MigrationStatus status = scene.run();
  scene.check_succeeded(target_of(way));
  scene.check_queues_gone();
  scene.check_complete();
  BOOST_REQUIRE(status.messages);
  BOOST_TEST(status.messages->lost.value_or(1) == 0U);
  BOOST_TEST(status.messages->arrival_rate.value_or(0) > 8);
  BOOST_TEST(status.messages->duplicates_bound.has_value());
  // An application that is not idempotent sees no more repeats than that.
  BOOST_TEST(scene.repeats() <= status.messages->duplicates_bound.value_or(0));
  BOOST_TEST(status.messages->mirrored.has_value() == (way.strategy == Strategy::sequential));
  BOOST_CHECK(status.messages->replayed == status.messages->mirrored);
  if (way.strategy == Strategy::live)
    check_estimates(scene, *status.messages);
  else
    BOOST_TEST(static_cast<int>(status.messages->mirrored.value_or(0)) == scene.mirrored);
  BOOST_TEST(status.messages->mirrored_estimate.has_value() == (way.strategy == Strategy::live));
  BOOST_TEST(status.messages->cutoff_used.has_value());
  BOOST_TEST(status.messages->cutoff_planned.has_value());
  BOOST_TEST(scene.metrics.mirrors.empty());
  BOOST_REQUIRE(scene.metrics.replays.size() == 1U);
  BOOST_CHECK(scene.metrics.replays.front().duplicates_bound == status.messages->duplicates_bound);
  // The word is there before the copy, and goes when the source is dead.
  const std::size_t unbound = scene.call_at("unbind " + scene.mirror());
  BOOST_TEST(scene.call_at("bind " + scene.mirror()) < unbound);
  BOOST_TEST(unbound < scene.call_at("remove_queue " + scene.mirror()));
  BOOST_TEST(scene.broker->closed_connections().size() >= 1U);
}

// The source stood still for its checkpoint as well.
BOOST_DATA_TEST_CASE(the_gap_is_the_longest_time_in_which_nobody_worked, data::make(kWays), way) {
  for (const auto snapshot : {1ms, 20'000ms}) {
    Replay scene{way.strategy, way.keep_name};
    scene.source.snapshot_freeze = snapshot;
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
    BOOST_REQUIRE(status.frozen_at && status.running_at);
    const auto cut = std::chrono::duration_cast<milliseconds>(*status.running_at - *status.frozen_at);
    BOOST_TEST((status.gap == std::max(cut, milliseconds{snapshot})));
    BOOST_TEST((status.snapshot_freeze == snapshot));
  }
}

const std::vector<std::string> kOrders{"snapshot", "pull", "release", "freeze", "commit"};

BOOST_DATA_TEST_CASE(an_order_that_fails_before_the_commit_leads_back, data::make(kWays) * data::make(kOrders), way,
                     order) {
  if (way.strategy == Strategy::sequential && order == "release") return;  // comes after the commit
  Replay scene{way.strategy, way.keep_name};
  for (controller::fakes::Agent* agent : {&scene.source, &scene.target})
    agent->before = [&](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != order) return std::nullopt;
      return agent::AgentError{agent::AgentError::Kind::failed, "criu says no"};
    };
  scene.run();
  scene.check_rolled_back();
  scene.check_queues_gone();
}

BOOST_DATA_TEST_CASE(an_abort_before_the_commit_leads_back, data::make(kWays) * data::make(kOrders), way, order) {
  if (order == "commit" || (way.strategy == Strategy::sequential && order == "release")) return;
  Replay scene{way.strategy, way.keep_name};
  for (controller::fakes::Agent* agent : {&scene.source, &scene.target})
    agent->before = [&](const std::string& what) {
      if (what == order && !scene.migration().spec.abort) scene.abort();
      return std::optional<agent::AgentError>{};
    };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  scene.check_queues_gone();
  BOOST_TEST(status.reason == "Aborted");
}

BOOST_DATA_TEST_CASE(a_controller_may_end_at_any_write, data::make(kWays), way) {
  for_each_ending(10, [&](Ending& ending) {
    Replay scene{way.strategy, way.keep_name};
    ending.at_write(scene);
    scene.run();
    scene.check_succeeded(target_of(way));
    scene.check_queues_gone();
    scene.check_complete();
  });
}

// A second for every order, and two from a copy's birth until it is known of, in which it takes from the mirror.
struct Slow : Replay {
  explicit Slow(const Way& way) : Replay(way.strategy, way.keep_name) {
    for (controller::fakes::Agent* agent : {&source, &target}) {
      agent->before = [this, then = agent->before](const std::string& what) -> std::optional<agent::AgentError> {
        if (std::find(kOrders.begin(), kOrders.end(), what) != kOrders.end()) time.pass(1s);
        return then ? then(what) : std::nullopt;
      };
      agent->after = [this, then = agent->after](const std::string& what) {
        then(what);
        if (what == "release") time.pass(2s);
      };
    }
    broker->on_call = [this, name = mirror()](const std::string& call) -> std::optional<Error> {
      if (call == "depth " + name) read.push_back(now());
      if (call == "remove_queue " + name && broker->has_queue(name)) removed = now();
      return std::nullopt;
    };
  }
  std::vector<Instant> read;
  std::optional<Instant> removed;
};

BOOST_DATA_TEST_CASE(the_mirror_is_read_five_times_a_second_whatever_is_waited_for, data::make(kWays), way) {
  Slow scene{way};
  const MigrationStatus status = scene.run();
  scene.check_succeeded(target_of(way));
  BOOST_REQUIRE(status.messages && status.messages->bound_at);
  BOOST_REQUIRE(scene.removed);
  Instant last = *status.messages->bound_at;
  Microseconds longest{0};
  for (const Instant at : scene.read) {
    if (at < last || at > *scene.removed) continue;
    longest = std::max(longest, at - last);
    last = at;
  }
  longest = std::max(longest, *scene.removed - last);
  BOOST_TEST(longest.count() <= 200'000);
}

BOOST_DATA_TEST_CASE(the_backlog_is_told_over_the_whole_time, data::make(kWays), way) {
  Slow scene{way};
  const MigrationStatus status = scene.run();
  scene.check_succeeded(target_of(way));
  BOOST_REQUIRE(status.messages);
  BOOST_TEST(status.messages->backlog_interval.value_or(0ms).count() > 0);
  BOOST_TEST(status.messages->backlog_interval.value_or(0ms).count() <= 200);
  const auto& series = status.messages->backlog;
  BOOST_TEST(std::is_sorted(series.begin(), series.end(),
                            [](const BacklogPoint& a, const BacklogPoint& b) { return a.at < b.at; }));
  for (const Phase phase : {Phase::checkpointing, Phase::transferring}) {
    const auto step = std::find_if(status.steps.begin(), status.steps.end(),
                                   [&](const Step& one) { return one.name == to_string(phase); });
    BOOST_REQUIRE(step != status.steps.end());
    BOOST_TEST(
        std::any_of(series.begin(), series.end(),
                    [&](const BacklogPoint& point) { return point.at > step->started && point.at < *step->finished; }),
        step->name);
  }
  // What a copy takes before it is known to live is not taken for messages that did not arrive.
  BOOST_TEST(status.messages->arrival_rate.value_or(0) > 9);
  BOOST_TEST(status.messages->arrival_rate.value_or(0) < 11);
}

// Only figures are missing then.
BOOST_AUTO_TEST_CASE(a_background_that_cannot_read_is_no_hindrance) {
  Replay scene{Strategy::live};
  scene.background_fails = true;
  const MigrationStatus status = scene.run();
  scene.check_succeeded("orders-mig-a6pfz");
  scene.check_complete();
  BOOST_TEST(!status.messages->backlog.empty());
}

// The kubelet's word comes late; that of a container that ended is meant all the same.
BOOST_AUTO_TEST_CASE(a_target_is_dead_when_the_kubelet_says_so_and_not_before) {
  for (const bool dies : {false, true}) {
    Replay scene{Strategy::live};
    scene.target.after = [&](const std::string& what) {
      if (what != "release") return;
      scene.run_containers();
      scene.cluster.change(Scene::pod("orders-mig-a6pfz"), [&](Json& object) {
        object["status"]["containerStatuses"][0]["state"] =
            dies ? Json{{"terminated", {{"exitCode", 1}}}} : Json{{"waiting", {{"reason", "ContainerCreating"}}}};
      });
    };
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == (dies ? "RolledBack" : "Succeeded"), status.message);
    if (dies) BOOST_TEST(status.reason == "TargetDied");
  }
}

BOOST_AUTO_TEST_CASE(an_application_that_does_not_look_is_found_out) {
  Replay scene{Strategy::live};
  scene.obeys = false;
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  scene.check_queues_gone();
  BOOST_TEST(status.reason == "ReplayNotStarted");
  BOOST_TEST(status.message.find("docs/app-contract.md") != std::string::npos, status.message);
}

BOOST_AUTO_TEST_CASE(a_consumer_that_the_broker_lists_late_is_waited_for) {
  Replay scene{Strategy::live};
  struct Late final : migrate::fakes::FakeBroker {
    Lookup<broker::QueueFacts> queue(const std::string& name) override {
      auto facts = FakeBroker::queue(name);
      if (facts && *facts && looks++ < 8) (*facts)->consumers.clear();
      return facts;
    }
    int looks = 0;
  };
  auto late = std::make_shared<Late>();
  late->add_exchange("shop", "fanout");
  late->add_queue(*scene.broker->queue("orders").value());
  late->add_queue(kOwnControl);
  late->consume(kOwnControl, {kLooker, "mine", "10.0.0.9", 1});
  scene.broker = late;
  scene.run();
  scene.check_succeeded("orders-mig-a6pfz");
  BOOST_TEST(late->looks > 8);
}

struct Limited : Replay {
  Limited() : Replay(Strategy::live) {}
  broker::Policy policy{"short", ".*", false, 0, false, true};
};

BOOST_FIXTURE_TEST_CASE(a_policy_that_would_limit_the_mirror_is_refused, Limited) {
  broker->listed_policies = {policy};
  const MigrationStatus status = run();
  BOOST_TEST(to_string(status.phase) == "Refused");
  BOOST_TEST(status.reason == "MirrorLengthLimit");
  BOOST_TEST(status.message.find("policy short") != std::string::npos, status.message);
}

BOOST_FIXTURE_TEST_CASE(a_limit_of_a_policy_that_cannot_be_read_shows_at_the_mirror, Limited) {
  broker->listed_policies.reset();
  broker->limits_new_queues = true;
  const MigrationStatus status = run();
  check_rolled_back();
  check_queues_gone();
  BOOST_TEST(status.reason == "MirrorLengthLimit");
}

BOOST_FIXTURE_TEST_CASE(no_right_to_read_policies_is_no_hindrance, Limited) {
  broker->listed_policies.reset();
  run();
  check_succeeded("orders-mig-a6pfz");
}

struct Purging : Replay {
  Purging() : Replay(Strategy::live) {
    cluster.change(path(), [](Json& object) { object["spec"]["messages"]["purgePrimary"] = true; });
  }
};

BOOST_FIXTURE_TEST_CASE(what_the_source_had_handled_is_purged, Purging) {
  time.pass(2s);
  const MigrationStatus status = run();
  check_succeeded("orders-mig-a6pfz");
  check_queues_gone();
  check_complete();
  BOOST_TEST(call_at("purge orders") < call_at("unbind " + mirror()));
  check_estimates(*this, *status.messages);
  BOOST_TEST(repeats() <= status.messages->duplicates_bound.value_or(0));
}

// Purged again, it would lose what came since.
BOOST_FIXTURE_TEST_CASE(a_purge_is_not_repeated_when_the_mirror_is_unbound, Purging) {
  bool died = false;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!died && call_at("purge orders") < call_at("~") && call == "depth " + mirror()) {
      died = true;
      die();
    }
    return std::nullopt;
  };
  run();
  BOOST_TEST(died);
  check_succeeded("orders-mig-a6pfz");
  check_complete();
  const auto calls = broker->calls();
  BOOST_TEST(std::count(calls.begin(), calls.end(), "purge orders") == 1);
}

BOOST_AUTO_TEST_CASE(a_queue_that_cannot_be_mirrored_is_refused) {
  Replay scene{Strategy::live};
  broker::QueueFacts unbound;
  unbound.name = "orders";
  unbound.type = "classic";
  unbound.consumers = {{"t1", "mine", "10.0.0.9", 5}};
  scene.broker->add_queue(unbound);
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused");
  BOOST_TEST(status.message.find("--strategy stop") != std::string::npos, status.message);
}

BOOST_AUTO_TEST_CASE(a_shadow_from_an_image_is_made_once_its_image_is_there_and_after_the_word) {
  Replay scene{Strategy::live};
  scene.cluster.change(Scene::path(), [](Json& object) { object["spec"]["restore"] = "Image"; });
  bool was_told = false;
  const auto place = scene.cluster.on_create;
  scene.cluster.on_create = [&](const kube::ResourcePath& where, Json& object) {
    if (where.plural == "pods" && where.name != "orders-mig-hold")
      was_told = scene.broker->ready("ms2m.control." + where.name).size() == 1;
    place(where, object);
  };
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
  BOOST_TEST(was_told);
  BOOST_TEST(status.placeholder == "");
  BOOST_TEST(scene.target.host_name == status.target.pod);
}

// Every strategy closes the source's connections.
BOOST_AUTO_TEST_CASE(a_delivery_limit_that_loses_what_is_given_back_is_refused_or_told) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential, Strategy::stop})
    for (const std::uint64_t limit : {0U, 1U, 20U}) {
      Replay scene{strategy};
      broker::QueueFacts orders = *scene.broker->queue("orders").value();
      orders.type = "quorum";
      orders.delivery_limit = limit;
      orders.consumers.clear();  // they are there already
      scene.broker->add_queue(orders);
      const MigrationStatus status = scene.run();
      BOOST_TEST_CONTEXT(to_string(strategy) << ", limit " << limit) {
        BOOST_TEST(to_string(status.phase) == (limit == 0 ? "Refused" : "Succeeded"), status.message);
        if (limit == 0) BOOST_TEST(status.reason == "DeliveryLimit");
        const bool is_told = std::any_of(status.warnings.begin(), status.warnings.end(), [](const std::string& one) {
          return one.find("delivery limit of 1") != std::string::npos;
        });
        BOOST_TEST(is_told == (limit == 1));
      }
    }
}

// Of `stop` too: what the broker has sent and nobody has read goes with the connection.
BOOST_AUTO_TEST_CASE(a_consumer_that_does_not_acknowledge_is_refused_by_every_strategy) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential, Strategy::stop}) {
    Replay scene{strategy};
    scene.broker->cancel("orders", "t1");
    scene.broker->consume("orders", {"t1", "mine", "10.0.0.9", 5, false});
    const MigrationStatus status = scene.run();
    BOOST_TEST_CONTEXT(to_string(strategy)) {
      BOOST_TEST(to_string(status.phase) == "Refused");
      BOOST_TEST(status.reason == "AutoAck", status.message);
      BOOST_TEST(std::count_if(status.refusals.begin(), status.refusals.end(),
                               [](const RefusalNote& one) { return one.reason == "AutoAck"; }) == 1);
      BOOST_TEST(!scene.broker->has_queue(scene.mirror()));
    }
  }
}

// They come into the queue alone; to a strategy without a mirror that is all the same.
BOOST_AUTO_TEST_CASE(who_publishes_by_the_queues_name_is_warned_of_where_it_is_mirrored) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential, Strategy::stop}) {
    Replay scene{strategy};
    broker::QueueFacts orders = *scene.broker->queue("orders").value();
    orders.is_fed_by_name = true;
    orders.consumers.clear();  // they are there already
    scene.broker->add_queue(orders);
    const MigrationStatus status = scene.run();
    BOOST_TEST_CONTEXT(to_string(strategy)) {
      BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
      const bool is_told = std::any_of(status.warnings.begin(), status.warnings.end(), [](const std::string& one) {
        return one.find("queue orders is published to by its name") != std::string::npos;
      });
      BOOST_TEST(is_told == (strategy != Strategy::stop));
    }
  }
}

// Its way back into the name begins at once; what is left of the first hop goes beside it.
BOOST_AUTO_TEST_CASE(a_second_hop_does_not_wait_until_the_first_has_cleaned_up) {
  Replay scene{Strategy::live, true};
  const auto cleaned = [&] { return std::count(scene.target.orders.begin(), scene.target.orders.end(), "clean_up"); };
  std::optional<long> cleaned_before;
  scene.cluster.on_create = [&](const kube::ResourcePath& where, Json& object) {
    if (where.plural == "pods") scene.place(object);
    if (where.plural != "migrations") return;
    cleaned_before = cleaned();
    object["status"] = {{"phase", "InDoubt"}};
  };
  // The kubelet's word that the shadow is ready.
  bool is_ready = false;
  scene.cluster.on_wait = [&] {
    if (is_ready || !scene.runs()) return;
    is_ready = true;
    scene.cluster.change(Scene::pod("orders-mig-a6pfz"), [](Json& shadow) {
      shadow["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
    });
  };
  scene.time.pass(2s);
  scene.run(4);
  BOOST_TEST(to_string(scene.status().phase) == "Returning", scene.status().message + scene.log.text());
  BOOST_REQUIRE(cleaned_before);
  BOOST_TEST(*cleaned_before == 0);
  BOOST_TEST(cleaned() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
