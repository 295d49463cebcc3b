// What is left of a migration whose object was torn out, and of an uninstall under which a migrated Pod runs on; and
// that nothing of a migration that is there is taken for either.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/broker_side.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/scene.h"
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

std::string everywhere(const Scene& scene, const Words& words) {
  Words all{"cleanup"};
  all.insert(all.end(), words.begin(), words.end());
  const auto done = migrate_command(scene.cluster(), all);
  BOOST_TEST(done.succeeded(), text_of(done));
  return done.output + done.errors;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cleaning_up)

BOOST_AUTO_TEST_CASE(a_migration_that_is_there_is_not_touched) {
  Scene scene{"cleanup-live"};
  scene.start(consumer(), load());
  (void)everywhere(scene, {"-A"});  // of whoever was here before
  PhaseGate gate{scene.cluster(), scene.stage().ns().name(), "Replaying"};
  begin(scene, gate, "at-work", "live");
  const std::string all = everywhere(scene, {"-A"});
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
    const std::string listed = everywhere(scene, {"-A", "--dry-run"});
    return has(listed, "node \"node-a\"") && has(listed, "node \"node-b\"") && has(listed, "pod \"");
  });
  BOOST_TEST(!leftovers(scene.cluster(), ns, uid).empty(), "a dry run touches nothing");
  // The broker's while it is known whose it was.
  const auto at_broker = scene.stage().plugin({"cleanup", "--broker-secret", kBrokerSecret});
  BOOST_TEST(at_broker.succeeded(), text_of(at_broker));
  BOOST_TEST_MESSAGE(text_of(at_broker));
  const std::string rest = everywhere(scene, {"-A"});
  BOOST_TEST_MESSAGE(rest);
  BOOST_TEST(queues(scene.cluster(), "ms2m.replay." + uid).empty());
  scene.stage().check_nothing_left("torn", uid);
  const std::string again = everywhere(scene, {"-A"});
  BOOST_TEST(has(again, "Nothing is left over."), again);
  scene.check_runs_on("torn");
  scene.wait_for_more(20);
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_CASE(under_a_migrated_pod_the_runtime_stays_until_it_is_gone) {
  const std::string ns = "cleanup-uninstall";
  Scene scene{ns};
  scene.start(consumer(), load());
  scene.move({"--to", "node-b"});
  const Cluster& cluster = scene.cluster();
  const std::string image =
      cluster.field({"daemonset", "migrate-agent", "-n", kHome}, ".spec.template.spec.containers[0].image");
  const auto uninstalled = cluster.run({"uninstall"});
  BOOST_REQUIRE_MESSAGE(uninstalled.succeeded(), uninstalled.errors);
  BOOST_TEST(has(uninstalled.errors, scene.consumer()), uninstalled.errors);
  BOOST_TEST(cluster.on("node-b", {"stat", "-c", "%F", kWrapper}) == "symbolic link\n");
  scene.wait_for_more(20);
  const std::string waits = everywhere(scene, {"-A", "--image", image});
  BOOST_TEST(has(waits, "runtimeclass \"migrate\""), waits);
  BOOST_TEST(has(waits, scene.consumer()), waits);
  BOOST_TEST(cluster.on("node-b", {"stat", "-c", "%F", kWrapper}) == "symbolic link\n");

  const Verdict verdict = scene.judge();
  BOOST_TEST(verdict.clean, verdict.report);
  cluster.kubectl({"-n", ns, "delete", "pod", scene.consumer(), "--timeout=60s"});
  const std::string finished = everywhere(scene, {"-A", "--image", image});
  BOOST_TEST_MESSAGE(finished);
  for (const char* node : {"node-a", "node-b", "node-c"})
    BOOST_TEST(cluster
                   .on(node, {"sh", "-c",
                              "ls -d /opt/kubectl-migrate /etc/kubectl-migrate /var/lib/kubectl-migrate 2>/dev/null || "
                              "true"})
                   .empty(),
               node);
  BOOST_TEST(cluster.kubectl({"get", "runtimeclass", "migrate", "--ignore-not-found", "-o", "name"}).empty());
  eventually("the namespace of the Pods that finished the nodes to be gone", [&] {
    return cluster.kubectl({"get", "namespace", "kubectl-migrate-cleanup", "--ignore-not-found", "-o", "name"}).empty();
  });
  // For whoever comes after.
  cluster.must({"install"});
}

BOOST_AUTO_TEST_SUITE_END()
