// Who places migrated Pods: a scheduler of the product's own (the default), or the cluster's with the extender in its
// configuration; and what becomes of Pods while the extender is down.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "test/e2e/node_under_pressure.h"
#include "test/e2e/scheduler_scene.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

SchedulerScene& world() {
  static SchedulerScene made{"schedulers"};
  return made;
}

// The scheduler is asked for a node that takes nothing for the moment, and says of each node why it is none.
void check_reasons() {
  const NodeUnderPressure busy{world().cluster(), world().node_of(kSleeper) == "node-b" ? "node-a" : "node-b"};
  const auto answer = migrate_command(world().cluster(), {kSleeper, "-n", world().ns(), "--strategy", "stop",
                                                          "--node-selector", busy.label(), "--timeout", "10s"});
  BOOST_TEST((answer.ending == migrate::Ending{migrate::Exited{5}}), to_string(answer.ending));
  const std::string told = answer.output + answer.errors;
  BOOST_TEST(told.find("the node does not match its node selector") != std::string::npos, told);
  BOOST_TEST(told.find("0/3 nodes are available") != std::string::npos, told);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedulers)

BOOST_AUTO_TEST_CASE(the_own_scheduler_places_where_it_is_asked_to_and_says_why_not_elsewhere) {
  const SchedulerScene& w = world();
  const std::string from = w.node_of(kSleeper);
  const std::string to = from == "node-b" ? "node-a" : "node-b";
  const Json migration = w.move({"--to", to});
  BOOST_TEST(w.node_of(kSleeper) == to);
  // It has placed what held the room for the name. A scheduler writes its Events behind its work.
  const std::string held = "sleeper-mig-hold";
  eventually("an Event by the own scheduler that it assigned Pod " + held, [&] {
    return w.events(held, "Scheduled").find(std::string(kOwnScheduler) + ": Successfully assigned") !=
           std::string::npos;
  });
  BOOST_TEST_MESSAGE("gap " << migration.at("status").value("gapMs", 0) << " ms");
  w.move({});  // wherever it likes
  BOOST_TEST(w.node_of(kSleeper) != to);
  check_reasons();
}

BOOST_AUTO_TEST_CASE(pods_that_are_not_ours_pass_untouched) {
  world().make_pod("stranger", kOwnScheduler);
  world().cluster().wait_ready(world().ns(), "stranger");
}

BOOST_AUTO_TEST_CASE(a_scheduler_that_starts_while_the_extender_is_down_keeps_pods_until_it_is_back) {
  const SchedulerScene& w = world();
  w.scale("migrate-extender", 0);
  w.cluster().kubectl({"-n", kHome, "rollout", "restart", "deployment/migrate-scheduler"});
  w.cluster().kubectl({"-n", kHome, "rollout", "status", "deployment/migrate-scheduler", "--timeout=120s"});
  w.make_pod("patient", kOwnScheduler);
  eventually("the scheduler to say that it cannot ask",
             [&] { return !w.events("patient", "FailedScheduling").empty(); });
  BOOST_TEST(!w.is_placed("patient"));
  // Everybody else's scheduler knows nothing of it.
  w.make_pod("passer-by", kDefaultScheduler);
  w.cluster().wait_ready(w.ns(), "passer-by");
  BOOST_TEST(!w.is_placed("patient"), w.events("patient", "Scheduled"));
  w.scale("migrate-extender", 2);
  w.cluster().wait_ready(w.ns(), "patient");
}

BOOST_AUTO_TEST_CASE(the_cluster_s_own_scheduler_does_it_with_the_extender_in_its_configuration) {
  const SchedulerScene& w = world();
  w.cluster().must({"install", "--scheduler", "main"});
  BOOST_TEST(!w.cluster().run({"kubectl", "-n", kHome, "get", "deployment", "migrate-scheduler"}).succeeded());
  const std::string to = w.node_of(kSleeper) == "node-c" ? "node-b" : "node-c";
  w.move({"--to", to});
  BOOST_TEST(w.node_of(kSleeper) == to);
  check_reasons();
  // Down, it stops nobody: here it is ignorable.
  w.scale("migrate-extender", 0);
  w.make_pod("indifferent", kDefaultScheduler);
  w.cluster().wait_ready(w.ns(), "indifferent");
}

BOOST_AUTO_TEST_CASE(installing_again_goes_back_to_the_own_scheduler) {
  const SchedulerScene& w = world();
  w.cluster().must({"install"});
  BOOST_TEST(w.cluster().on("control", {"cat", "/etc/kubernetes/scheduler.yaml"}).find("extenders") ==
             std::string::npos);
  const std::string to = w.node_of(kSleeper) == "node-a" ? "node-b" : "node-a";
  w.move({"--to", to});
  BOOST_TEST(w.node_of(kSleeper) == to);
}

BOOST_AUTO_TEST_SUITE_END()
