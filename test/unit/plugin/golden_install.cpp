// Clusters in which kubectl-migrate is installed, for the commands that look at all of it.
#include "shared/migration/node_facts.h"
#include "test/unit/plugin/drain_scene.h"
#include "test/unit/plugin/dry_run_scene.h"
#include "test/unit/plugin/golden_world.h"
#include "test/unit/plugin/self_test_facts.h"

namespace migrate::plugin {
namespace {

const std::string kOurs = "/apis/kubectl-migrate.dev/v1alpha1";
const std::string kDeployments = "/apis/apps/v1/namespaces/kubectl-migrate/deployments";
const std::string kLeases = "/apis/coordination.k8s.io/v1/namespaces/kubectl-migrate/leases";
const std::string kSlices = "/apis/discovery.k8s.io/v1/namespaces/kubectl-migrate/endpointslices";
const std::string kAdmission = "/apis/admissionregistration.k8s.io/v1/";
const std::string kClasses = "/apis/node.k8s.io/v1/runtimeclasses";
const std::string kBindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings";
const std::string kNodes = "/api/v1/nodes";
const std::string kMigrationNodes = kOurs + "/migrationnodes";

Json named(const std::string& name, Json object = Json::object()) {
  object["metadata"]["name"] = name;
  object["metadata"]["uid"] = "uid-" + name;
  object["metadata"]["resourceVersion"] = "5";
  return object;
}

Json deployment(const std::string& name, const std::string& version = MIGRATE_VERSION) {
  Json object = named(name, {{"spec", {{"replicas", 2}}}, {"status", {{"availableReplicas", 2}}}});
  object["metadata"]["labels"]["app.kubernetes.io/version"] = version;
  return object;
}

Json lease(const std::string& name) {
  return named(name, {{"spec",
                       {{"holderIdentity", "migrate-extender-6d9f"},
                        {"renewTime", "2026-01-01T11:59:58.000000Z"},
                        {"leaseDurationSeconds", 15}}}});
}

NodeFacts facts_of(const std::string& node) {
  NodeFacts facts = able_node(node);
  facts.agent_version = MIGRATE_VERSION;
  facts.criu_check = CriuCheck{true, ""};
  facts.kernel = "6.12.5";
  facts.cpu_features = {"avx", "avx512f", "sse2"};
  facts.free_disk = Bytes{44'238'000'000};
  return facts;
}

// As its agent wrote it, with a clock like the server's.
Json reported(const NodeFacts& facts) {
  Json object = named(facts.node, to_json(facts));
  object["metadata"]["managedFields"] =
      Json::array({{{"manager", kAgentAccount}, {"operation", "Apply"}, {"time", "2026-01-01T11:59:55Z"}}});
  return object;
}

void put_nodes(GoldenWorld& world, const std::vector<NodeFacts>& all) {
  for (const NodeFacts& facts : all) {
    world.collections[kNodes].push_back(named(facts.node));
    world.collections[kMigrationNodes].push_back(reported(facts));
  }
}

Json schema_with(const std::vector<std::string>& fields) {
  Json properties = Json::object();
  for (const std::string& field : fields)
    properties[field] = Json::object();
  Json schema = {{"properties", properties}};
  schema["x-kubernetes-group-version-kind"] = Json::array({{{"kind", "Migration"}}});
  Json document;
  document["components"]["schemas"]["dev.kubectl-migrate.v1alpha1.Migration"] = schema;
  return document;
}

// The parts that an installation has, but for nodes.
GoldenWorld installed() {
  GoldenWorld world;
  world.bodies["/version"] = {{"gitVersion", "v1.36.3"}};
  world.bodies["/apis/kubectl-migrate.dev"]["versions"] = Json::array({{{"version", "v1alpha1"}}});
  world.bodies[kOurs]["resources"] = Json::array({{{"name", "migrations"}}, {{"name", "migrationnodes"}}});
  world.bodies["/openapi/v3" + kOurs] = schema_with({"apiVersion", "kind", "metadata", "spec"});
  world.collections[kDeployments] = {deployment("migrate-extender"), deployment("migrate-scheduler")};
  world.collections[kLeases] = {lease(kLease), lease("migrate-scheduler")};
  const Json ready = {{"conditions", {{"ready", true}}}};
  world.collections[kSlices] = {named("migrate-extender-abc", {{"endpoints", Json::array({ready, ready})}})};
  for (const char* name :
       {"kubectl-migrate-migration-needs-right-to-pod", "kubectl-migrate-extender-changes-no-pod-spec",
        "kubectl-migrate-extender-makes-pull-secrets-only", "kubectl-migrate-agent-writes-own-node", kNamePolicy})
    for (const char* plural : {"validatingadmissionpolicies", "validatingadmissionpolicybindings"})
      world.collections[kAdmission + plural].push_back(named(name));
  world.collections[kClasses] = {named("migrate", {{"handler", "migrate"}})};
  world.collections[kBindings] = {named("kubectl-migrate")};
  world.collections["/api/v1/namespaces"] = {named("shop")};
  world.collections["/api/v1/namespaces"].front()["metadata"]["labels"][kEnabledLabel] = "true";
  world.collections["/api/v1/namespaces/shop/secrets"] = {};
  world.pods = {running("orders")};
  return world;
}

// A node that is as an administrator has found it.
NodeFacts unprepared(const std::string& name) {
  NodeFacts facts = facts_of(name);
  facts.has_handler = false;
  facts.restore_via_create = false;
  return facts;
}

// A Pod that a migration has made for a Migration that is gone.
Json target(const std::string& name) {
  Json pod = running(name);
  pod["metadata"]["resourceVersion"] = "5";
  pod["metadata"]["annotations"][kRestoreAnnotation] = "uid-gone";
  pod["metadata"]["labels"][kMigrationLabel] = "orders-x7k2p";
  pod["metadata"]["managedFields"] = Json::array({{{"manager", "kubectl-migrate"}}});
  return pod;
}

// A copy whose memory has come to life, and which never took over.
Json shadow(const std::string& name) {
  Json pod = target(name);
  pod["spec"]["readinessGates"] = Json::array({{{"conditionType", kLiveGate}}});
  Json container;
  container["state"]["running"] = Json::object();
  pod["status"]["containerStatuses"] = Json::array({container});
  return pod;
}

}  // namespace

GoldenWorld world_that_is_well() {
  GoldenWorld world = installed();
  put_nodes(world, {facts_of("node-a"), facts_of("node-b")});
  return world;
}

GoldenWorld world_with_faults() {
  GoldenWorld world = installed();
  NodeFacts crio = unprepared("node-c");
  crio.runtime = "cri-o";
  crio.runtime_version = "1.34.0";
  NodeFacts old = facts_of("node-d");
  old.criu = "3.17.1";
  old.free_disk = 500_MiB;
  old.kubelet_checkpoint->state = KubeletCheckpoint::kGateClosed;
  put_nodes(world, {facts_of("node-a"), unprepared("node-b"), crio, old, unprepared("plane")});
  Json taint = {{"key", "node-role.kubernetes.io/control-plane"}, {"effect", "NoSchedule"}};
  world.collections[kNodes].back()["spec"]["taints"] = Json::array({taint});
  world.collections[kDeployments] = {deployment("migrate-extender", "0.0.9")};
  world.collections[kSlices].clear();
  world.collections[kAdmission + "validatingadmissionpolicybindings"].pop_back();
  world.denied = {"create migrations"};
  return world;
}

GoldenWorld world_of_plan() {
  GoldenWorld world = world_that_is_well();
  world.dry_run = planned();
  return world;
}

GoldenWorld world_of_refusal() {
  GoldenWorld world = world_that_is_well();
  world.dry_run = refused_twice();
  return world;
}

GoldenWorld world_of_nodes() {
  GoldenWorld world = installed();
  NodeFacts silent = facts_of("node-c");
  silent.heartbeat = at(-45s);
  NodeFacts other = facts_of("node-e");
  other.cpu_features = {"avx", "sse2"};
  other.kernel = "6.1.0";
  put_nodes(world, {facts_of("node-a"), unprepared("node-b"), silent, other});
  world.collections[kNodes].push_back(named("node-d"));                        // without an agent
  world.collections[kMigrationNodes].push_back(reported(facts_of("node-f")));  // without a node
  return world;
}

GoldenWorld world_to_drain() {
  GoldenWorld world = world_that_is_well();
  Json ledger = running("ledger");
  ledger["metadata"]["namespace"] = "bank";  // where migrations are not enabled
  world.collections["/api/v1/pods"] = {running("orders-0", "StatefulSet/orders"), running("cache"),
                                       running("web-x", "ReplicaSet/web"), running("proxy-a", "DaemonSet/proxy"),
                                       ledger};
  world.collections["/apis/policy/v1/poddisruptionbudgets"] = {};
  return world;
}

GoldenWorld world_of_leftovers() {
  GoldenWorld world = world_that_is_well();
  world.pods = {running("orders"), target("orders-mig-ab12c"), shadow("ledger-mig-cd34d")};
  return world;
}

GoldenWorld world_without_rights() {
  GoldenWorld world = world_that_is_well();
  world.denied = {"create namespaces", "delete namespaces", "list nodes"};
  return world;
}

}  // namespace migrate::plugin
