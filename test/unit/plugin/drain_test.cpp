// The command as a whole, against a cluster in memory. What a Pod is, which one is next: drain_pod_test and
// drain_turns_test.
#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {
namespace {

using Words = std::vector<std::string>;

kube::ApiError error_of(kube::ApiError::Kind kind, const std::string& message) {
  return kube::local_error(message, kind);
}

// Two sets of two, and a Pod of its own.
DrainScene& load(DrainScene& scene) {
  for (const char* name : {"orders-0", "orders-1"})
    scene.put(running(name, "StatefulSet/orders"));
  for (const char* name : {"web-x", "web-y"})
    scene.put(running(name, "ReplicaSet/web"));
  scene.put(running("cache"));
  return scene;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(draining)

BOOST_AUTO_TEST_CASE(a_node_is_cordoned_and_its_pods_migrate) {
  DrainScene scene;
  scene.put(running("orders-0", "StatefulSet/orders"));
  scene.put(running("cache"));
  scene.put(running("web-x", "ReplicaSet/web"));
  Json elsewhere = running("other");
  elsewhere["spec"]["nodeName"] = "node-b";
  scene.put(elsewhere);
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0, scene.err.str());
  BOOST_TEST(scene.out.str() ==
             "node/node-a cordoned\n"
             "migrating pod shop/cache (Migration cache-bbbbb)\n"
             "migrating pod shop/orders-0 (Migration orders-0-ccccc)\n"
             "pod shop/cache migrated to node-b (gap 0.812 s)\n"
             "pod shop/orders-0 migrated to node-b (gap 0.812 s)\n"
             "migrating pod shop/web-x (Migration web-x-ddddd)\n"
             "pod shop/web-x migrated to node-b as web-x-mig-ab12c (gap 0.812 s)\n"
             "node/node-a drained\n"
             "To use the node again: kubectl uncordon node-a\n");
  BOOST_TEST(scene.err.str().empty(), scene.err.str());
  BOOST_TEST(scene.cluster.find(kube::core("nodes", "", "node-a"))->at("spec").at("unschedulable") == true);
}

BOOST_AUTO_TEST_CASE(a_pod_of_its_own_keeps_its_name_and_a_replicasets_has_none_to_keep) {
  DrainScene scene;
  BOOST_TEST(load(scene).run({"drain", "node-a", "--strategy=stop", "--node-selector=zone=b", "--gap-budget=2s",
                              "--max-total=1m", "--accept=post-start"}) == 0,
             scene.err.str());
  BOOST_REQUIRE(scene.cluster.made.size() == 5U);
  for (const Migration& one : scene.cluster.made) {
    const MigrationSpec& spec = one.spec;
    BOOST_TEST_CONTEXT(spec.pod) {
      BOOST_TEST(spec.keep_name == (spec.pod == "cache"));
      BOOST_TEST(spec.pod_uid == "uid-" + spec.pod);
      BOOST_TEST((spec.strategy == Strategy::stop && spec.gap_budget == 2s && spec.max_total == 60s));
      BOOST_TEST(spec.target_selector.at("zone") == "b");
      BOOST_TEST(spec.accept == std::vector<std::string>{"post-start"}, boost::test_tools::per_element());
      BOOST_TEST((spec.timeout == 10min));
    }
  }
  DrainScene renamed;
  renamed.put(running("cache"));
  BOOST_TEST(renamed.run({"drain", "node-a", "--keep-name=false", "--to=node-b"}) == 0, renamed.err.str());
  BOOST_REQUIRE(renamed.cluster.made.size() == 1U);
  BOOST_TEST(!renamed.cluster.made.front().spec.keep_name);
  BOOST_TEST(renamed.cluster.made.front().spec.target_node == "node-b");
}

BOOST_AUTO_TEST_CASE(one_of_a_set_moves_at_a_time_the_last_one_first) {
  DrainScene scene;
  std::map<std::string, std::size_t> most;
  scene.controller = [&, moves = DrainScene::moves_in(3)](const Migration& one, int looks) {
    std::map<std::string, std::size_t> now;
    for (const Migration& other : scene.at_work())
      ++now[other.spec.pod.substr(0, other.spec.pod.find('-'))];
    for (const auto& [owner, count] : now)
      most[owner] = std::max(most[owner], count);
    return moves(one, looks);
  };
  BOOST_TEST(load(scene).run({"drain", "node-a", "--parallel=9", "--parallel-per-target=9"}) == 0, scene.err.str());
  const Words wanted = {"cache", "orders-1", "web-y", "orders-0", "web-x"};
  BOOST_TEST(scene.moved() == wanted, boost::test_tools::per_element());
  BOOST_TEST((most["orders"] == 1 && most["web"] == 1));
  BOOST_TEST(scene.most_at_work == 3U);
}

BOOST_AUTO_TEST_CASE(no_more_are_at_work_than_asked_for_those_of_others_included) {
  DrainScene scene;
  Migration other = migration_in(Phase::transferring);
  other.namespace_ = "bank";
  other.name = "ledger-x";
  other.uid = "uid-ledger-x";
  other.spec.pod = "ledger";
  other.spec.pod_uid = "uid-ledger";
  other.status.source.node = "node-c";
  scene.cluster.put(migrations("bank", "ledger-x"), with_status(other));
  BOOST_TEST(load(scene).run({"drain", "node-a", "--parallel=3", "--parallel-per-target=9"}) == 0, scene.err.str());
  BOOST_TEST(scene.most_at_work == 2U);
  BOOST_TEST(scene.cluster.made.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_second_run_goes_on_where_the_first_was) {
  DrainScene scene;
  load(scene);
  int steps = 0;
  scene.controller = [&, moves = DrainScene::moves_in(4)](const Migration& one, int looks) {
    if (++steps > 3) scene.interrupted = true;  // the user goes while two are at work
    return moves(one, looks);
  };
  BOOST_TEST(scene.run({"drain", "node-a"}) == 130);
  BOOST_TEST(scene.at_work().size() == 2U);
  check_says(scene.err.str(), "\nDetached: what was begun goes on, nothing more is begun.");
  check_says(scene.err.str(), "kubectl uncordon node-a");
  check_says_not(scene.out.str(), "drained");

  scene.controller = DrainScene::moves_in(4);
  scene.interrupted = false;
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0, scene.err.str());
  check_says(scene.out.str(),
             "node/node-a already cordoned\n"
             "pod shop/cache is being migrated already (Migration cache-bbbbb, Transferring)\n");
  check_says(scene.out.str(), "pod shop/cache migrated to node-b (gap 0.812 s)\n");
  check_says(scene.out.str(), "\nnode/node-a drained\n");
  // None was made anew.
  BOOST_TEST(scene.cluster.made.size() == 5U);
}

// Its Pod has left the node, its Migration brings the name back elsewhere.
BOOST_AUTO_TEST_CASE(what_is_on_its_way_is_waited_for_also_without_its_pod) {
  DrainScene scene;
  Migration returning = migration_in(Phase::returning);
  returning.name = "orders-0-first";
  returning.uid = "uid-first";
  returning.spec.pod = "orders-0";
  returning.spec.pod_uid = "uid-orders-0";
  returning.status.source = {"orders-0", "uid-orders-0", "node-a"};
  scene.cluster.put(migrations("shop", returning.name), with_status(returning));
  int looks = 0;
  scene.pacer.each = [&] {
    if (++looks < 5) return;
    returning.status.phase = Phase::succeeded;
    returning.status.target = {"orders-0", "uid-target", "node-b"};
    scene.cluster.put(migrations("shop", returning.name), with_status(returning));
  };
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0, scene.err.str());
  BOOST_TEST(looks == 5);
  check_says(scene.out.str(), "pod shop/orders-0 is being migrated already (Migration orders-0-first, Returning)\n");
  check_says(scene.out.str(), "pod shop/orders-0 migrated to node-b\nnode/node-a drained\n");
  BOOST_TEST(scene.cluster.made.empty());
}

BOOST_AUTO_TEST_CASE(what_was_on_its_way_here_moves_on_once_it_has_come) {
  DrainScene scene;
  Migration coming = migration_in(Phase::restoring);
  coming.name = "bills-first";
  coming.uid = "uid-first";
  coming.spec.pod = "bills";
  coming.spec.pod_uid = "uid-source";
  coming.status.source = {"bills", "uid-source", "node-b"};
  coming.status.target = {"bills-mig-x", "uid-bills-mig-x", "node-a"};
  coming.status.placeholder = "bills-mig-hold";
  scene.cluster.put(migrations("shop", coming.name), with_status(coming));
  scene.put(running("bills-mig-x"));
  Json hold = running("bills-mig-hold");
  hold["status"]["phase"] = "Pending";
  scene.put(hold);
  int looks = 0;
  scene.pacer.each = [&] {
    scene.step();
    if (++looks != 3) return;
    BOOST_TEST(scene.cluster.made.empty());
    coming.status.phase = Phase::succeeded;
    scene.cluster.put(migrations("shop", coming.name), with_status(coming));
    (void)scene.cluster.remove(kube::pod("shop", "bills-mig-hold"), {}, {});
  };
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0, scene.err.str());
  const Words wanted = {"bills-mig-x"};
  BOOST_TEST(scene.moved() == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_left_with_its_reason_and_the_rest_goes_on) {
  DrainScene scene;
  scene.ends("cache", in_phase(Phase::refused, "HostPath", "volume data is the folder /srv of its node"));
  BOOST_TEST(load(scene).run({"drain", "node-a"}) == 1);
  check_says(scene.out.str(), "pod shop/cache refused: HostPath: volume data is the folder /srv of its node\n");
  check_says_not(scene.out.str(), "node/node-a drained");
  BOOST_TEST(scene.err.str() ==
             "error: node/node-a is not drained: 1 pod is left\n"
             "  pod shop/cache\n"
             "    HostPath: volume data is the folder /srv of its node\n"
             "    see docs/troubleshooting.md#hostpath for hints; --evict evicts what cannot\n"
             "    be migrated\n"
             "The same command goes on where this one ended.\n"
             "To use the node again: kubectl uncordon node-a\n");
  BOOST_TEST(scene.cluster.made.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_refusal_that_passes_is_tried_again_for_a_minute) {
  DrainScene scene;
  scene.put(running("orders-0", "StatefulSet/orders"));
  int tries = 0;
  scene.controller = [&, moves = DrainScene::moves_in(2)](const Migration& one, int looks) {
    if (looks == 1) ++tries;
    return tries < 3 ? std::optional{in_phase(Phase::refused, "SetRollingOut", "it rolls out")} : moves(one, looks);
  };
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0, scene.err.str());
  BOOST_TEST(scene.cluster.made.size() == 3U);
  BOOST_TEST(count_of(scene.out.str(),
                      "pod shop/orders-0 refused: SetRollingOut: it rolls out (will retry after 10s)\n") == 2U);

  DrainScene endless;
  endless.put(running("orders-0", "StatefulSet/orders"));
  endless.ends("orders-0", in_phase(Phase::refused, "SetRollingOut", "it rolls out"));
  BOOST_TEST(endless.run({"drain", "node-a"}) == 1);
  BOOST_TEST(endless.cluster.made.size() == 6U);
}

BOOST_AUTO_TEST_CASE(what_is_rolled_back_is_tried_three_times_unless_somebody_aborted_it) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.ends("cache", in_phase(Phase::rolled_back, "CheckpointFailed", "CRIU cannot dump it"));
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--force"}) == 0, scene.err.str());
  BOOST_TEST(scene.cluster.made.size() == 3U);
  check_says(scene.out.str(), "pod shop/cache rolled back, it runs on: CheckpointFailed: CRIU cannot dump it (will");
  check_says(scene.out.str(), "evicting pod shop/cache\npod/cache evicted\nnode/node-a drained\n");

  DrainScene aborted;
  aborted.put(running("cache"));
  aborted.ends("cache", in_phase(Phase::rolled_back, "Aborted", "aborted on request"));
  BOOST_TEST(aborted.run({"drain", "node-a", "--evict", "--force"}) == 1);
  BOOST_TEST(aborted.cluster.made.size() == 1U);
  check_says_not(aborted.out.str(), "evicting");
  check_says(aborted.err.str(),
             "    Aborted: aborted on request\n    kubectl migrate describe cache-bbbbb -n shop has");
}

BOOST_AUTO_TEST_CASE(what_has_failed_or_is_in_doubt_is_for_a_person) {
  DrainScene failed;
  failed.ends("cache", in_phase(Phase::failed, "RestoreFailed", "no memory"));
  BOOST_TEST(load(failed).run({"drain", "node-a", "--evict", "--force"}) == 1);
  check_says(failed.out.str(), "pod shop/cache failed: RestoreFailed: no memory\n");
  check_says_not(failed.out.str(), "evicting");
  BOOST_TEST(failed.cluster.made.size() == 5U);

  DrainScene doubtful;
  doubtful.ends("cache", in_phase(Phase::in_doubt, "NodeLost", "node-b went away"));
  BOOST_TEST(load(doubtful).run({"drain", "node-a", "--evict", "--force"}) == 6);
  BOOST_TEST(count_of(doubtful.out.str(), "pod shop/cache is in doubt: NodeLost: node-b went away\n") == 1U);
  check_says(doubtful.err.str(), "    NodeLost: node-b went away\n    kubectl migrate status cache-bbbbb -n shop says");
  // Nobody makes it anew, now or later: a second run finds the doubt.
  BOOST_TEST(doubtful.run({"drain", "node-a", "--evict", "--force"}) == 6);
  BOOST_TEST(doubtful.cluster.made.size() == 5U);
}

BOOST_AUTO_TEST_CASE(only_evict_evicts_and_a_budgets_no_is_asked_again_in_kubectls_words) {
  DrainScene scene;
  scene.put(running("report", "Job/report"));
  BOOST_TEST(scene.run({"drain", "node-a"}) == 1);
  check_says(scene.err.str(), "it belongs to Job report, which would not know the target for its own\n");
  check_says(scene.err.str(), "--evict evicts what cannot be migrated\n");
  for (const std::string& call : scene.cluster.written)
    BOOST_TEST(!call.starts_with("evict"), call);

  scene.cluster.evictions["report"] = {error_of(kube::ApiError::Kind::too_many_requests,
                                                "Cannot evict pod as it would violate the pod's disruption budget.")};
  const auto began = scene.pacer.passed;
  BOOST_TEST(scene.run({"drain", "node-a", "--evict"}) == 0, scene.err.str());
  BOOST_TEST(scene.out.str() ==
             "node/node-a already cordoned\n"
             "evicting pod shop/report\n"
             "evicting pod shop/report\n"
             "pod/report evicted\n"
             "node/node-a drained\n"
             "To use the node again: kubectl uncordon node-a\n");
  BOOST_TEST(scene.err.str() ==
             "error when evicting pods/\"report\" -n \"shop\" (will retry after 5s): Cannot evict pod as it would "
             "violate the pod's disruption budget.\n");
  BOOST_TEST((scene.pacer.passed - began >= 5s));
}

BOOST_AUTO_TEST_CASE(what_the_api_server_refuses_to_evict_is_left) {
  DrainScene scene;
  scene.put(running("report", "Job/report"));
  scene.cluster.evictions["report"] = {error_of(kube::ApiError::Kind::forbidden, "you cannot create pods/eviction")};
  BOOST_TEST(scene.run({"drain", "node-a", "--evict"}) == 1);
  check_says(scene.err.str(), "error when evicting pods/\"report\" -n \"shop\": you cannot create pods/eviction\n");
  check_says(scene.err.str(), "  pod shop/report\n    you cannot create pods/eviction\n");
}

BOOST_AUTO_TEST_CASE(migrations_keep_budgets_and_wait_until_the_time_is_over) {
  DrainScene scene;
  for (const char* name : {"one", "two", "three"}) {
    Json pod = running(name);
    pod["metadata"]["labels"] = {{"app", "web"}};
    scene.put(pod);
  }
  scene.put_budget("web", 1);
  BOOST_TEST(scene.run({"drain", "node-a", "--parallel=9", "--parallel-per-target=9"}) == 0, scene.err.str());
  BOOST_TEST(scene.most_at_work == 1U);
  BOOST_TEST(scene.cluster.made.size() == 3U);

  DrainScene held;
  held.put(running("orders-0", "StatefulSet/orders"));
  held.put(running("cache"));
  held.put_budget("orders", 0);
  const auto began = held.pacer.passed;
  BOOST_TEST(held.run({"drain", "node-a", "--timeout=1m"}) == 5);
  BOOST_TEST((held.pacer.passed - began >= 59s && held.pacer.passed - began <= 60s));
  const Words wanted = {"cache"};
  BOOST_TEST(held.moved() == wanted, boost::test_tools::per_element());
  BOOST_TEST(count_of(held.out.str(),
                      "pod shop/orders-0 waits: PodDisruptionBudget shop/orders allows no Pod to be away\n") == 1U);
  BOOST_TEST(held.err.str() ==
             "error: the time is over (--timeout): node/node-a is not drained: 1 pod is left\n"
             "  pod shop/orders-0\n"
             "    PodDisruptionBudget shop/orders allows no Pod to be away\n"
             "    kubectl migrate pod/orders-0 -n shop moves it all the same: it asks no\n"
             "    budget\n"
             "The same command goes on where this one ended.\n"
             "To use the node again: kubectl uncordon node-a\n");
  // With the budget, it goes on.
  held.put_budget("orders", 1);
  BOOST_TEST(held.run({"drain", "node-a"}) == 0, held.err.str());
}

// Two nodes are drained at once: the budget's other Pod leaves the other one.
BOOST_AUTO_TEST_CASE(what_leaves_other_nodes_counts_for_a_budget) {
  DrainScene scene;
  Json here = running("here");
  here["metadata"]["labels"] = {{"app", "web"}};
  scene.put(here);
  Json there = running("there");
  there["metadata"]["labels"] = {{"app", "web"}};
  there["spec"]["nodeName"] = "node-c";
  scene.put(there);
  scene.put_budget("web", 1);
  Migration other = migration_in(Phase::transferring);
  other.name = "there-x";
  other.uid = "uid-there-x";
  other.spec.pod = "there";
  other.spec.pod_uid = "uid-there";
  other.status.source = {"there", "uid-there", "node-c"};
  scene.cluster.put(migrations("shop", other.name), with_status(other));
  BOOST_TEST(scene.run({"drain", "node-a", "--timeout=30s"}) == 5);
  BOOST_TEST(scene.cluster.made.empty());
  check_says(scene.err.str(), "PodDisruptionBudget shop/web allows no more than 1 at once to be away");
}

BOOST_AUTO_TEST_CASE(the_time_bounds_each_migration_and_what_is_at_work_then_is_told) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.controller = [](const Migration&, int) { return std::optional{in_phase(Phase::transferring)}; };
  BOOST_TEST(scene.run({"drain", "node-a", "--timeout=30s"}) == 5);
  BOOST_REQUIRE(scene.cluster.made.size() == 1U);
  BOOST_TEST((scene.cluster.made.front().spec.timeout == 30s));
  check_says(scene.err.str(),
             "    its Migration cache-bbbbb is at work (Transferring)\n"
             "    kubectl migrate status cache-bbbbb -n shop follows it\n");
}

BOOST_AUTO_TEST_CASE(who_may_not_ask_for_a_migration_evicts_nothing_instead) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.cluster.forbid("create migrations");
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--force"}) == 1);
  check_says(scene.out.str(), "pod shop/cache is left: Error from server (Forbidden): ");
  check_says_not(scene.out.str(), "evicting");
  check_says(scene.err.str(), "error: node/node-a is not drained: 1 pod is left\n  pod shop/cache\n");
}

BOOST_AUTO_TEST_CASE(daemons_are_left_with_a_word_or_ignored_with_another) {
  DrainScene scene;
  scene.put(running("log-x", "DaemonSet/log"));
  scene.put(running("cache"));
  BOOST_TEST(scene.run({"drain", "node-a"}) == 1);
  check_says(scene.err.str(), "    DaemonSet log would make it anew on this node\n    --ignore-daemonsets leaves");
  BOOST_TEST(scene.cluster.made.size() == 1U, "the rest goes on");
  BOOST_TEST(scene.run({"drain", "node-a", "--ignore-daemonsets"}) == 0, scene.err.str());
  BOOST_TEST(scene.err.str() == "Warning: ignoring DaemonSet-managed Pods: shop/log-x\n");
}

BOOST_AUTO_TEST_CASE(a_namespace_or_labels_choose_the_pods) {
  DrainScene scene;
  Json elsewhere = running("ledger");
  elsewhere["metadata"]["namespace"] = "bank";
  scene.put(elsewhere);
  BOOST_TEST(load(scene).run({"drain", "node-a", "-l", "app=orders"}) == 0, scene.err.str());
  const Words of_labels = {"orders-1", "orders-0"};
  BOOST_TEST(scene.moved() == of_labels, boost::test_tools::per_element());
  check_says(scene.out.str(), "node/node-a drained (pods with app=orders)\n");
  BOOST_TEST(scene.run({"drain", "node-a", "-n", "shop"}) == 0, scene.err.str());
  BOOST_TEST(scene.cluster.made.size() == 5U);
  check_says(scene.out.str(), "node/node-a drained (namespace shop)\n");
  BOOST_TEST(scene.run({"drain", "node-a"}) == 1);
  check_says(scene.err.str(), "  pod bank/ledger\n    migrations are not enabled in namespace bank\n");
}

BOOST_AUTO_TEST_CASE(a_dry_run_of_the_client_says_what_would_become_of_each_pod) {
  DrainScene scene;
  scene.put(running("log-x", "DaemonSet/log"));
  scene.put(running("report", "Job/report"));
  BOOST_TEST(load(scene).run({"drain", "node-a", "--evict", "--dry-run=client"}) == 1);
  BOOST_TEST(scene.out.str() ==
             "node/node-a cordoned (dry run)\n"
             "migrating pod shop/cache (dry run)\n"
             "migrating pod shop/orders-0 (dry run)\n"
             "migrating pod shop/orders-1 (dry run)\n"
             "evicting pod shop/report (dry run)\n"
             "migrating pod shop/web-x (dry run)\n"
             "migrating pod shop/web-y (dry run)\n");
  BOOST_TEST(scene.err.str() ==
             "error: node/node-a would not be drained: 1 pod would be left\n"
             "  pod shop/log-x\n"
             "    DaemonSet log would make it anew on this node\n"
             "    --ignore-daemonsets leaves such Pods where they are\n");
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--ignore-daemonsets", "--dry-run=client"}) == 0);
  check_says(scene.out.str(), "\nnode/node-a drained (dry run)\n");
  BOOST_TEST(scene.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(a_dry_run_of_the_server_asks_the_controller_about_each_pod) {
  DrainScene scene;
  scene.put(running("report", "Job/report"));
  load(scene);
  scene.controller = [](const Migration& one, int) -> std::optional<MigrationStatus> {
    BOOST_TEST(one.spec.dry_run);
    if (one.spec.pod == "cache") return in_phase(Phase::refused, "HostPath", "volume data is /srv of its node");
    MigrationStatus status = in_phase(Phase::planned);
    status.strategy = Strategy::stop;
    status.forecast_gap = 812ms;
    return status;
  };
  BOOST_TEST(scene.run({"drain", "node-a", "--evict", "--dry-run=server"}) == 1);
  check_says(scene.out.str(), "node/node-a cordoned (server dry run)\n");
  check_says(scene.out.str(), "migrating pod shop/orders-0 (server dry run): Stop, gap 0.812 s\n");
  check_says(scene.out.str(), "evicting pod shop/report (server dry run)\n");
  check_says(scene.err.str(), "  pod shop/cache\n    HostPath: volume data is /srv of its node; nor is it evicted: it");
  for (const std::string& call : scene.cluster.written)
    BOOST_TEST((call.starts_with("dry-run ") || call.find("migrations.kubectl-migrate.dev") != std::string::npos),
               call);
  for (const Migration& one : scene.cluster.made)
    BOOST_TEST(scene.cluster.find(migrations("shop", one.name)) == nullptr, one.name);
  BOOST_TEST(scene.cluster.find(kube::pod("shop", "report")) != nullptr);
  BOOST_TEST(!scene.cluster.find(kube::core("nodes", "", "node-a"))->contains("spec"));
}

BOOST_AUTO_TEST_CASE(a_document_is_alone_on_stdout) {
  DrainScene scene;
  scene.put(running("log-x", "DaemonSet/log"));
  scene.put(running("web-x", "ReplicaSet/web"));
  BOOST_TEST(scene.run({"drain", "node-a", "-o", "json"}) == 1);
  const Json document = Json::parse(scene.out.str(), nullptr, false);
  BOOST_REQUIRE(!document.is_discarded());
  BOOST_TEST(document.at("node") == "node-a");
  BOOST_TEST(document.at("drained") == false);
  const Json left = {{"namespace", "shop"},
                     {"name", "log-x"},
                     {"result", "Pending"},
                     {"reason", "DaemonSet log would make it anew on this node"}};
  BOOST_TEST(document.at("pods").at(0) == left, document.dump());
  const Json moved = {{"namespace", "shop"},  {"name", "web-x"},
                      {"result", "Migrated"}, {"migration", "web-x-bbbbb"},
                      {"phase", "Succeeded"}, {"target", {{"node", "node-b"}, {"pod", "web-x-mig-ab12c"}}},
                      {"gapMs", 812}};
  BOOST_TEST(document.at("pods").at(1) == moved, document.dump());
  check_says(scene.err.str(), "node/node-a cordoned\nmigrating pod shop/web-x (Migration web-x-bbbbb)\n");

  DrainScene names;
  BOOST_TEST(load(names).run({"drain", "node-a", "-o", "name", "--dry-run=client"}) == 0, names.err.str());
  BOOST_TEST(names.out.str() == "pod/cache\npod/orders-0\npod/orders-1\npod/web-x\npod/web-y\n");
}

BOOST_AUTO_TEST_CASE(a_node_that_is_not_there_or_cannot_be_looked_at_is_told) {
  DrainScene scene;
  BOOST_TEST(scene.run({"drain", "node-d"}) == 1);
  check_says(scene.err.str(), "Error from server (NotFound): nodes \"node-d\" not found\nDid you mean node-");
  BOOST_TEST(scene.cluster.written.empty());

  DrainScene forbidden;
  forbidden.cluster.forbid("patch nodes");
  BOOST_TEST(forbidden.run({"drain", "node-a"}) == 1);
  check_says(forbidden.err.str(), "The right to patch nodes is missing");

  // Without knowing the budgets nothing is moved, and so nothing cordoned.
  DrainScene blind;
  blind.put(running("cache"));
  blind.cluster.forbid("list poddisruptionbudgets");
  BOOST_TEST(blind.run({"drain", "node-a"}) == 1);
  check_says(blind.err.str(), "The right to list poddisruptionbudgets.policy is missing");
  BOOST_TEST(blind.cluster.written.empty());

  DrainScene bare;
  bare.cluster.forget_type("migrations");
  BOOST_TEST(bare.run({"drain", "node-a"}) == 1);
  check_says(bare.err.str(), "kubectl apply -k manifests/");
  BOOST_TEST(bare.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_lost_is_waited_for) {
  DrainScene scene;
  scene.put(running("cache"));
  scene.cluster.refuse("list pods", error_of(kube::ApiError::Kind::connection, "connection refused"));
  BOOST_TEST(scene.run({"drain", "node-a", "--timeout=10s"}) == 5);
  BOOST_TEST(count_of(scene.err.str(), "The connection to the API server is lost; trying again: ") == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_empty_is_drained) {
  DrainScene scene;
  BOOST_TEST(scene.run({"drain", "node-a"}) == 0);
  BOOST_TEST(scene.out.str() ==
             "node/node-a cordoned\nnode/node-a drained\nTo use the node again: kubectl uncordon node-a\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
