// The bindings of a queue change while it is mirrored: a copy that lacks what the source has handled is given up.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <utility>

#include "test/unit/controller/live.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(bindings_)

const std::vector<Strategy> kStrategies{Strategy::live, Strategy::sequential};

// Bound twice to one exchange; another one is there, to which it is not bound.
struct Bound : Replay {
  explicit Bound(Strategy strategy) : Replay(strategy) {
    broker->add_exchange("extra", "fanout");
    BOOST_REQUIRE(broker->bind("orders", {"shop", "b"}));
  }
  void add() {
    BOOST_REQUIRE(broker->bind("orders", {"extra", "k"}));
    BOOST_TEST(broker->arrive("extra", "k", {std::to_string(sent++)}) == 1U);
  }
  // As many as before.
  void exchange() {
    add();
    BOOST_REQUIRE(broker->unbind("orders", {"shop", "b"}));
  }
  void once_in(Phase phase, const std::function<void()>& what) {
    broker->on_call = [this, phase, what](const std::string& call) -> std::optional<Error> {
      if (is_done || call != "depth " + mirror() || time.is_ticking() || status().phase != phase) return std::nullopt;
      is_done = true;
      what();
      return std::nullopt;
    };
  }
  void at_freeze(const std::function<void()>& what) {
    source.before = [this, what](const std::string& order) -> std::optional<agent::AgentError> {
      if (order == "freeze" && !is_done) {
        is_done = true;
        what();
      }
      return std::nullopt;
    };
  }
  void purge() {
    cluster.change(path(), [](Json& object) { object["spec"]["messages"]["purgePrimary"] = true; });
  }
  [[nodiscard]] bool was_ordered(const char* order) const {
    return std::find(source.orders.begin(), source.orders.end(), order) != source.orders.end();
  }
  void check_changed(const std::string& part) {
    const MigrationStatus status = run();
    BOOST_TEST(is_done);
    check_said(status, "RolledBack", "BindingsChanged", part);
    check_rolled_back();
    check_queues_gone();
  }
  bool is_done = false;
};

BOOST_AUTO_TEST_CASE(one_that_is_added_while_it_replays_leads_back_before_the_freeze) {
  Bound scene{Strategy::live};
  scene.once_in(Phase::replaying, [&] { scene.add(); });
  scene.check_changed("queue orders was bound to exchange extra with key k while it was mirrored");
  BOOST_TEST(!scene.was_ordered("freeze"));
  scene.check_complete();
}

// What comes by it the mirror gets, and the source never.
BOOST_AUTO_TEST_CASE(one_that_is_removed_while_it_replays_leads_back_too) {
  Bound scene{Strategy::live};
  scene.once_in(Phase::replaying, [&] { BOOST_REQUIRE(scene.broker->unbind("orders", {"shop", "b"})); });
  scene.check_changed("queue orders was unbound from exchange shop with key b while it was mirrored");
  BOOST_TEST(!scene.was_ordered("freeze"));
  scene.check_complete();
}

// Before the checkpoint.
BOOST_AUTO_TEST_CASE(one_that_is_added_while_the_mirror_is_filled_leads_back) {
  for (const Strategy strategy : kStrategies) {
    Bound scene{strategy};
    scene.once_in(Phase::mirroring, [&] { scene.add(); });
    scene.check_changed("was bound to exchange extra with key k");
    BOOST_TEST(!scene.was_ordered("snapshot"));
    scene.check_complete();
  }
}

BOOST_AUTO_TEST_CASE(one_that_is_added_while_archives_travel_leads_back_before_the_freeze) {
  Bound scene{Strategy::sequential};
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "pull" && !std::exchange(scene.is_done, true)) scene.add();
    return std::nullopt;
  };
  scene.check_changed("was bound to exchange extra with key k");
  BOOST_TEST(!scene.was_ordered("freeze"));
  scene.check_complete();
}

// Between the decision and the cut, and with as many as before: the source goes on where it stood.
BOOST_AUTO_TEST_CASE(others_at_the_freeze_lead_back_from_it) {
  for (const Strategy strategy : kStrategies) {
    Bound scene{strategy};
    scene.at_freeze([&] { scene.exchange(); });
    scene.check_changed(
        "was bound to exchange extra with key k and unbound from exchange shop with key b while it was mirrored");
    BOOST_TEST(!scene.was_ordered("commit"));
    scene.check_complete();
  }
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_bound_otherwise_is_not_purged) {
  Bound scene{Strategy::live};
  scene.purge();
  scene.at_freeze([&] { scene.exchange(); });
  scene.check_changed("was bound to exchange extra with key k and unbound from exchange shop");
  BOOST_TEST(scene.call_at("purge orders") == scene.call_at("~"));
  scene.check_complete();
}

// There is only forward, and what the queue alone has got is in nothing but the queue.
BOOST_AUTO_TEST_CASE(nor_is_one_that_is_bound_otherwise_behind_the_commit) {
  Bound scene{Strategy::live};
  scene.purge();
  scene.source.after = [&](const std::string& what) {
    if (what == "commit" && !std::exchange(scene.is_done, true)) scene.exchange();
  };
  const MigrationStatus status = scene.run();
  BOOST_TEST(scene.is_done);
  scene.check_succeeded(kShadow);
  scene.check_queues_gone();
  BOOST_TEST(scene.call_at("purge orders") == scene.call_at("~"));
  BOOST_REQUIRE(!status.warnings.empty());
  BOOST_TEST(status.warnings.back().find("are not bound alike any more") != std::string::npos);
  scene.check_complete();
}

// It would be bound in the mirror as well, and what came by it until then be in neither the mirror nor the copy.
BOOST_AUTO_TEST_CASE(a_controller_that_takes_over_does_not_bind_the_mirror_further) {
  Bound scene{Strategy::live};
  scene.once_in(Phase::mirroring, [&] {
    scene.add();
    scene.die();
  });
  scene.check_changed("was bound to exchange extra with key k");
  BOOST_TEST(scene.call_at("bind " + scene.mirror() + " extra") == scene.call_at("~"));
  scene.check_complete();
}

// What an earlier controller has unbound at the cut was bound alike.
BOOST_AUTO_TEST_CASE(a_cut_that_is_repeated_finds_the_mirror_unbound_and_goes_on) {
  for (const Strategy strategy : kStrategies) {
    Bound scene{strategy};
    scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
      const bool is_cut = scene.broker->bindings(scene.mirror()).empty() && scene.status().phase == Phase::freezing;
      if (!is_cut || call != "depth orders" || std::exchange(scene.is_done, true)) return std::nullopt;
      scene.die();
      return Error{"connection reset by peer"};
    };
    scene.run();
    BOOST_TEST(scene.is_done);
    scene.check_succeeded(kShadow);
    scene.check_queues_gone();
    scene.check_complete();
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
