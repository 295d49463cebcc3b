// Nodes on which it cannot work, and archives and processes with which it cannot: refused or rolled back with the
// reason, the source runs on, nothing is left behind. What of it takes little time is in bad_input_test.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/damaged_archive.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/small_pods.h"

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
  const auto restart_agent = [] { renew(cluster(), agent_on(cluster(), "node-a")); };
  const Undo undo{[&] {
    cluster().on("node-a", {"sh", "-c", "umount /var/lib/kubectl-migrate"});
    restart_agent();
  }};
  cluster().on("node-a", {"mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "none", "/var/lib/kubectl-migrate"});
  restart_agent();
  const Untouched before{stage(), "roomy"};
  expect(stage().plugin({"roomy", "--to", "node-b", "--name", "no-room"}), "no-room", 3, {"node-a", "MiB"}, before);
}

BOOST_AUTO_TEST_CASE(an_archive_that_is_cut_short) {
  setting().make(small_pod(setting().ns(), "cut-short", "node-a"));
  const Untouched before{stage(), "cut-short"};
  expect(move_damaged(stage(), "cut-short", "truncate -s -1024 $f"), "cut-short", 4, {"node-b", "main"}, before);
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
