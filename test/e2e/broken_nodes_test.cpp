// Nodes on which it cannot work, and archives and processes with which it cannot: refused or rolled back with the
// reason, the source runs on, nothing is left behind. What of it takes little time is in bad_input_test.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "test/e2e/damaged_archive.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/small_pods.h"
#include "test/harness/background.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

struct Setting {
  Stage stage{"broken"};
  [[nodiscard]] const std::string& ns() const { return stage.ns().name(); }
  void make(const Json& pod) const {
    stage.cluster().apply(pod);
    stage.cluster().wait_ready(ns(), pod.at("metadata").at("name").get<std::string>());
  }
};

const Setting& setting() {
  static const Setting made;
  return made;
}
const Stage& stage() {
  return setting().stage;
}
const Cluster& cluster() {
  return stage().cluster();
}

// The plugin's answer as asked for, the Pod as before, nothing left.
void expect(const migrate::Completed& answer, const std::string& migration, int code, const Words& parts,
            const Untouched& before) {
  const std::string said = answer.output + answer.errors;
  bool as_asked = code_of(answer) == code;
  for (const std::string& part : parts)
    as_asked = as_asked && said.find(part) != std::string::npos;
  BOOST_TEST(as_asked, "exit code " << code << " and '" << fmt::format("{}", fmt::join(parts, "', '"))
                                    << "' were asked for:\n"
                                    << text_of(answer) << (as_asked ? "" : stage().report(migration)));
  const std::string trouble = before.trouble();
  BOOST_TEST(trouble.empty(), trouble);
  stage().check_nothing_left(migration);
}

// A node whose archives have so many MiB for as long as this lives, as its agent reports.
class SmallDisk {
 public:
  SmallDisk(const char* node, unsigned mebibytes) : node_(node), undo_([this] { give_back(); }) {
    cluster().on(node_, {"mount", "-t", "tmpfs", "-o", fmt::format("size={}m,mode=700", mebibytes), "none",
                         "/var/lib/kubectl-migrate"});
    renew(cluster(), agent_on(cluster(), node_));
    await("is small", [&](std::uint64_t free) { return free <= std::uint64_t{mebibytes} << 20; });
  }

 private:
  void give_back() const {
    cluster().on(node_, {"sh", "-c", "umount /var/lib/kubectl-migrate"});
    renew(cluster(), agent_on(cluster(), node_));
    // What was reported last would be believed until the next report.
    await("is as before", [](std::uint64_t free) { return free > std::uint64_t{200} << 20; });
  }
  void await(const std::string& what, const std::function<bool(std::uint64_t)>& holds) const {
    eventually(node_ + "'s agent to report that its disk " + what, [&] {
      const std::string free = cluster().field({"migrationnodes.kubectl-migrate.dev", node_}, ".facts.freeDisk");
      return !free.empty() && holds(std::stoull(free));
    });
  }

  std::string node_;
  Undo undo_;  // of what its constructor has begun, too
};

}  // namespace

BOOST_AUTO_TEST_SUITE(broken_nodes)

BOOST_AUTO_TEST_CASE(a_node_without_an_agent) {
  setting().make(small_pod(setting().ns(), "plain", "node-a"));
  const Words daemon_set{"-n", "kubectl-migrate", "patch", "daemonset", "migrate-agent", "--type=merge", "-p"};
  const auto patch = [&](const Json& affinity) {
    Words words = daemon_set;
    words.push_back(Json{{"spec", {{"template", {{"spec", {{"affinity", affinity}}}}}}}}.dump());
    cluster().kubectl(words);
    wait_for_product(cluster());
  };
  const Json elsewhere = {{"key", "kubernetes.io/hostname"}, {"operator", "NotIn"}, {"values", {"node-c"}}};
  const Undo undo{[&] {
    patch(nullptr);
    eventually("node-c's agent to report", [&] {
      return cluster().run({"kubectl", "get", "migrationnodes.kubectl-migrate.dev", "node-c"}).succeeded();
    });
  }};
  patch({{"nodeAffinity",
          {{"requiredDuringSchedulingIgnoredDuringExecution",
            {{"nodeSelectorTerms", {{{"matchExpressions", {elsewhere}}}}}}}}}});
  eventually("node-c's agent to be gone", [&] {
    return cluster()
        .kubectl({"-n", "kubectl-migrate", "get", "pods", "-l", "app.kubernetes.io/name=migrate-agent",
                  "--field-selector", "spec.nodeName=node-c", "-o", "name"})
        .empty();
  });
  // What it reported last would be believed for another half a minute.
  cluster().kubectl({"delete", "migrationnodes.kubectl-migrate.dev", "node-c", "--ignore-not-found"});
  const Untouched before{stage(), "plain"};
  expect(stage().plugin({"plain", "--to", "node-c", "--name", "no-agent"}), "no-agent", 3, {"node-c", "migrate-agent"},
         before);
}

BOOST_AUTO_TEST_CASE(no_room_on_the_sources_disk) {
  setting().make(small_pod(setting().ns(), "roomy", "node-a"));
  const SmallDisk disk{"node-a", 32};
  const Untouched before{stage(), "roomy"};
  expect(stage().plugin({"roomy", "--to", "node-b", "--name", "no-room"}), "no-room", 3, {"node-a", "MiB"}, before);
}

BOOST_AUTO_TEST_CASE(no_room_on_the_targets_disk) {
  // Room for 64 MiB of others and for the emptyDir, but not for what is unpacked of it.
  Json pod = small_pod(setting().ns(), "large", "node-a", "dd if=/dev/zero of=/data/large bs=1M count=60 2>/dev/null");
  pod["spec"]["volumes"] = {{{"name", "data"}, {"emptyDir", Json::object()}}};
  pod["spec"]["containers"][0]["volumeMounts"] = {{{"name", "data"}, {"mountPath", "/data"}}};
  setting().make(pod);
  eventually("its emptyDir to be filled", [] {
    return cluster()
        .run({"kubectl", "-n", setting().ns(), "exec", "large", "--", "test", "-e", "/tmp/count"})
        .succeeded();
  });
  const SmallDisk disk{"node-b", 150};
  const Untouched before{stage(), "large"};
  expect(stage().plugin({"large", "--to", "node-b", "--strategy", "stop", "--name", "no-room-there"}), "no-room-there",
         3, {"node-b", "MiB left for archives"}, before);
}

BOOST_AUTO_TEST_CASE(an_archive_that_is_cut_short) {
  setting().make(small_pod(setting().ns(), "cut-short", "node-a"));
  const Untouched before{stage(), "cut-short"};
  expect(move_damaged(stage(), "cut-short", "truncate -s -1024 $f"), "cut-short", 4, {"node-b", "main"}, before);
}

// Somebody on the node kills it. Whether the commit is tried or not, nobody is told that all is as before.
BOOST_AUTO_TEST_CASE(a_source_that_ends_while_it_is_frozen) {
  for (const bool is_aborted : {true, false}) {
    const std::string name = is_aborted ? "lost-aborted" : "lost-committing";
    setting().make(small_pod(setting().ns(), name, "node-a"));
    const migrate::test::TemporaryFolder folder;
    PhaseGate gate{cluster(), setting().ns(), "Transferring"};
    Background plugin{stage().plugin_words({name, "--to", "node-b", "--name", name}), folder / "out"};
    stage().await("the source to be frozen", name, [&] { return gate.is_reached() || !plugin.is_running(); });
    stage().require(plugin.is_running(), "it has ended before", name);
    const auto id = stage().pod(name).at("status").at("containerStatuses").at(0).at("containerID").get<std::string>();
    cluster().on("node-a", {"ctr", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", id.substr(id.find("//") + 2)});
    stage().await("it to have ended", name, [&] {
      return cluster().on("node-a", {"ctr", "-n", "k8s.io", "tasks", "ls"}).find("PAUSED") == std::string::npos;
    });
    if (is_aborted)
      cluster().kubectl({"-n", setting().ns(), "patch", "migrations.kubectl-migrate.dev", name, "--type=merge", "-p",
                         R"({"spec": {"abort": true}})"});
    gate.open();
    const int code = plugin.wait();
    const std::string said = plugin.output() + plugin.errors();
    BOOST_TEST(code == 4, said << stage().report(name));
    for (const char* part : {"Rolled back", "container main ended while it was frozen", "without its memory"})
      BOOST_TEST(said.find(part) != std::string::npos, "nothing of '" << part << "' in\n" << said);
    BOOST_TEST(said.find("as before, and") == std::string::npos, said);
    const Json conditions = stage().migration(name).at("status").at("conditions");
    BOOST_TEST(
        std::any_of(conditions.begin(), conditions.end(),
                    [](const Json& one) { return one.at("type") == "SourceLost" && one.at("status") == "True"; }),
        conditions.dump());
    // The kubelet starts it anew, in the same Pod.
    stage().await("the container to be started anew", name, [&] { return restarts_of(stage().pod(name)) == 1; });
    cluster().wait_ready(setting().ns(), name);
    stage().check_nothing_left(name);
  }
  wait_for_product(cluster());
}

BOOST_AUTO_TEST_CASE(a_restore_that_criu_refuses) {
  // The kubelet lays a ConfigMap's files into a folder named after the time: on the target it has another name, and
  // what the process holds open is not there.
  cluster().apply({{"apiVersion", "v1"},
                   {"kind", "ConfigMap"},
                   {"metadata", {{"name", "settings"}, {"namespace", setting().ns()}}},
                   {"data", {{"colour", "blue"}}}});
  Json pod = small_pod(setting().ns(), "holding", "node-a", "exec 3</settings/colour");
  pod["spec"]["volumes"] = {{{"name", "settings"}, {"configMap", {{"name", "settings"}}}}};
  pod["spec"]["containers"][0]["volumeMounts"] = {{{"name", "settings"}, {"mountPath", "/settings"}}};
  setting().make(pod);
  const Untouched before{stage(), "holding"};
  expect(stage().plugin({"holding", "--to", "node-b", "--name", "no-restore"}), "no-restore", 4,
         {"settings/", "No such file or directory"}, before);
}

BOOST_AUTO_TEST_SUITE_END()
