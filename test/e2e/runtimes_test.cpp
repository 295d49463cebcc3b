// Other container runtimes: the wrapper's way works on containerd 2.4, which no longer restores from images, and on
// CRI-O, and from one to the other. Starts and ends a cluster of its own.
#include <boost/test/unit_test.hpp>

#include "test/e2e/hop.h"

using namespace harness;

BOOST_AUTO_TEST_SUITE(runtimes)

BOOST_AUTO_TEST_CASE(a_consumer_under_load_moves_from_containerd_2_3_to_2_4_and_on_to_cri_o) {
  const Cluster cluster;
  cluster.must({"up", "--containerd", "node-b=2.4.2", "--runtime", "node-c=crio"});
  {
    const Namespace ns{cluster, "runtimes"};
    prepare_for_hops(cluster, ns);
    Orders orders{cluster, ns};
    const ConsumerSpec stops[] = {{"orders", "node-a"}, {"orders-second", "node-b"}, {"orders-third", "node-c"}};
    orders.start(stops[0], {});
    for (int i = 0; i < 2; ++i) {
      hop(cluster, orders, ns, {Way::runtime, stops[i], stops[i + 1]},
          [](const std::string& line) { BOOST_TEST_MESSAGE(line); });
      BOOST_TEST(orders.state(stops[i + 1].pod).at("memory").at("intact") == true);
    }
    const Verdict verdict = orders.judge(stops[2].pod);
    BOOST_TEST_MESSAGE(verdict.report);
    BOOST_TEST(verdict.clean, verdict.report);
  }
  cluster.must({"down"});
}

BOOST_AUTO_TEST_SUITE_END()
