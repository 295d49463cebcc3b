// What is left of a migration whose object was torn out, and of an uninstall under which a migrated Pod runs on; and
// that nothing of a migration that is there is taken for either.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/broker_side.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/scene.h"
#include "test/e2e/sets.h"
#include "test/e2e/small_pods.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kHome = "kubectl-migrate";
constexpr const char* kWrapper = "/opt/kubectl-migrate/bin/migrate-runc";
constexpr const char* kMigrations = "migrations.kubectl-migrate.dev";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ConsumerSpec consumer() {
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.service_ms = 50;
  spec.prefetch = 5;
  return spec;
}

ProducerSpec load() {
  return {.per_second = 5, .producers = 2, .count = 0};
}

// Begun without waiting; returns when its controller is at the door of `phase`.
void begin(const Scene& scene, const PhaseGate& gate, const std::string& name, const std::string& strategy) {
  const auto begun = scene.stage().plugin(
      {scene.consumer(), "--to", scene.other_node(), "--strategy", strategy, "--name", name, "--no-wait"});
  scene.stage().require(begun.succeeded(), "kubectl-migrate: " + text_of(begun), name);
  scene.stage().await("its controller to come to the gate", name, [&] { return gate.is_reached(); });
}

// As somebody does who has lost patience: the finalizer is taken away by force.
void tear_out(const Scene& scene, const std::string& name) {
  const std::string& ns = scene.stage().ns().name();
  scene.cluster().kubectl({"-n", ns, "delete", kMigrations, name, "--wait=false"});
  scene.cluster().kubectl(
      {"-n", ns, "patch", kMigrations, name, "--type=merge", "-p", R"({"metadata":{"finalizers":null}})"});
  eventually("Migration " + name + " to be gone", [&] {
    return !scene.cluster().run({"kubectl", "-n", ns, "get", kMigrations, name}).succeeded();
  });
}

std::string everywhere(const Cluster& cluster, const Words& words) {
  Words all{"cleanup"};
  all.insert(all.end(), words.begin(), words.end());
  const auto done = migrate_command(cluster, all);
  BOOST_TEST(done.succeeded(), text_of(done));
  return done.output + done.errors;
}

// Whom the Pod of a scene belongs to, by its references.
Json owners_of_consumer(const Scene& scene) {
  return scene.stage().pod(scene.consumer()).at("metadata").value("ownerReferences", Json::array());
}

// Neither the garbage collector nor any set does anything until it goes.
std::unique_ptr<Undo> stop_kubernetes_controllers(const Cluster& cluster) {
  constexpr const char* kService = "/etc/machine/services/kube-controller-manager";
  auto undo = std::make_unique<Undo>([&cluster] { cluster.on("control", {"sv", "up", kService}); });
  cluster.on("control", {"sv", "force-stop", kService});
  return undo;
}

// As the garbage collector does it when that owner is gone.
void take_owner_away(const Scene& scene, const std::string& uid) {
  const Json gone{{"$patch", "delete"}, {"uid", uid}};
  scene.cluster().kubectl({"-n", scene.stage().ns().name(), "patch", "pod", scene.consumer(), "--type=strategic", "-p",
                           Json{{"metadata", {{"ownerReferences", Json::array({gone})}}}}.dump()});
}

// CRIU's options on a node as an administrator has them who leaves one to us; its agent has added that.
class CriuOptions {
 public:
  CriuOptions(const Cluster& cluster, std::string node) : cluster_(cluster), node_(std::move(node)) {
    shell("cp /etc/criu/runc.conf /etc/criu/runc.conf.before && sed -i /file-locks/d /etc/criu/runc.conf");
    others_ = text();
    renew(cluster_, agent_on(cluster_, node_));
  }
  ~CriuOptions() { (void)cluster_.run({"exec", node_, "mv", "/etc/criu/runc.conf.before", "/etc/criu/runc.conf"}); }
  CriuOptions(const CriuOptions&) = delete;
  CriuOptions& operator=(const CriuOptions&) = delete;

  [[nodiscard]] std::string text() const { return shell("cat /etc/criu/runc.conf"); }
  [[nodiscard]] const std::string& others() const { return others_; }

 private:
  std::string shell(const std::string& script) const { return cluster_.on(node_, {"sh", "-c", script}); }
  const Cluster& cluster_;
  std::string node_;
  std::string others_;
};

// Of our folders, those that are on a node.
std::string folders_on(const Cluster& cluster, const std::string& node) {
  return cluster.on(
      node,
      {"sh", "-c", "ls -d /opt/kubectl-migrate /etc/kubectl-migrate /var/lib/kubectl-migrate 2>/dev/null || true"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cleaning_up)

BOOST_AUTO_TEST_CASE(a_migration_that_is_there_is_not_touched) {
  Scene scene{"cleanup-live"};
  scene.start(consumer(), load());
  (void)everywhere(scene.cluster(), {"-A"});  // of whoever was here before
  PhaseGate gate{scene.cluster(), scene.stage().ns().name(), "Replaying"};
  begin(scene, gate, "at-work", "live");
  const std::string all = everywhere(scene.cluster(), {"-A"});
  BOOST_TEST(has(all, "Nothing is left over."), all);
  const auto at_broker = scene.stage().plugin({"cleanup", "--broker-secret", kBrokerSecret});
  BOOST_TEST(at_broker.succeeded(), text_of(at_broker));
  BOOST_TEST(has(at_broker.output, "Nothing is left over."), text_of(at_broker));
  gate.open();
  const Json ended = scene.stage().await_end("at-work");
  scene.stage().require(ended.at("status").at("phase") == "Succeeded", "it did not go on", "at-work");
  scene.follow(ended);
  scene.wait_for_more(20);
  const Verdict verdict = scene.judge();
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_CASE(what_a_torn_out_migration_has_left_goes_and_its_source_runs_on) {
  Scene scene{"cleanup-torn"};
  scene.start(consumer(), load());
  const std::string& ns = scene.stage().ns().name();
  std::string uid;
  {
    PhaseGate gate{scene.cluster(), ns, "Replaying"};
    begin(scene, gate, "torn", "live");
    uid = scene.stage().migration("torn").at("metadata").at("uid").get<std::string>();
    tear_out(scene, "torn");
    gate.open();
  }
  BOOST_TEST(!leftovers(scene.cluster(), ns, uid).empty());
  BOOST_TEST(queues(scene.cluster(), "ms2m.replay." + uid).size() == 1U);
  // Agents tell what they hold every 10 s.
  eventually("cleanup to list what is left on both nodes", [&] {
    const std::string listed = everywhere(scene.cluster(), {"-A", "--dry-run"});
    return has(listed, "node \"node-a\"") && has(listed, "node \"node-b\"") && has(listed, "pod \"");
  });
  BOOST_TEST(!leftovers(scene.cluster(), ns, uid).empty(), "a dry run touches nothing");
  // The broker's while it is known whose it was.
  const auto at_broker = scene.stage().plugin({"cleanup", "--broker-secret", kBrokerSecret});
  BOOST_TEST(at_broker.succeeded(), text_of(at_broker));
  BOOST_TEST_MESSAGE(text_of(at_broker));
  const std::string rest = everywhere(scene.cluster(), {"-A"});
  BOOST_TEST_MESSAGE(rest);
  BOOST_TEST(queues(scene.cluster(), "ms2m.replay." + uid).empty());
  scene.stage().check_nothing_left("torn", uid);
  const std::string again = everywhere(scene.cluster(), {"-A"});
  BOOST_TEST(has(again, "Nothing is left over."), again);
  scene.check_runs_on("torn");
  scene.wait_for_more(20);
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

// Kubernetes would have the set take its Pod back once the garbage collector has been there; where it has not, or where
// a set's controller is not at work, cleanup does.
BOOST_AUTO_TEST_CASE(a_pod_that_was_lent_to_a_torn_out_migration_is_given_back_to_its_set) {
  SetScene set{"cleanup-lent"};
  set.start({.replicas = 2, .per_second = 5, .loaded = 1});
  const Scene& scene = set.at(0);
  const std::string before = owners_of_consumer(scene).at(0).at("uid").get<std::string>();
  {
    std::unique_ptr<Undo> stopped;
    std::string uid;
    {
      PhaseGate gate{scene.cluster(), scene.stage().ns().name(), "Freezing"};
      begin(scene, gate, "lent", "stop");
      stopped = stop_kubernetes_controllers(scene.cluster());
      uid = scene.stage().migration("lent").at("metadata").at("uid").get<std::string>();
      tear_out(scene, "lent");
      gate.open();
    }
    const std::string given_back =
        fmt::format("pod \"{}\" given back to its set in namespace cleanup-lent", scene.consumer());
    BOOST_TEST(owners_of_consumer(scene).size() == 2U);
    // With its Migration among the owners, and as the garbage collector leaves it: then only the API server's account
    // of who wrote what tells that it was us.
    const std::string looked = everywhere(scene.cluster(), {"-A", "--dry-run"});
    BOOST_TEST(has(looked, "it is lent to a Migration that is gone"), looked);
    take_owner_away(scene, uid);
    BOOST_REQUIRE(owners_of_consumer(scene).size() == 1U);
    BOOST_TEST(owners_of_consumer(scene).at(0).value("controller", true) == false);
    const std::string done = everywhere(scene.cluster(), {"-A"});
    BOOST_TEST_MESSAGE(done);
    BOOST_TEST(has(done, given_back), done);
    const Json owners = owners_of_consumer(scene);
    BOOST_REQUIRE(owners.size() == 1U);
    BOOST_TEST(owners.at(0).at("uid") == before);
    BOOST_TEST(owners.at(0).at("controller") == true);
    // Agents tell what they hold every 10 s.
    eventually("cleanup to have left nothing", [&] {
      (void)everywhere(scene.cluster(), {"-A"});
      return leftovers(scene.cluster(), scene.stage().ns().name(), uid).empty();
    });
  }
  scene.check_runs_on("lent");
  set.check_scales();
  const Verdict verdict = set.judge();
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_CASE(under_a_migrated_pod_the_runtime_stays_until_it_is_gone) {
  const std::string ns = "cleanup-uninstall";
  Scene scene{ns};
  const CriuOptions options{scene.cluster(), "node-b"};
  BOOST_TEST(has(options.text(), "# kubectl-migrate: begin"), options.text());
  scene.start(consumer(), load());
  scene.move({"--to", "node-b"});
  const Cluster& cluster = scene.cluster();
  const std::string image =
      cluster.field({"daemonset", "migrate-agent", "-n", kHome}, ".spec.template.spec.containers[0].image");
  const auto uninstalled = cluster.run({"uninstall"});
  BOOST_REQUIRE_MESSAGE(uninstalled.succeeded(), uninstalled.errors);
  BOOST_TEST(has(uninstalled.errors, scene.consumer()), uninstalled.errors);
  // What it runs under, what lets it be started anew, and nothing else.
  BOOST_TEST(cluster.on("node-b", {"stat", "-c", "%F", kWrapper}) == "symbolic link\n");
  BOOST_TEST(folders_on(cluster, "node-b") == "/opt/kubectl-migrate\n/var/lib/kubectl-migrate\n");
  const auto uid = scene.stage().pod(scene.consumer()).at("metadata").at("uid").get<std::string>();
  BOOST_TEST(cluster.on("node-b", {"find", "/var/lib/kubectl-migrate", "-mindepth", "1", "-maxdepth", "2"}) ==
             fmt::format("/var/lib/kubectl-migrate/restores\n/var/lib/kubectl-migrate/restores/{}\n", uid));
  BOOST_TEST(options.text() == options.others());
  for (const char* node : {"node-a", "node-c"})
    BOOST_TEST(folders_on(cluster, node).empty(), node << " has " << folders_on(cluster, node));
  scene.wait_for_more(20);
  const std::string waits = everywhere(scene.cluster(), {"-A", "--image", image});
  BOOST_TEST(has(waits, "runtimeclass \"migrate\""), waits);
  BOOST_TEST(has(waits, scene.consumer()), waits);
  BOOST_TEST(cluster.on("node-b", {"stat", "-c", "%F", kWrapper}) == "symbolic link\n");

  const Verdict verdict = scene.judge();
  BOOST_TEST(verdict.clean, verdict.report);
  cluster.kubectl({"-n", ns, "delete", "pod", scene.consumer(), "--timeout=60s"});
  const std::string finished = everywhere(scene.cluster(), {"-A", "--image", image});
  BOOST_TEST_MESSAGE(finished);
  for (const char* node : {"node-a", "node-b", "node-c"})
    BOOST_TEST(folders_on(cluster, node).empty(), node << " has " << folders_on(cluster, node));
  BOOST_TEST(options.text() == options.others());
  BOOST_TEST(cluster.kubectl({"get", "runtimeclass", "migrate", "--ignore-not-found", "-o", "name"}).empty());
  eventually("the namespace of the Pods that finished the nodes to be gone", [&] {
    return cluster.kubectl({"get", "namespace", "kubectl-migrate-cleanup", "--ignore-not-found", "-o", "name"}).empty();
  });
  // For whoever comes after.
  cluster.must({"install"});
}

// As `kubectl delete -k manifests/` may: what is to hold names would refuse StatefulSets every Pod.
BOOST_AUTO_TEST_CASE(where_the_types_were_deleted_first_the_policies_go_and_nothing_else) {
  const Cluster cluster;
  install_product(cluster);
  const auto ours = [&](const char* kinds) {
    return cluster.kubectl({"get", kinds, "-l", "app.kubernetes.io/part-of=kubectl-migrate", "-o", "name"});
  };
  constexpr const char* kPolicies = "validatingadmissionpolicies,validatingadmissionpolicybindings";
  cluster.kubectl({"delete", kMigrations, "-A", "--all", "--timeout=120s"});
  const std::string rights = ours("clusterroles,clusterrolebindings");
  cluster.kubectl({"delete", "crd", kMigrations, "migrationnodes.kubectl-migrate.dev", "--timeout=120s"});
  BOOST_TEST(!ours(kPolicies).empty());
  eventually("the API server to know no Migrations", [&] {
    return !cluster.run({"kubectl", "get", "--raw", "/apis/kubectl-migrate.dev/v1alpha1/migrations"}).succeeded();
  });
  const std::string done = everywhere(cluster, {"-A"});
  BOOST_TEST_MESSAGE(done);
  BOOST_TEST(has(done, "validatingadmissionpolicy \"kubectl-migrate-name-is-held\" deleted"), done);
  BOOST_TEST(ours(kPolicies).empty(), ours(kPolicies));
  BOOST_TEST(ours("clusterroles,clusterrolebindings") == rights);
  BOOST_TEST(!rights.empty());
  // For whoever comes after.
  cluster.must({"uninstall"});
  cluster.must({"install"});
}

BOOST_AUTO_TEST_SUITE_END()
