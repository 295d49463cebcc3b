// Ending the cluster, after all other tests of ctest's fixture `cluster`.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "test/harness/cluster.h"
#include "test/harness/host_snapshot.h"

using namespace harness;

BOOST_AUTO_TEST_SUITE(cluster_down)

BOOST_AUTO_TEST_CASE(down_leaves_nothing_behind) {
  std::ifstream file{"host-before.txt"};
  std::ostringstream text;
  text << file.rdbuf();
  const HostSnapshot before = from_text(text.str());
  BOOST_REQUIRE(!before.empty());
  // The snapshot sees a running cluster: or its silence afterwards would say nothing.
  const HostSnapshot during = take_host_snapshot();
  for (const char* kind : {"listening sockets", "namespaces", "cgroups", "processes"})
    BOOST_TEST(!left_behind({{kind, before.contains(kind) ? before.at(kind) : std::set<std::string>{}}},
                            {{kind, during.at(kind)}})
                    .empty(),
               kind);

  const Cluster cluster;
  cluster.must({"down"});
  // Namespaces and links are torn down by the kernel a moment after their last process.
  std::string left;
  try {
    eventually(
        "the host to be as before", [&] { return (left = left_behind(before, take_host_snapshot())).empty(); },
        std::chrono::seconds{10});
  } catch (const std::exception&) {
    BOOST_ERROR("left behind:\n" + left);
  }
  BOOST_TEST(!cluster.run({"status"}).succeeded());
  BOOST_TEST(cluster.run({"down"}).succeeded());  // again: nothing to do
}

BOOST_AUTO_TEST_SUITE_END()
