// Starting the cluster. The last case leaves it running for the other tests of ctest's fixture `cluster`.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "test/harness/cluster.h"
#include "test/harness/host_snapshot.h"

using namespace harness;

namespace {

const Cluster cluster;

std::set<std::string> ready_nodes() {
  std::set<std::string> ready;
  const nlohmann::json nodes = cluster.get({"nodes"});
  for (const auto& node : nodes["items"])
    for (const auto& condition : node["status"]["conditions"])
      if (condition["type"] == "Ready" && condition["status"] == "True")
        ready.insert(node["metadata"]["name"].get<std::string>());
  return ready;
}

const std::set<std::string> all_nodes{"node-a", "node-b", "node-c"};

// The id, as the host knows it, of the first process that matches a pattern; end-of-line anchors are the caller's.
pid_t process(const std::string& pattern) {
  return std::stoi(must({"pgrep", "-o", "-f", pattern}));
}

std::string boot_ids() {
  std::string ids;
  for (const char* machine : {"control", "node-a", "node-b", "node-c"})
    ids += cluster.on(machine, {"stat", "-c", "%y", "/run/booted"});
  return ids;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_up)

BOOST_AUTO_TEST_CASE(before_the_start_the_cluster_says_that_it_is_down) {
  std::ofstream{"host-before.txt"} << to_text(take_host_snapshot());
  const auto status = cluster.run({"status"});
  BOOST_TEST(!status.succeeded());
  BOOST_TEST(status.output == "The cluster is down.\n");
  const auto kubeconfig = cluster.run({"kubeconfig"});
  BOOST_TEST(!kubeconfig.succeeded());
  BOOST_TEST(kubeconfig.output == "");
  BOOST_TEST(kubeconfig.errors == "cluster: error: the cluster is down: cluster up\n");
}

BOOST_AUTO_TEST_CASE(wrong_words_are_answered_with_what_is_wrong) {
  for (const Words& words :
       {Words{"up", "--workers", "0"}, Words{"up", "--workers"}, Words{"up", "--runtime", "node-c=docker"},
        Words{"up", "--workers", "2", "--runtime", "node-c=crio"}, Words{"fly"}, Words{"kill", "node-a"}}) {
    const auto answer = cluster.run(words);
    BOOST_TEST((answer.ending == migrate::Ending{migrate::Exited{1}}));
    BOOST_TEST(answer.errors.starts_with("cluster: error: "), answer.errors);
  }
}

BOOST_AUTO_TEST_CASE(without_root_it_says_so) {
  // Reading is allowed: the clone may lie where only root looks, as in /root.
  const auto answer =
      must({"bash", "-c",
            "setpriv --reuid=65534 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search "
            "env XDG_CACHE_HOME=/tmp \"$0\" up 2>&1 || true",
            (source_folder() / "test/cluster/cluster").string()});
  BOOST_TEST(answer.find("needs root") != std::string::npos, answer);
}

BOOST_AUTO_TEST_CASE(up_brings_every_node_dns_and_the_broker) {
  BOOST_TEST_MESSAGE(cluster.run({"up"}).errors);  // the times are for whoever reads the log
  BOOST_TEST((ready_nodes() == all_nodes));
  cluster.kubectl(
      {"-n", "rabbitmq", "exec", "rabbitmq-0", "--", "rabbitmq-diagnostics", "-q", "check_port_connectivity"});
}

BOOST_AUTO_TEST_CASE(up_again_changes_nothing) {
  const std::string before = boot_ids();
  const auto again = cluster.run({"up"});
  BOOST_TEST(again.succeeded());
  BOOST_TEST(again.errors.find("already up") != std::string::npos, again.errors);
  BOOST_TEST(boot_ids() == before);
}

BOOST_AUTO_TEST_CASE(up_with_other_settings_is_refused_and_names_the_ones_in_force) {
  const auto other = cluster.run({"up", "--workers", "2"});
  BOOST_TEST(!other.succeeded());
  BOOST_TEST(other.errors.find("node-c=containerd-") != std::string::npos, other.errors);
}

BOOST_AUTO_TEST_CASE(up_after_kill_9_of_anything_cleans_and_comes_up) {
  const std::string before = boot_ids();
  for (const char* victim : {"^etcd --data-dir", "containerd-shim-runc-v2", "runsvdir -P /etc/machine/services"})
    ::kill(process(victim),
           SIGKILL);  // the oldest of that name; of runsvdir, the control machine's: it dies as a whole
  const auto again = cluster.run({"up"});
  BOOST_TEST(again.succeeded(), again.errors);
  BOOST_TEST_MESSAGE(again.errors);
  BOOST_TEST((ready_nodes() == all_nodes));
  BOOST_TEST(boot_ids() != before);
}

BOOST_AUTO_TEST_SUITE_END()
