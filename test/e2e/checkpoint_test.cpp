// The kubelet's checkpoint endpoint and who may use it.
#include <boost/test/unit_test.hpp>

#include "test/e2e/hop.h"

using namespace harness;

namespace {

// Made once for all cases.
struct Pods {
  Cluster cluster;
  Namespace ns{cluster, "checkpoints"};

  Pods() {
    prepare_for_hops(cluster, ns);
    for (const auto& [name, node] : {std::pair{"first", "node-a"}, {"second", "node-b"}})
      cluster.apply(
          {{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata", {{"name", name}, {"namespace", ns.name()}}},
           {"spec",
            {{"nodeSelector", {{"kubernetes.io/hostname", node}}},
             {"terminationGracePeriodSeconds", 0},
             {"containers",
              {{{"name", "main"}, {"image", "registry.test/busybox:trixie"}, {"command", {"sleep", "100000"}}}}}}}});
    for (const char* name : {"first", "second"})
      cluster.wait_ready(ns.name(), name);
  }
};

Pods& pods() {
  static Pods made;
  return made;
}

struct Fixture {
  const Cluster& cluster = pods().cluster;
  const Namespace& ns = pods().ns;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoints, Fixture)

BOOST_AUTO_TEST_CASE(the_right_nodes_checkpoint_is_enough_on_every_kind_of_kubelet_and_for_nothing_else) {
  // node-b's kubelet serves a self-signed certificate.
  for (const auto& [pod, node] : {std::pair{"first", "node-a"}, {"second", "node-b"}}) {
    const std::string archive = checkpoint(cluster, ns, node, pod, checkpoint_token(cluster, ns));
    const std::string files = cluster.on(node, {"tar", "-tf", archive});
    for (const char* file : {"checkpoint/pages-1.img\n", "config.dump\n", "spec.dump\n", "rootfs-diff.tar\n"})
      BOOST_TEST(files.find(file) != std::string::npos, archive << " has no " << file);
    cluster.on(node, {"rm", archive});
  }
  const std::string account = "system:serviceaccount:" + ns.name() + ":checkpointer";
  for (const char* forbidden : {"nodes/proxy", "nodes/stats", "nodes/log", "pods"})
    BOOST_TEST(cluster.run({"kubectl", "auth", "can-i", "get", forbidden, "--as", account}).output == "no\n",
               forbidden);
}

BOOST_AUTO_TEST_CASE(
    through_the_api_server_with_kubeadms_stock_rights_the_kubelet_refuses_and_names_the_missing_right) {
  const auto answer = cluster.run(
      {"kubectl", "create", "--raw", "/api/v1/nodes/node-a/proxy/checkpoint/" + ns.name() + "/first/main", "-f", "-"},
      "{}");
  BOOST_TEST(!answer.succeeded());
  BOOST_TEST(
      answer.errors.find(
          "Forbidden (user=kube-apiserver-kubelet-client, verb=create, resource=nodes, subresource(s)=[checkpoint])") !=
          std::string::npos,
      answer.errors);
}

BOOST_AUTO_TEST_SUITE_END()
