// Faults of the broker and of the application while a migration with replay is under way: how it ends, what its user is
// told, and that nothing is lost by it.
#include <nlohmann/json.hpp>

#include "test/e2e/broker_faults.h"
#include "test/e2e/broker_side.h"
#include "test/e2e/doubt.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/play_rows.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/row_hold.h"

using namespace harness;
using Json = nlohmann::json;
using migrate::Phase;

namespace {

// It looks into one control queue whatever its Pod is called.
void start_deaf(Scene& scene, const std::string& control) {
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.service_ms = 50;
  consumer.prefetch = 5;
  Json pod = scene.orders().consumer_pod(consumer);
  for (const std::string& word : {std::string("--control-queue"), control})
    pod["spec"]["containers"][0]["command"].push_back(word);
  scene.start(pod, {.per_second = 5, .producers = 2, .count = 0});
}

// Not its Pod's.
void start_elsewhere(Scene& scene) {
  start_deaf(scene, scene.stage().ns().name() + ".control");
}

// Whether the deaf one has declared the queue is another Pod's doing: the broker remembers every "orders".
const char* const kOwnControl = "ms2m.control.orders";

// As an application does that keeps the host name: all is well until its copy has another one.
void start_with_kept_name(Scene& scene) {
  start_deaf(scene, kOwnControl);
}

// Of both strategies with replay.
std::vector<NamedPlay> plays_of_both(BrokerRow row) {
  std::vector<NamedPlay> plays;
  for (const migrate::Strategy strategy : {migrate::Strategy::live, migrate::Strategy::sequential}) {
    row.strategy = strategy;
    plays.push_back({row.name + ", " + std::string{migrate::to_string(strategy)},
                     [row](Scene& scene) { return play(scene, row); }});
  }
  return plays;
}

// At the door: nothing has been said to it yet.
void kill_target(BrokerFaultSite& site) {
  site.scene.stage().require(send_signal(site.scene.cluster(), target_application(site.migration), "KILL"),
                             "the target has no process orders-consumer to be killed", site.name);
}

// As many as the target replays for half as long as they take to arrive.
void await_mirrored(const Stage& stage, const std::string& name, std::uint64_t messages) {
  const auto mirror = stage.migration(name).at("status").at("messages").at("mirror").get<std::string>();
  stage.await(std::to_string(messages) + " messages in the mirror", name, [&] {
    const Json queue = Json::parse(management(stage.cluster(), "GET", "/queues/%2F/" + mirror), nullptr, false);
    return queue.is_object() && queue.value("messages", std::uint64_t{0}) >= messages;
  });
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
  std::vector<NamedPlay> plays =
      plays_of_both({"no control queue",
                     {Phase::refused},
                     std::string("has declared no control queue ") + kOwnControl,
                     [](BrokerFaultSite& site) { delete_queue(site.scene.cluster(), kOwnControl); }});
  // One that is left of somebody else's Pod of that name.
  for (NamedPlay& one : plays_of_both({"the control queue is ignored",
                                       {Phase::refused},
                                       std::string("nobody looks into control queue ") + kOwnControl,
                                       [](BrokerFaultSite& site) {
                                         management(site.scene.cluster(), "PUT",
                                                    std::string("/queues/%2F/") + kOwnControl, R"({"durable": true})");
                                       }}))
    plays.push_back(std::move(one));
  play_rows("broker-faults-deaf", plays, start_elsewhere);
}

// Its copy never looks into its own control queue: what that takes from the queue itself is lost before anybody can see
// it, so there is nothing for an audit. But it is seen, and ended.
BOOST_AUTO_TEST_CASE(a_copy_that_ignores_its_control_queue_is_found_out) {
  const BrokerRow row{"the copy ignores its control queue", {Phase::rolled_back}, "did not start replaying"};
  Scene scene{"broker-faults-ignored"};
  start_with_kept_name(scene);
  const std::string before = scene.consumer();
  BOOST_TEST_MESSAGE(play_to_its_end(scene, row));
  BOOST_TEST(scene.stage().pod(before).at("status").at("phase") == "Running");
  eventually("the mirror to be gone", [&] { return queues(scene.cluster(), "ms2m.replay.").empty(); });
}

// The same where the source has ended: likewise nothing for an audit. It is said as soon, and a person may go back.
BOOST_AUTO_TEST_CASE(sequential_the_consumer_ignores_its_control_queue) {
  std::string name;
  BrokerRow row{"the target ignores its control queue, sequential",
                {Phase::in_doubt},
                "did not start replaying within 20 s: nobody reads queue ms2m.replay.",
                {},
                Phase::switching,
                [&](BrokerFaultSite& site) { name = site.name; }};
  row.strategy = migrate::Strategy::sequential;
  Scene scene{"broker-faults-ignored-at-the-end"};
  start_with_kept_name(scene);
  const std::string before = scene.consumer();
  const std::string told = play_to_its_end(scene, row);
  BOOST_TEST_MESSAGE(told);
  for (const char* part : {"START_REPLAY stands unread in its control queue ms2m.control.orders-mig-",
                           "is frozen on node node-a with its memory"})
    BOOST_TEST(told.find(part) != std::string::npos, "nothing of '" << part << "' in " << told);
  decide(scene, name, {"resolve", name, "--keep", "source"}, "Rolled back");
  BOOST_TEST(scene.stage().pod(before).at("status").at("phase") == "Running");
  scene.wait_for_more(20);
  scene.stage().check_nothing_left(name);
  check_no_queues_left(scene.stage(), name);
}

// It sleeps while it replays, and goes on as soon as it wakes, without a word of anybody's. Nothing is lost by it.
BOOST_AUTO_TEST_CASE(sequential_a_target_that_hangs_is_a_doubt_until_it_replays) {
  const std::string name = "hung";
  Scene scene{"broker-faults-hung"};
  start_for_replay(scene);
  const Stage& stage = scene.stage();
  const auto phase = [&] { return stage.migration(name).value("/status/phase"_json_pointer, std::string{}); };
  {
    PhaseGate gate{scene.cluster(), stage.ns().name(), "Transferring", name, PhaseGate::Holds::until_opened};
    const auto begun = stage.plugin(
        {scene.consumer(), "--to", scene.other_node(), "--name", name, "--no-wait", "--strategy", "sequential"});
    BOOST_REQUIRE_MESSAGE(begun.succeeded(), text_of(begun));
    stage.await("the migration to come to Transferring", name, [&] { return gate.is_reached(); });
    await_mirrored(stage, name, 150);
    gate.open();
  }
  stage.await("the target to replay", name, [&] { return phase() == "Switching"; });
  auto hold = stop_process(scene.cluster(), target_application(stage.migration(name)));
  const Json doubtful = stage.await_end(name, std::chrono::seconds{300});
  hold.reset();
  stage.require(doubtful.at("status").at("phase") == "InDoubt", "it is no doubt", name);
  const auto message = doubtful.at("status").at("message").get<std::string>();
  BOOST_TEST(message.find("nobody reads queue ms2m.replay.") != std::string::npos, message);
  stage.await("the migration to succeed once the target is awake", name, [&] { return phase() == "Succeeded"; });
  scene.follow(stage.migration(name));
  stage.check_nothing_left(name);
  check_no_queues_left(stage, name);
  judge_rows(scene);
}

// Its application is killed as it goes over. The source is frozen still, and what it has not handled in its queue.
void check_source_can_be_kept(const char* scene_name, migrate::Strategy strategy) {
  std::string name;
  BrokerRow row{"killed behind the commit",
                {Phase::in_doubt},
                "ended while it replayed",
                {},
                Phase::switching,
                [&](BrokerFaultSite& site) {
                  name = site.name;
                  kill_target(site);
                }};
  row.strategy = strategy;
  Scene scene{scene_name};
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

// Behind the commit what was replayed is in the shadow's memory alone. That it is gone has to be said, not hidden; but
// the source is only frozen, and its queue has all that it has not handled.
BOOST_AUTO_TEST_CASE(a_shadow_that_dies_behind_the_commit_is_a_doubt_and_the_source_can_be_kept) {
  check_source_can_be_kept("broker-faults-doubt", migrate::Strategy::live);
}

// The archives lack what it has taken from its mirror; the source, whose name was not taken, lacks nothing.
BOOST_AUTO_TEST_CASE(a_sequential_target_that_dies_while_it_replays_is_a_doubt_and_the_source_can_be_kept) {
  check_source_can_be_kept("broker-faults-lost", migrate::Strategy::sequential);
}

BOOST_AUTO_TEST_SUITE_END()
