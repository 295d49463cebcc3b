// Faults of the broker and of the application while a migration with replay is under way: how it ends, what its user is
// told, and that nothing is lost by it.
#include <nlohmann/json.hpp>

#include "test/e2e/broker_faults.h"
#include "test/e2e/broker_side.h"
#include "test/e2e/doubt.h"
#include "test/e2e/play_rows.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/row_hold.h"

using namespace harness;
using Json = nlohmann::json;
using migrate::Phase;

namespace {

// It looks into one control queue whatever its Pod is called, as an application does that keeps the host name.
void start_deaf(Scene& scene) {
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.service_ms = 50;
  consumer.prefetch = 5;
  Json pod = scene.orders().consumer_pod(consumer);
  for (const std::string& word : {std::string("--control-queue"), scene.stage().ns().name() + ".control"})
    pod["spec"]["containers"][0]["command"].push_back(word);
  scene.start(pod, {.per_second = 5, .producers = 2, .count = 0});
}

// Whether the deaf one has declared the queue is another Pod's doing: the broker remembers every "orders".
const char* const kOwnControl = "ms2m.control.orders";

// At the door: nothing has been said to it yet.
void kill_target(BrokerFaultSite& site) {
  site.scene.stage().require(send_signal(site.scene.cluster(), target_application(site.migration), "KILL"),
                             "the target has no process orders-consumer to be killed", site.name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(broker_faults)

BOOST_AUTO_TEST_CASE(nothing_is_lost_whatever_the_broker_does) {
  std::vector<NamedPlay> plays;
  for (const BrokerRow& row : broker_rows())
    plays.push_back({row.name, [row](Scene& scene) { return play(scene, row); }});
  play_rows("broker-faults", plays, start_for_replay);
}

BOOST_AUTO_TEST_CASE(an_application_that_does_not_follow_the_protocol_is_refused) {
  const BrokerRow row{"no control queue",
                      {Phase::refused},
                      std::string("has declared no control queue ") + kOwnControl,
                      [](BrokerFaultSite& site) { delete_queue(site.scene.cluster(), kOwnControl); }};
  play_rows("broker-faults-deaf", {{row.name, [&](Scene& scene) { return play(scene, row); }}}, start_deaf);
}

// It has a control queue and never looks into it: what its copy takes from the queue itself is lost before anybody can
// see it, so there is nothing for an audit. But it is seen, and ended.
BOOST_AUTO_TEST_CASE(an_application_that_ignores_its_control_queue_is_found_out) {
  const BrokerRow row{
      "the control queue is ignored", {Phase::rolled_back}, "did not start replaying", [](BrokerFaultSite& site) {
        management(site.scene.cluster(), "PUT", std::string("/queues/%2F/") + kOwnControl, R"({"durable": true})");
      }};
  Scene scene{"broker-faults-ignored"};
  start_deaf(scene);
  const std::string before = scene.consumer();
  BOOST_TEST_MESSAGE(play_to_its_end(scene, row));
  BOOST_TEST(scene.stage().pod(before).at("status").at("phase") == "Running");
  eventually("the mirror to be gone", [&] { return queues(scene.cluster(), "ms2m.replay.").empty(); });
}

// Behind the commit what was replayed is in the shadow's memory alone. That it is gone has to be said, not hidden; but
// the source is only frozen, and its queue has all that it has not handled.
BOOST_AUTO_TEST_CASE(a_shadow_that_dies_behind_the_commit_is_a_doubt_and_the_source_can_be_kept) {
  std::string name;
  const BrokerRow row{"killed behind the commit",
                      {Phase::in_doubt},
                      "ended while it replayed",
                      {},
                      Phase::switching,
                      [&](BrokerFaultSite& site) {
                        name = site.name;
                        kill_target(site);
                      }};
  Scene scene{"broker-faults-doubt"};
  start_for_replay(scene);
  const std::string before = scene.consumer();
  BOOST_TEST_MESSAGE(play_to_its_end(scene, row));
  decide(scene, name, {"resolve", name, "--keep", "source"}, "Rolled back");
  BOOST_TEST(scene.consumer() == before);
  scene.check_runs_on(name);
  scene.stage().check_nothing_left(name);
  check_no_queues_left(scene.stage(), name);
  scene.wait_for_more(20);
  judge_rows(scene);
}

// Nobody has that memory any more, so there is nothing to decide and nothing for an audit; the archives are kept.
BOOST_AUTO_TEST_CASE(a_target_that_dies_while_it_replays_when_its_source_has_ended_is_a_failure_and_said_so) {
  BrokerRow row{"killed behind the commit, sequential",
                {Phase::failed},
                "ended while it replayed",
                {},
                Phase::switching,
                kill_target};
  row.strategy = migrate::Strategy::sequential;
  Scene scene{"broker-faults-lost"};
  start_for_replay(scene);
  BOOST_TEST_MESSAGE(play_to_its_end(scene, row));
  // It keeps its mirror until it is deleted; the Secret that leads there may go before it, with their namespace.
  const Cluster& cluster = scene.stage().cluster();
  for (const std::string& mirror : queues(cluster, "ms2m.replay."))
    delete_queue(cluster, mirror);
}

BOOST_AUTO_TEST_SUITE_END()
