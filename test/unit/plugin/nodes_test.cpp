// `kubectl migrate nodes` as it stands on a screen.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <functional>

#include "plugin/commands.h"
#include "plugin/node_view.h"
#include "shared/migration/node_facts.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

kube::ResourcePath at_node(const std::string& name) {
  return {kGroup, kVersion, "migrationnodes", {}, name, {}};
}

NodeFacts facts_of(const std::string& name) {
  NodeFacts made;
  made.node = name;
  made.address = "10.0.0.1:10960";
  made.agent_version = "0.1.0";
  made.heartbeat = at(0ms) - 5s;
  made.runtime = "containerd";
  made.runtime_version = "2.3.7";
  made.has_handler = true;
  made.can_checkpoint_directly = true;
  made.criu = "4.2.1";
  made.kernel = "6.12.5";
  made.architecture = "amd64";
  made.cpu_features = {"avx", "avx512f", "sse2"};
  made.free_disk = Bytes{44'238'000'000};
  return made;
}

struct Nodes : Scene {
  void report(const NodeFacts& facts) {
    Json object = to_json(facts);
    // As in the API server's lists.
    object.erase("apiVersion");
    object.erase("kind");
    cluster.put(at_node(facts.node), object);
  }
  // Of a cluster in which this and that is amiss.
  void report_mixed() {
    for (const char* name : {"node-c", "node-d", "node-e"})
      cluster.put(kube::core("nodes", "", name), Json::object());
    report(facts_of("node-a"));
    NodeFacts b = facts_of("node-b");
    b.runtime_version = "2.4.2";
    b.has_handler = false;
    report(b);
    NodeFacts c = facts_of("node-c");
    c.heartbeat = at(0ms) - 45s;
    c.runtime = "cri-o";
    c.runtime_version = "1.34.0";
    report(c);
    NodeFacts e = facts_of("node-e");
    e.cpu_features = {"avx", "sse2"};
    e.kernel = "6.1.0";
    report(e);
    report(facts_of("node-f"));
  }
  // On a terminal of that width; 0: into a pipe.
  std::string shown(std::size_t width, Output output = Output::text) {
    io.out.is_live = width > 0;
    io.screen = [width] { return ScreenSize{width, 24}; };
    Options options;
    options.output = output;
    BOOST_TEST(run_nodes({io, cluster, "shop"}, options) == 0);
    return out.str();
  }
};

BOOST_FIXTURE_TEST_SUITE(nodes, Nodes)

BOOST_AUTO_TEST_CASE(nodes_that_are_all_well) {
  report(facts_of("node-a"));
  report(facts_of("node-b"));
  BOOST_TEST(shown(80) ==
             "NAME    STATUS  RUNTIME           CRIU   HANDLER  DIRECT  IMAGES  FREE\n"
             "node-a  Ready   containerd 2.3.7  4.2.1  yes      yes     yes     41.2 GiB\n"
             "node-b  Ready   containerd 2.3.7  4.2.1  yes      yes     yes     41.2 GiB\n"
             "\n"
             "FROM \\ TO   node-a   node-b\n"
             "node-a      .        ok\n"
             "node-b      ok       .\n");
  BOOST_TEST(err.str().empty());
}

BOOST_AUTO_TEST_CASE(what_is_amiss_on_a_narrow_screen_without_unicode) {
  report_mixed();
  BOOST_TEST(shown(80) ==
             "NAME    STATUS        RUNTIME           CRIU   HANDLER  DIRECT  IMAGES  FREE\n"
             "node-a  Ready         containerd 2.3.7  4.2.1  yes      yes     yes     41.2 GiB\n"
             "node-b  Ready         containerd 2.4.2  4.2.1  no       yes     no      41.2 GiB\n"
             "node-c  NotAlive 45s  cri-o 1.34.0      4.2.1  yes      yes     no      41.2 GiB\n"
             "node-d  NoAgent       -                 -      -        -       -       -\n"
             "node-e  Ready         containerd 2.3.7  4.2.1  yes      yes     yes     41.2 GiB\n"
             "node-f  Gone          containerd 2.3.7  4.2.1  yes      yes     yes     41.2 GiB\n"
             "\n"
             "FROM \\ TO   node-a   node-b   node-c   node-e\n"
             "node-a      .        -        -        -\n"
             "node-b      ok       .        -        -\n"
             "node-c      -        -        .        -\n"
             "node-e      ok       -        -        .\n"
             "\n"
             "- node-c: its migrate-agent has been silent for 45s; see\n"
             "  kubectl get pods -n kubectl-migrate -o wide\n"
             "- node-d: no migrate-agent has reported from it; see\n"
             "  kubectl get pods -n kubectl-migrate -o wide\n"
             "- node-f: there is no such node any more; kubectl delete migrationnode node-f\n"
             "- to node-b: containerd 2.4.2 does not know the runtime handler migrate;\n"
             "  kubectl migrate check shows the lines to add to its configuration\n"
             "- to node-e from node-a, node-b: without the CPU features avx512f\n"
             "* to node-e from node-a, node-b: kernel 6.1.0 is older than 6.12.5\n");
}

const std::string kMixed =
    "NAME     STATUS         RUNTIME            CRIU    HANDLER   DIRECT   IMAGES   FREE\n"
    "node-a   Ready          containerd 2.3.7   4.2.1   yes       yes      yes      41.2 GiB\n"
    "node-b   Ready          containerd 2.4.2   4.2.1   no        yes      no       41.2 GiB\n"
    "node-c   NotAlive 45s   cri-o 1.34.0       4.2.1   yes       yes      no       41.2 GiB\n"
    "node-d   NoAgent        -                  -       -         -        -        -\n"
    "node-e   Ready          containerd 2.3.7   4.2.1   yes       yes      yes      41.2 GiB\n"
    "node-f   Gone           containerd 2.3.7   4.2.1   yes       yes      yes      41.2 GiB\n"
    "\n"
    "FROM \\ TO   node-a   node-b   node-c   node-e\n"
    "node-a      ·        –        –        –\n"
    "node-b      ✓        ·        –        –\n"
    "node-c      –        –        ·        –\n"
    "node-e      ✓        –        –        ·\n"
    "\n"
    "– node-c: its migrate-agent has been silent for 45s; see kubectl get pods -n kubectl-migrate -o wide\n"
    "– node-d: no migrate-agent has reported from it; see kubectl get pods -n kubectl-migrate -o wide\n"
    "– node-f: there is no such node any more; kubectl delete migrationnode node-f\n"
    "– to node-b: containerd 2.4.2 does not know the runtime handler migrate; kubectl migrate check shows the lines to "
    "add to its configuration\n"
    "– to node-e from node-a, node-b: without the CPU features avx512f\n"
    "* to node-e from node-a, node-b: kernel 6.1.0 is older than 6.12.5\n";

BOOST_AUTO_TEST_CASE(what_is_amiss_on_a_wide_screen_with_unicode) {
  io.is_unicode = true;
  report_mixed();
  BOOST_TEST(shown(200) == kMixed);
}

BOOST_AUTO_TEST_CASE(a_pipe_has_no_width) {
  io.is_unicode = true;
  report_mixed();
  BOOST_TEST(shown(0) == kMixed);
}

BOOST_AUTO_TEST_CASE(wide_adds_columns) {
  report(facts_of("node-a"));
  report(facts_of("node-b"));
  const std::string text = shown(200, Output::wide);
  BOOST_TEST(text.substr(0, text.find("\n\n") + 1) ==
             "NAME     STATUS   RUNTIME            CRIU    HANDLER   DIRECT   IMAGES   FREE       KERNEL   ARCH    "
             "AGENT   ADDRESS\n"
             "node-a   Ready    containerd 2.3.7   4.2.1   yes       yes      yes      41.2 GiB   6.12.5   amd64   "
             "0.1.0   10.0.0.1:10960\n"
             "node-b   Ready    containerd 2.3.7   4.2.1   yes       yes      yes      41.2 GiB   6.12.5   amd64   "
             "0.1.0   10.0.0.1:10960\n");
}

BOOST_AUTO_TEST_CASE(columns_that_have_no_room_stand_below) {
  report(facts_of("node-a"));
  report(facts_of("node-b"));
  const std::string text = shown(80, Output::wide);
  BOOST_TEST(text.substr(0, text.find("FROM")) ==
             "NAME    STATUS  RUNTIME           CRIU   HANDLER  DIRECT  IMAGES  FREE\n"
             "node-a  Ready   containerd 2.3.7  4.2.1  yes      yes     yes     41.2 GiB\n"
             "node-b  Ready   containerd 2.3.7  4.2.1  yes      yes     yes     41.2 GiB\n"
             "\n"
             "NAME    KERNEL  ARCH   AGENT  ADDRESS\n"
             "node-a  6.12.5  amd64  0.1.0  10.0.0.1:10960\n"
             "node-b  6.12.5  amd64  0.1.0  10.0.0.1:10960\n"
             "\n");
}

BOOST_AUTO_TEST_CASE(names_that_are_long_get_numbers) {
  cluster.forbid("list nodes");
  for (const char* name : {"ip-10-0-12-1", "ip-10-0-12-2", "ip-10-0-12-3"})
    report(facts_of(std::string(name) + ".eu-west-1.compute.internal"));
  BOOST_TEST(shown(80) ==
             "NAME                                     STATUS  RUNTIME           CRIU\n"
             "ip-10-0-12-1.eu-west-1.compute.internal  Ready   containerd 2.3.7  4.2.1\n"
             "ip-10-0-12-2.eu-west-1.compute.internal  Ready   containerd 2.3.7  4.2.1\n"
             "ip-10-0-12-3.eu-west-1.compute.internal  Ready   containerd 2.3.7  4.2.1\n"
             "\n"
             "NAME                                     HANDLER  DIRECT  IMAGES  FREE\n"
             "ip-10-0-12-1.eu-west-1.compute.internal  yes      yes     yes     41.2 GiB\n"
             "ip-10-0-12-2.eu-west-1.compute.internal  yes      yes     yes     41.2 GiB\n"
             "ip-10-0-12-3.eu-west-1.compute.internal  yes      yes     yes     41.2 GiB\n"
             "\n"
             "FROM \\ TO                                    1    2    3\n"
             "1  ip-10-0-12-1.eu-west-1.compute.internal   .    ok   ok\n"
             "2  ip-10-0-12-2.eu-west-1.compute.internal   ok   .    ok\n"
             "3  ip-10-0-12-3.eu-west-1.compute.internal   ok   ok   .\n");
}

BOOST_AUTO_TEST_CASE(of_many_nodes_only_what_stands_in_the_way_is_told) {
  cluster.forbid("list nodes");
  for (int i = 10; i <= 30; ++i)
    report(facts_of("node-" + std::to_string(i)));
  check_says(shown(0), "What runs on any of these 21 nodes can move to any other\n");
  out.str("");
  for (const char* name : {"node-20", "node-21"}) {
    NodeFacts worse = facts_of(name);
    worse.cpu_features = {"sse2"};
    report(worse);
  }
  // Both in one line, and not all the others by name.
  check_says(shown(0),
             "What runs on any of these 21 nodes can move to any other, but:\n"
             "- to node-20, node-21 from node-10, node-11, node-12, node-13, node-14 and 14 more: without the CPU "
             "features avx, avx512f\n");
}

BOOST_AUTO_TEST_CASE(one_node_alone_has_no_pairs) {
  cluster.forbid("list nodes");
  report(facts_of("node-a"));
  BOOST_TEST(shown(80).find("FROM") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_fits_but_for_an_older_kernel_has_a_mark_of_its_own) {
  report(facts_of("node-a"));
  NodeFacts b = facts_of("node-b");
  b.kernel = "6.1.0";
  report(b);
  check_says(shown(80),
             "node-a      .        ok*\n"
             "node-b      ok       .\n"
             "\n"
             "* to node-b from node-a: kernel 6.1.0 is older than 6.12.5\n");
}

struct TroubleRow {
  const char* says;
  std::function<void(NodeFacts&)> change;
  friend std::ostream& operator<<(std::ostream& stream, const TroubleRow& row) { return stream << row.says; }
};
const std::vector<TroubleRow> kTroubles{
    {"- node-b: it has no CRIU; install", [](NodeFacts& facts) { facts.criu = ""; }},
    {"- node-b: it has CRIU 3.17; install", [](NodeFacts& facts) { facts.criu = "3.17"; }},
    {"- node-b: its migrate-agent has never reported; see", [](NodeFacts& facts) { facts.heartbeat = {}; }},
    {"- node-b: its migrate-agent has been silent for 30s; see",
     [](NodeFacts& facts) { facts.heartbeat = at(0ms) - 30s; }},
};

BOOST_DATA_TEST_CASE_F(Nodes, a_node_in_trouble_gives_and_takes_nothing, boost::unit_test::data::make(kTroubles), row) {
  report(facts_of("node-a"));
  NodeFacts b = facts_of("node-b");
  row.change(b);
  report(b);
  const std::string text = shown(200);
  check_says(text,
             "node-a      .        -\n"
             "node-b      -        .\n");
  check_says(text, row.says);
}

BOOST_AUTO_TEST_CASE(the_typists_clock_is_not_asked_how_old_a_word_is) {
  clock.time = at(40s);
  report(facts_of("node-a"));
  NodeFacts b = facts_of("node-b");
  b.heartbeat = at(0ms) - 45s;
  report(b);
  const std::string text = shown(80);
  check_says(text, "node-a  Ready ");
  check_says(text, "node-b  NotAlive 45s ");
}

// Better than none: a server that does not answer who one is.
BOOST_AUTO_TEST_CASE(where_the_server_tells_no_time_our_own_does) {
  clock.time = at(40s);
  cluster.forbid("create selfsubjectreviews");
  report(facts_of("node-a"));
  check_says(shown(80), "node-a  NotAlive 45s ");
}

BOOST_AUTO_TEST_CASE(agents_are_as_alive_as_their_last_word) {
  const Instant now = at(0ms);
  NodeFacts facts = facts_of("node-a");
  const auto status = [&](Microseconds age) {
    facts.heartbeat = now - age;
    return status_of({"node-a", facts}, now);
  };
  BOOST_TEST(status(0s) == "Ready");
  BOOST_TEST(status(-1h) == "Ready");  // clocks differ
  BOOST_TEST(status(29s) == "Ready");
  BOOST_TEST(status(45s) == "NotAlive 45s");
  BOOST_TEST(status(3h) == "NotAlive 3h");
  BOOST_TEST(status_of({"node-a", NodeFacts{}}, now) == "NotAlive");
  BOOST_TEST(status_of({"node-a", std::nullopt}, now) == "NoAgent");
  BOOST_TEST(status_of({"node-a", facts, true}, now) == "Gone");
}

BOOST_AUTO_TEST_CASE(documents_are_of_the_agents_words) {
  report(facts_of("node-a"));
  report(facts_of("node-b"));
  const Json list = Json::parse(shown(80, Output::json), nullptr, false);
  BOOST_REQUIRE(!list.is_discarded());
  BOOST_TEST(list.at("kind") == "List");
  BOOST_REQUIRE(list.at("items").size() == 2U);
  BOOST_TEST(list.at("items").at(1).at("apiVersion") == "kubectl-migrate.dev/v1alpha1");
  BOOST_TEST(list.at("items").at(1).at("kind") == "MigrationNode");
  BOOST_TEST(list.at("items").at(1).at("metadata").at("name") == "node-b");
  out.str("");
  check_says(shown(80, Output::yaml), "kind: MigrationNode\n");
}

BOOST_AUTO_TEST_CASE(names_are_of_their_kind) {
  report(facts_of("node-a"));
  report(facts_of("node-b"));
  BOOST_TEST(shown(80, Output::name) ==
             "migrationnode.kubectl-migrate.dev/node-a\n"
             "migrationnode.kubectl-migrate.dev/node-b\n");
}

BOOST_AUTO_TEST_CASE(nodes_without_agents_are_told_of) {
  check_says(shown(80), "node-a   NoAgent   -");
}

BOOST_AUTO_TEST_CASE(where_there_is_nothing_kubectl_s_words_are_said) {
  cluster.forbid("list nodes");
  BOOST_TEST(shown(80).empty());
  BOOST_TEST(err.str() == "No resources found\n");
}

BOOST_AUTO_TEST_CASE(who_may_not_look_at_them_is_told_so) {
  cluster.forbid("list migrationnodes");
  BOOST_TEST(run_nodes({io, cluster, "shop"}, Options{}) == 1);
  check_says(err.str(), "The right to list migrationnodes.kubectl-migrate.dev is missing");
  BOOST_TEST(out.str().empty());
}

BOOST_AUTO_TEST_CASE(a_cluster_that_does_not_know_them_has_nothing_installed) {
  cluster.forget_type("migrationnodes");
  BOOST_TEST(run_nodes({io, cluster, "shop"}, Options{}) == 1);
  check_says(err.str(), "kubectl-migrate is not installed in this cluster");
}

BOOST_AUTO_TEST_CASE(one_that_makes_no_sense_does_not_hide_the_others) {
  report(facts_of("node-a"));
  cluster.put(at_node("node-b"), {{"facts", {{"freeDisk", -1}}}});
  check_says(shown(80), "node-a  Ready ");
  check_says(err.str(), "warning: read MigrationNode node-b: facts.freeDisk: -1");
}

BOOST_AUTO_TEST_CASE(what_agents_say_steers_no_terminal) {
  NodeFacts a = facts_of("node-a");
  a.criu = "4.2.1\x1b[31m\nnode-x";
  report(a);
  BOOST_TEST(shown(80).find('\x1b') == std::string::npos);
  check_says(out.str(), "4.2.1 node-x");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::plugin
