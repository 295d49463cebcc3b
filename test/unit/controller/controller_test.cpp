// The loop itself, with threads and the real time.
#include "extender/controller/controller.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "extender/controller/kube_events.h"
#include "extender/controller/target_pod.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(controller_)

struct Running : Scene {
  explicit Running(const char* identity) : Scene(false), who(identity) {
    cluster.patient = true;
    time.on_pass = nullptr;
    leadership.give_up();
  }
  ControllerOptions options() {
    return {cluster, kube::system_pacer(), time, *this, *this, events, metrics, log, who, {}, 2};
  }
  // For as long as the limit, which only ends what hangs.
  void wait_for(const std::function<bool()>& is_reached) const {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!is_reached() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(5ms);
    BOOST_REQUIRE_MESSAGE(is_reached(), log.text());
  }
  std::string who;
};

BOOST_AUTO_TEST_CASE(it_leads_and_drives_what_it_sees) {
  Running scene{"me"};
  Controller controller{scene.options()};
  {
    const std::jthread running{[&](const std::stop_token& stop) { controller.run(stop); }};
    scene.wait_for([&] { return scene.status().phase == Phase::succeeded && !scene.migration().has_finalizer; });
    BOOST_TEST(controller.is_leader());
  }
  BOOST_TEST(!controller.is_leader());
  scene.check_succeeded(target_name(samples::migration(), 1));
}

BOOST_AUTO_TEST_CASE(an_abort_reaches_a_migration_at_work) {
  Running scene{"me"};
  scene.place_on.clear();
  Controller controller{scene.options()};
  const std::jthread running{[&](const std::stop_token& stop) { controller.run(stop); }};
  scene.wait_for([&] { return scene.status().phase == Phase::placing; });
  scene.cluster.change(Scene::path(), [](Json& object) { object["spec"]["abort"] = true; });
  scene.wait_for([&] { return scene.status().phase == Phase::rolled_back; });
}

BOOST_AUTO_TEST_CASE(where_a_migration_stands_is_told_until_it_is_gone) {
  Running scene{"me"};
  Controller controller{scene.options()};
  const std::jthread running{[&](const std::stop_token& stop) { controller.run(stop); }};
  scene.wait_for([&] { return scene.metrics.place_of("uid-migration") == Phase::succeeded; });
  scene.wait_for([&] { return !scene.migration().has_finalizer; });
  scene.cluster.drop(Scene::path());
  scene.wait_for([&] { return !scene.metrics.place_of("uid-migration"); });
}

// All threads for dry runs are held up, and there is one for migrations.
BOOST_AUTO_TEST_CASE(a_migration_waits_for_no_dry_run) {
  Running scene{"me"};
  for (const char* name : {"dry-1", "dry-2", "dry-3"}) {
    Migration asked = samples::migration();
    asked.name = name;
    asked.uid = std::string{"uid-"} + name;
    asked.spec.dry_run = true;
    scene.cluster.put(migration_path("shop", name), Scene::object_of(asked));
  }
  std::atomic<bool> is_over = false;
  std::atomic<int> held = 0;
  scene.cluster.deny = [&](const kube::ResourcePath&, const Json& object) -> std::optional<kube::ApiError> {
    if (!text_at(object, {"metadata", "annotations", kRestoreAnnotation}).starts_with("uid-dry")) return std::nullopt;
    ++held;
    while (!is_over)
      std::this_thread::sleep_for(5ms);
    return std::nullopt;
  };
  ControllerOptions options = scene.options();
  options.workers = 1;
  scene.cluster.change(Scene::path(), [](Json& object) { object["spec"]["strategy"] = "Stop"; });
  Controller controller{options};
  std::jthread running{[&](const std::stop_token& stop) { controller.run(stop); }};
  scene.wait_for([&] { return scene.status().phase == Phase::succeeded && !scene.migration().has_finalizer; });
  scene.wait_for([&] { return held == 2; });
  BOOST_TEST(!scene.metrics.place_of("uid-dry-1"), "a dry run is counted among the migrations");
  running.request_stop();
  is_over = true;
}

BOOST_AUTO_TEST_CASE(who_begins_to_lead_learns_from_what_is_there_still) {
  Scene earlier;
  earlier.run();
  Json finished = earlier.cluster.look(Scene::path()).value();
  finished["metadata"]["uid"] = "uid-earlier";
  Running scene{"me"};
  scene.cluster.put(migration_path("shop", "earlier"), finished);
  Controller controller{scene.options()};
  const std::jthread running{[&](const std::stop_token& stop) { controller.run(stop); }};
  scene.wait_for([&] { return scene.status().phase == Phase::succeeded; });
  // What everything takes in here, and not the defaults' 410 ms.
  const milliseconds freeze = scene.status().forecast_freeze.value_or(0ms);
  BOOST_TEST((freeze >= 290ms && freeze <= 310ms), freeze.count());
}

BOOST_AUTO_TEST_CASE(an_event_as_the_api_server_takes_it) {
  Migration migration = samples::migration();
  const Json event = event_object(migration, "Pod", true, "MigrationRefused", std::string(2000, 'x'), Instant{1s}, 7);
  BOOST_TEST(event["involvedObject"]["name"] == "orders");
  BOOST_TEST(event["involvedObject"]["uid"] == "uid-source");
  BOOST_TEST(event["type"] == "Warning");
  BOOST_TEST(event["message"].get<std::string>().size() == 1024U);
  migration.status.phase = Phase::succeeded;
  migration.status.target = {"orders-mig-abcde", "uid-target", "node-b"};
  BOOST_TEST(event_object(migration, "Pod", false, "r", "m", Instant{1s}, 8)["involvedObject"]["uid"] == "uid-target");
  BOOST_TEST(event_object(migration, "Migration", false, "r", "m", Instant{1s}, 8)["involvedObject"]["kind"] ==
             "Migration");
}

BOOST_AUTO_TEST_CASE(what_ticks_goes_on_until_it_is_not_wanted_and_nobody_waits_for_it) {
  std::atomic<int> times = 0;
  std::promise<void> held;
  std::promise<void> may_end;
  bool is_stopped = false;
  {
    BackgroundTicker ticker;
    auto ticking = ticker.every(1ms, [&](const std::stop_token& stop) {
      if (++times != 3) return;
      held.set_value();
      may_end.get_future().wait();
      is_stopped = stop.stop_requested();
    });
    held.get_future().wait();
    ticking.reset();  // while it is at work
    may_end.set_value();
  }
  BOOST_TEST(times == 3);
  BOOST_TEST(is_stopped);
}

BOOST_AUTO_TEST_CASE(events_are_written_by_a_thread_of_their_own) {
  Running scene{"me"};
  KubeEvents recorder{scene.cluster, scene.time, scene.log};
  recorder.record(samples::migration(), "Migration", false, "MigrationStarted", "begun");
  scene.wait_for([&] { return scene.cluster.names("events").size() == 1; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
