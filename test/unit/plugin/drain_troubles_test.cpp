// The command as a whole where something is in the way: outages, budgets, doubts, what is not to be migrated. What goes
// well: drain_test.
#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {
namespace {

using Words = std::vector<std::string>;
using Kind = kube::ApiError::Kind;

Json controlled_by_its_node(const std::string& name) {
  Json pod = running(name, "Node/node-a");
  pod["metadata"]["annotations"] = {{"kubernetes.io/config.mirror", "abc"}};
  return pod;
}

// What a dry run's Migrations are answered with.
MigrationStatus planned() {
  MigrationStatus status = in_phase(Phase::planned);
  status.strategy = Strategy::stop;
  status.forecast_gap = 812ms;
  return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_troubles)

BOOST_AUTO_TEST_CASE(a_migration_that_could_not_be_asked_for_is_asked_for_again) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.cluster.creations = {kube::local_error("connection refused", Kind::connection),
                             kube::local_error("etcd leader changed", Kind::server)};
  const auto began = scene.pacer.passed;
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0, scene.err.str());
  check_says(scene.out.str(), "pod shop/cache is not migrated yet: ");
  check_says(scene.out.str(), "etcd leader changed (will retry after 10s)\n");
  BOOST_TEST(scene.moved() == Words{"cache"}, boost::test_tools::per_element());
  BOOST_TEST((scene.pacer.passed - began >= 20s));
}

BOOST_AUTO_TEST_CASE(what_never_can_be_asked_for_is_left_after_a_minute_and_never_evicted) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.cluster.creations.assign(9, kube::local_error("the webhook does not answer", Kind::server));
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--force"}) == 1);
  BOOST_TEST(scene.cluster.creations.size() == 3U);
  check_says(scene.out.str(), "pod shop/cache is left: ");
  check_says_not(scene.out.str(), "evicting");
  check_says(scene.err.str(), "the webhook does not answer");
}

BOOST_AUTO_TEST_CASE(a_broker_beside_its_consumers_is_evicted_after_them) {
  DrainScene scene;
  scene.put(running("broker-0", "Job/broker"));
  scene.put(running("cache"));
  scene.put(running("orders-0", "StatefulSet/orders"));
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--parallel=1"}) == 0, scene.err.str());
  const std::string said = scene.out.str();
  const std::size_t evicted = said.find("evicting pod shop/broker-0\n");
  BOOST_REQUIRE(evicted != std::string::npos);
  for (const char* moved : {"pod shop/cache migrated", "pod shop/orders-0 migrated"})
    BOOST_TEST(said.find(moved) < evicted, said);
}

BOOST_AUTO_TEST_CASE(static_pods_need_no_words) {
  DrainScene scene;
  scene.put(controlled_by_its_node("proxy-node-a"));
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0);
  BOOST_TEST(scene.err.str().empty(), scene.err.str());
}

BOOST_AUTO_TEST_CASE(what_starts_meanwhile_migrates_like_the_others) {
  DrainScene scene;
  scene.put(running("cache"));
  Json late = running("late-0", "StatefulSet/late");
  late["status"]["phase"] = "Pending";
  scene.put(late);
  int looks = 0;
  scene.pacer.each = [&] {
    scene.step();
    if (++looks == 1) scene.put(running("late-0", "StatefulSet/late"));
  };
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0, scene.err.str());
  const Words wanted = {"cache", "late-0"};
  BOOST_TEST(scene.moved() == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_failure_is_known_to_the_next_run) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.ends("cache", in_phase(Phase::failed, "RestoreFailed", "no memory"));
  BOOST_TEST(scene.run({"drain", "node-a"}) == 1);
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--force"}) == 1);
  BOOST_TEST(scene.cluster.made.size() == 1U);
  check_says(scene.out.str(), "pod shop/cache failed: RestoreFailed: no memory\n");
  check_says_not(scene.out.str(), "evicting");
}

// Its first Migration waits for the second one, and would for ever.
BOOST_AUTO_TEST_CASE(a_doubt_on_the_way_back_into_the_name_ends_the_drain) {
  DrainScene scene;
  Migration first = migration_in(Phase::returning);
  first.name = "cache-first";
  first.uid = "uid-first";
  first.spec.pod = "cache";
  first.spec.pod_uid = "uid-cache";
  first.status.source = {"cache", "uid-cache", "node-a"};
  first.status.target = {"cache-mig-ab12c", "uid-shadow", "node-b"};
  Migration hop = migration_in(Phase::in_doubt);
  hop.name = "cache-first-name-1";
  hop.uid = "uid-hop";
  hop.spec.pod = "cache-mig-ab12c";
  hop.spec.pod_uid = "uid-shadow";
  hop.spec.target_name = "cache";
  hop.status.reason = "MemoryMayHaveRun";
  hop.status.message = "node-b went away";
  for (const Migration& one : {first, hop})
    scene.cluster.put(migrations("shop", one.name), with_status(one));
  BOOST_TEST(scene.run({"drain", "node-a"}) == 6);
  check_says(scene.out.str(), "pod shop/cache is in doubt: MemoryMayHaveRun: node-b went away\n");
  check_says(scene.err.str(), "    kubectl migrate status cache-first-name-1 -n shop says");
}

BOOST_AUTO_TEST_CASE(where_no_agent_answers_the_pod_is_left_with_what_takes_it_away) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.ends("cache", in_phase(Phase::refused, "AgentDown", "the migrate-agent of node-a has been silent for 40 s"));
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--force"}) == 1);
  check_says_not(scene.out.str(), "evicting");
  check_says(scene.err.str(), "kubectl delete pod cache -n shop");
}

BOOST_AUTO_TEST_CASE(a_dry_run_says_what_a_budget_keeps) {
  DrainScene scene;
  scene.put(running("orders-0", "StatefulSet/orders"));
  scene.put(running("cache"));
  scene.put_budget("orders", 0);
  BOOST_TEST(scene.run({"drain", "node-a", "--dry-run=client"}) == 0, scene.err.str());
  check_says(
      scene.out.str(),
      "migrating pod shop/cache (dry run)\n"
      "migrating pod shop/orders-0 (dry run): waits: PodDisruptionBudget shop/orders allows no Pod to be away\n");
  scene.controller = [](const Migration&, int) { return std::optional{planned()}; };
  BOOST_TEST(scene.run({"drain", "node-a", "--dry-run=server"}) == 0, scene.err.str());
  check_says(scene.out.str(),
             "migrating pod shop/orders-0 (server dry run): Stop, gap 0.812 s; waits: PodDisruptionBudget shop/orders");
  scene.put_budget("orders", 1);
  BOOST_TEST(scene.run({"drain", "node-a", "--dry-run=client"}) == 0, scene.err.str());
  check_says_not(scene.out.str(), "waits");
}

BOOST_AUTO_TEST_CASE(ctrl_c_in_a_trials_last_request_ends_a_dry_run) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.put(running("orders-0", "StatefulSet/orders"));
  scene.controller = [&](const Migration&, int) {
    scene.interrupted = true;
    return std::optional{planned()};
  };
  BOOST_TEST(scene.run({"drain", "node-a", "--dry-run=server"}) == 130);
  BOOST_TEST(scene.cluster.made.size() == 1U);
  BOOST_TEST(scene.cluster.find(migrations("shop", scene.cluster.made.front().name)) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
