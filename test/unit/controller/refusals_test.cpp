#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "shared/migration/forecast.h"
#include "shared/migration/names.h"
#include "test/unit/controller/one_refusal.h"
#include "test/unit/controller/samples.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(refusals_)

struct Case {
  Migration migration = samples::migration();
  Json pod = samples::pod();
  Surroundings around = samples::around();
  bool no_pod = false;
};

struct Row {
  std::string reason;  // empty: nothing speaks against it
  std::function<void(Case&)> change;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.reason << " " << row.says; }
};

Row spec_row(const char* reason, const char* path, const char* value, const char* says) {
  return {reason, [=](Case& c) { c.pod[Json::json_pointer{path}] = Json::parse(value); }, says};
}

const std::vector<Row> kRows{
    {"", [](Case&) {}, ""},
    {"NamespaceNotEnabled", [](Case& c) { c.around.namespace_enabled = false; }, "kubectl migrate enable -n shop"},
    {"PodUnknown", [](Case& c) { c.no_pod = true; }, "Pod shop/orders"},
    {"PodRecreated", [](Case& c) { c.migration.spec.pod_uid = "old"; }, "uid-source"},
    spec_row("PodNotRunning", "/status/phase", R"("Pending")", "is Pending"),
    spec_row("PodNotReady", "/status/conditions/0/status", R"("False")", "not ready"),
    spec_row("PodDeleting", "/metadata/deletionTimestamp", R"("2026-01-01T00:00:00Z")", "being deleted"),
    spec_row("PodIsTarget", "/metadata/annotations/kubectl-migrate.dev~1restore", R"("other")", "uid other"),
    {"OtherMigration", [](Case& c) { c.around.others.of_pod = "orders-0"; }, "kubectl migrate abort orders-0 -n shop"},
    {"OthersQueue",
     [](Case& c) {
       c.pod["metadata"]["annotations"][kQueueAnnotation] = "orders";
       c.pod["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
       c.migration.spec.queue = "payments";
     },
     "queue payments was asked for without a Secret"},
    {"EmptyDirLoss", [](Case& c) { c.migration.spec.restore = RestoreWay::image; }, "--accept=emptydir-loss"},
    {"NoRepository", [](Case& c) { c.migration.spec.transfer = TransferWay::registry; }, "by --registry"},
    {"NoAgent", [](Case& c) { c.around.source.facts.reset(); }, "node-a has no migrate-agent"},
    {"AgentDown", [](Case& c) { c.around.source.facts->heartbeat -= 31s; }, "silent for 31 s"},
    {"NoCriu", [](Case& c) { c.around.source.facts->criu.clear(); }, "install version 4.2"},
    {"CriuTooOld", [](Case& c) { c.around.source.facts->criu = "4.1.9"; }, "CRIU 4.1.9"},
    {"NodeUnknown",
     [](Case& c) {
       c.around.target = NodeState{"node-z", false, false, {}};
     },
     "no node node-z"},
    {"SameNode", [](Case& c) { c.around.target = c.around.source; }, "node-a already"},
    {"NodeCordoned",
     [](Case& c) {
       c.around.target = samples::node("node-b", c.around.now);
       c.around.target->cordoned = true;
     },
     "kubectl uncordon node-b"},
    {"NoHandler",
     [](Case& c) {
       c.around.target = samples::node("node-b", c.around.now);
       c.around.target->facts->has_handler = false;
     },
     "runtime handler `migrate`; kubectl migrate check shows the lines"},
    {"", [](Case& c) { c.around.target = samples::node("node-b", c.around.now); }, ""},
    {"NoImageRestore",
     [](Case& c) {
       c.migration.spec.restore = RestoreWay::image;
       c.pod["spec"]["volumes"].erase(0);
       c.around.target = samples::node("node-b", c.around.now);
       c.around.target->facts->runtime_version = "2.4.2";
     },
     "2.4.2 on node node-b cannot restore from images any more"},
    {"ImageOfOtherRuntime",
     [](Case& c) {
       c.migration.spec.restore = RestoreWay::image;
       c.pod["spec"]["volumes"].erase(0);
       c.around.source.facts->runtime = "cri-o";
     },
     "use --restore runtime"},
    {"ImageOnlyHere",
     [](Case& c) {
       c.migration.spec.restore = RestoreWay::image;
       c.pod["spec"]["volumes"].erase(0);
       c.pod["status"]["containerStatuses"] = {{{"name", "app"}, {"imageID", "127.0.0.1:10962/abc@sha256:00"}}};
     },
     "container app was restored from an image once"},
    {"NodeLocalVolume", [](Case& c) { c.around.bound_volumes = {"claim data is kept here"}; }, "claim data"},
    {"LoneVolume", [](Case& c) { c.around.lone_volumes = {"claim data can be attached to one node at a time"}; },
     "or a volume of access mode ReadWriteMany"},
    {"TargetNotAdmitted", [](Case& c) { c.around.admission_trouble = "exceeded quota"; }, "exceeded quota"},
    spec_row("OwnerUnknown", "/metadata/ownerReferences", R"([{"kind": "Job", "name": "nightly", "controller": true}])",
             "Job nightly"),
    spec_row("PodFinalizer", "/metadata/finalizers", R"(["x.y/z"])", "x.y/z"),
    spec_row("HostPath", "/spec/volumes/0", R"({"name": "h", "hostPath": {"path": "/data"}})", "/data"),
    spec_row("EphemeralVolume", "/spec/volumes/0", R"({"name": "e", "ephemeral": {}})", "volume e"),
    spec_row("InlineVolume", "/spec/volumes/0", R"({"name": "d", "iscsi": {"iqn": "iqn.x"}})", "volume d (iscsi)"),
    spec_row("InlineVolume", "/spec/volumes/0", R"({"name": "d", "rbd": {"image": "x"}})", "name its claim"),
    spec_row("InlineVolume", "/spec/volumes/0", R"({"name": "d", "fc": {"lun": 0}})", "volume d (fc)"),
    spec_row("InlineVolume", "/spec/volumes/0", R"({"name": "d", "csi": {"driver": "x.y"}})",
             "for this Pod alone by x.y"),
    spec_row("", "/spec/volumes/0", R"({"name": "d", "nfs": {"server": "s", "path": "/"}})", ""),
    spec_row("EmptyDirLoss", "/spec/volumes/0/emptyDir/medium", R"("HugePages")", "--accept=emptydir-loss"),
    spec_row("", "/spec/volumes/0/emptyDir/medium", R"("Memory")", ""),
    spec_row("HostNetwork", "/spec/hostNetwork", "true", "network"),
    spec_row("SharedNamespace", "/spec/hostPID", "true", "hostPID"),
    spec_row("SharedNamespace", "/spec/shareProcessNamespace", "true", "shareProcessNamespace"),
    spec_row("Terminal", "/spec/containers/0/tty", "true", "container app"),
    spec_row("Terminal", "/spec/containers/0/stdin", "true", "container app"),
    spec_row("", "/spec/containers/0/securityContext/readOnlyRootFilesystem", "true", ""),
    {"ReadOnlyRoot",
     [](Case& c) {
       c.migration.spec.restore = RestoreWay::image;
       c.pod["spec"]["volumes"].erase(0);
       c.pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = true;
     },
     "container app has a read-only root"},
    spec_row("RuntimeClass", "/spec/runtimeClassName", R"("gvisor")", "gvisor"),
    spec_row("", "/spec/runtimeClassName", R"("migrate")", ""),
    spec_row("InitContainers", "/spec/initContainers", R"([{"name": "setup"}])", "--accept=init-containers"),
    spec_row("Sidecar", "/spec/initContainers", R"([{"name": "s", "restartPolicy": "Always"}])", "not supported"),
    spec_row("PostStart", "/spec/containers/0/lifecycle", R"({"postStart": {"exec": {}}})", "--accept=post-start"),
    spec_row("ResourceClaims", "/spec/resourceClaims", R"([{"name": "gpu"}])", "devices"),
    spec_row("BlockDevice", "/spec/containers/0/volumeDevices", R"([{"devicePath": "/dev/x"}])", "/dev/x"),
    spec_row("EphemeralContainer", "/status/ephemeralContainerStatuses",
             R"([{"name": "debug", "state": {"running": {}}}])", "debug still runs"),
    {"UnknownRisk", [](Case& c) { c.migration.spec.accept = {"everything"}; }, "no such risk"},
    {"UnknownRisk", [](Case& c) { c.migration.spec.accept = {"dry-run"}; },
     "dropped that; kubectl apply -k manifests/"},
};

BOOST_DATA_TEST_CASE(what_speaks_against_it, boost::unit_test::data::make(kRows), row) {
  Case c;
  row.change(c);
  const auto found = refusals(c.migration, c.no_pod ? nullptr : &c.pod, c.around);
  check_refusal(found, row.reason, row.says);
}

BOOST_AUTO_TEST_CASE(only_what_names_a_word_can_be_accepted) {
  Case c;
  c.pod["spec"]["initContainers"] = {{{"name", "setup"}}};
  c.pod["spec"]["hostNetwork"] = true;
  const auto all = refusals(c.migration, &c.pod, c.around);
  BOOST_TEST(all.size() == 2U);
  const auto standing = without_accepted(all, {"init-containers", "post-start"});
  BOOST_REQUIRE(standing.size() == 1U);
  BOOST_TEST(standing.front().reason == "HostNetwork");
}

struct SourceRow {
  std::string reason;
  std::function<void(agent::SourceFacts&, NodeState&, CheckpointBackend&, Forecast&, Json&)> change;
  friend std::ostream& operator<<(std::ostream& out, const SourceRow& row) { return out << row.reason; }
};

const std::vector<SourceRow> kSourceRows{
    {"", [](auto&, auto&, auto&, auto&, auto&) {}},
    {"OciRuntime", [](auto& found, auto&, auto&, auto&, auto&) { found.containers[0].runtime = "crun"; }},
    {"OciRuntime",
     [](auto& found, auto&, auto&, auto&, auto&) { found.containers[0].runtime = "io.containerd.runsc.v1"; }},
    {"OciRuntime", [](auto& found, auto&, auto&, auto&, auto&) { found.containers[0].runtime.clear(); }},
    {"", [](auto& found, auto&, auto&, auto&, auto&) { found.containers[0].runtime = "migrate-runc"; }},
    {"ContainerPaused", [](auto& found, auto&, auto&, auto&, auto&) { found.containers[0].paused = true; }},
    {"NoRoom", [](auto& found, auto&, auto&, auto&, auto&) { found.free_disk = 70_MiB; }},
    {"SharedMemory", [](auto& found, auto&, auto&, auto&, auto&) { found.containers[0].shm = 4_KiB; }},
    {"SharedMemory", [](auto& found, auto&, auto&, auto&, auto&) { found.containers[0].shm_entries = 1; }},
    {"",
     [](auto& found, auto&, auto&, auto&, auto& pod) {
       found.containers[0].shm = 4_KiB;
       pod["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] = "/dev/shm";
     }},
    {"KubeletCheckpointOnCrio",
     [](auto&, auto& node, auto& backend, auto&, auto&) {
       node.facts->runtime = "cri-o";
       backend = CheckpointBackend::kubelet;
     }},
    {"NoDirectCheckpoint", [](auto&, auto& node, auto&, auto&, auto&) { node.facts->can_checkpoint_directly = false; }},
    // (3 - 1) * 10 s - 2 s = 18 s.
    {"", [](auto&, auto&, auto&, auto& expected, auto&) { expected.transfer = 17'900ms; }},
    {"FreezeBudget", [](auto&, auto&, auto&, auto& expected, auto&) { expected.transfer = 18'000ms; }},
    {"",
     [](auto&, auto&, auto&, auto& expected, auto& pod) {
       expected.transfer = 99s;
       pod["spec"]["containers"][0].erase("livenessProbe");
     }},
};

BOOST_DATA_TEST_CASE(what_the_source_s_agent_found, boost::unit_test::data::make(kSourceRows), row) {
  agent::SourceFacts found{{{"app", "id", "runc", 20_MiB, false}}, {{"scratch", 1_MiB}}, 1'000_MiB};
  NodeState node = samples::node("node-a", Instant{1s});
  CheckpointBackend backend = CheckpointBackend::direct;
  Forecast expected{100ms, 0ms, 100ms};
  Json pod = samples::pod();
  row.change(found, node, backend, expected, pod);
  const auto refused = source_refusals(pod, found, node, backend, expected.freeze());
  BOOST_TEST((refused.empty() ? "" : refused.front().reason) == row.reason);
}

BOOST_AUTO_TEST_CASE(the_node_that_was_chosen) {
  const Instant now{1h};
  const NodeState source = samples::node("node-a", now);
  const auto reason = [&](auto change) {
    NodeState target = samples::node("node-b", now);
    change(target);
    const auto found = node_refusals(source, target, false, 100_MiB, now);
    return found.empty() ? std::string{} : found.front().reason;
  };
  BOOST_TEST(reason([](NodeState&) {}) == "");
  BOOST_TEST(reason([](NodeState& n) { n.name = "node-a"; }) == "SameNode");
  BOOST_TEST(node_refusals(source, source, true, 100_MiB, now).empty());
  BOOST_TEST(reason([](NodeState& n) { n.facts->architecture = "arm64"; }) == "Architecture");
  BOOST_TEST(reason([](NodeState& n) { n.facts->cpu_features = {"sse2"}; }) == "CpuFeatures");
  BOOST_TEST(reason([](NodeState& n) { n.facts->cpu_features = {"avx", "avx512", "sse2"}; }) == "");
  BOOST_TEST(reason([](NodeState& n) { n.facts->criu = "4.2"; }) == "CriuTooOld");
  BOOST_TEST(reason([](NodeState& n) { n.facts->criu = "4.10"; }) == "");
  BOOST_TEST(reason([](NodeState& n) { n.facts->free_disk = 263_MiB; }) == "NoRoom");
  BOOST_TEST(reason([](NodeState& n) { n.facts->has_handler = false; }) == "NoHandler");
  BOOST_TEST(reason([](NodeState& n) { n.facts->heartbeat -= 1h; }) == "AgentDown");
}

BOOST_AUTO_TEST_CASE(the_node_that_was_asked_for) {
  NodeState target = samples::node("node-b", Instant{1h});
  target.labels = {{"disk", "ssd"}};
  const auto reason = [&](const std::string& node, const std::map<std::string, std::string>& selector) {
    MigrationSpec spec;
    spec.target_node = node;
    spec.target_selector = selector;
    const auto found = placement_refusals(spec, target);
    return found.empty() ? std::string{} : found.front().message;
  };
  BOOST_TEST(reason("", {}) == "");
  BOOST_TEST(reason("node-b", {{"disk", "ssd"}}) == "");
  BOOST_TEST(reason("node-c", {}).find("placed on node node-b, and node node-c was asked for") != std::string::npos);
  BOOST_TEST(reason("", {{"disk", "tape"}}).find("disk=tape") != std::string::npos);
  BOOST_TEST(reason("", {{"disk", "ssd"}, {"zone", "x"}}).find("zone=x") != std::string::npos);
}

struct VolumeRow {
  const char* volume;
  const char* reason;
  friend std::ostream& operator<<(std::ostream& out, const VolumeRow& row) { return out << row.volume; }
};
const std::vector<VolumeRow> kVolumes{
    {R"({"persistentVolumeClaim": {"claimName": "data"}})", "WritableVolume"},
    {R"({"persistentVolumeClaim": {"claimName": "data", "readOnly": true}})", ""},
    {R"({"nfs": {"server": "s", "path": "/"}})", "WritableVolume"},
    {R"({"nfs": {"server": "s", "path": "/", "readOnly": true}})", ""},
    {R"({"cephfs": {"monitors": ["m"]}})", "WritableVolume"},
    {R"({"someKindOfTomorrow": {}})", "WritableVolume"},
    {R"({"configMap": {"name": "c"}})", ""},
    {R"({"secret": {"secretName": "s"}})", ""},
    {R"({"downwardAPI": {}})", ""},
    {R"({"projected": {"sources": []}})", ""},
    {R"({"emptyDir": {}})", "EmptyDirLoss"},
};

BOOST_DATA_TEST_CASE(volumes_that_would_be_newer_than_the_memory, boost::unit_test::data::make(kVolumes), row) {
  Json pod = samples::pod();
  Json volume = Json::parse(row.volume);
  volume["name"] = "scratch";
  pod["spec"]["volumes"][0] = volume;
  const auto reason = [&] {
    const auto found = replay_refusals(pod);
    return found.empty() ? std::string{} : found.front().reason;
  };
  BOOST_TEST(reason() == row.reason);
  if (std::string{row.reason} != "WritableVolume") return;
  pod["spec"]["containers"][0]["volumeMounts"][0]["readOnly"] = true;
  BOOST_TEST(reason() == "");
}

BOOST_AUTO_TEST_CASE(versions_of_criu) {
  for (const char* good : {"4.2", "4.2.1", "4.10", "5.0", "5"})
    BOOST_TEST(is_criu_new_enough(good), good);
  for (const char* bad : {"", "4", "4.1.9", "3.19", "new"})
    BOOST_TEST(!is_criu_new_enough(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
