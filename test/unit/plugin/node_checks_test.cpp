#include "plugin/node_checks.h"

#include "plugin/node_row.h"
#include "test/unit/plugin/self_test_facts.h"

namespace migrate::plugin {
namespace {

NodeFacts good(const std::string& name) {
  NodeFacts facts = able_node(name);
  facts.agent_version = MIGRATE_VERSION;
  facts.criu_check = CriuCheck{true, "Looks good."};
  facts.kernel = "6.12.0";
  facts.free_disk = 4096_MiB;
  return facts;
}

NodeQuestion two() {
  NodeQuestion question;
  question.facts = {good("node-a"), good("node-b")};
  question.skews = {{"node-a", 0ms}, {"node-b", 0ms}};
  question.nodes = {"node-a", "node-b"};
  question.now = at(0ms);
  return question;
}

std::string marks(const std::vector<Check>& lines) {
  std::string text;
  for (const Check& line : lines)
    text += "+x!-"[static_cast<std::size_t>(line.mark)];
  return text;
}

const Check* find(const std::vector<Check>& lines, Mark mark, const std::string& what) {
  for (const Check& line : lines)
    if (line.mark == mark && line.what == what) return &line;
  return nullptr;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(node_checking)

BOOST_AUTO_TEST_CASE(where_all_is_well_there_is_a_line_for_each_thing) {
  std::string text;
  for (const Check& line : node_checks(two())) {
    BOOST_TEST((line.mark == Mark::ok), line.what << ": " << line.why);
    text += line.what + "\n";
  }
  BOOST_TEST(text == R"(the agent of node-a and node-b is alive
containerd 2.3.7 on node-a and node-b
runtime handler `migrate` on node-a and node-b
direct checkpoints on node-a and node-b
the kubelet of node-a and node-b makes checkpoints
restores from images on node-a and node-b
CRIU 4.2.1 on node-a and node-b
`criu check` on node-a and node-b
CRIU's options on node-a and node-b
the clock of node-a and node-b is the API server's (to within 5 s)
room for checkpoints on node-a and node-b
Pods of node-a and node-b fit on another node
)");
}

BOOST_AUTO_TEST_CASE(every_fault_has_its_line_its_advice_and_its_section) {
  struct Row {
    std::function<void(NodeQuestion&)> spoil;
    Mark mark;
    const char* what;
    const char* says;
    const char* anchor;
  };
  const auto of_b = [](auto change) { return [=](NodeQuestion& question) { change(question.facts[1]); }; };
  const std::vector<Row> rows{
      {of_b([](NodeFacts& b) { b.heartbeat = at(-75s); }), Mark::failed, "the agent of node-b is alive",
       "silent for 75s; kubectl -n kubectl-migrate get pods", "agentdown"},
      {[](NodeQuestion& question) {
         question.facts[1].heartbeat = at(-75s);
         question.skews["node-b"] = -74s;
       },
       Mark::failed, "the agent of node-b is alive", "but the clock there is 1 m 14 s late", "agentdown"},
      {[](NodeQuestion& question) {
         question.facts[1].heartbeat = at(-75s);
         question.nodes = {"node-a"};
       },
       Mark::note, "the agent of node-b is alive", "kubectl delete migrationnode node-b", "stale-node"},
      {[](NodeQuestion& question) { question.nodes->push_back("node-c"); }, Mark::note, "node-c has an agent",
       "none ever reported", "noagent"},
      {[](NodeQuestion& question) {
         question.nodes->push_back("node-c");
         question.to = "node-c";
       },
       Mark::failed, "node-c has an agent", "none ever reported", "noagent"},
      {[](NodeQuestion& question) { question.to = "nodeb"; }, Mark::failed, "--to=nodeb: there is such a node",
       "kubectl get nodes", "nodeunknown"},
      {of_b([](NodeFacts& b) { b.agent_version = "0.0.1"; }), Mark::note,
       "the agent of node-b is of this plugin's version", "it is 0.0.1", "versions-differ"},
      {of_b([](NodeFacts& b) { b.runtime_version = "1.7.2"; }), Mark::note, "the runtime of node-b is known",
       "it is containerd 1.7.2", "old-runtime"},
      {of_b([](NodeFacts& b) { b.has_handler = false; }), Mark::failed, "runtime handler `migrate` on node-b",
       "containerd 2.3.7 does not know it: nothing can be restored there\nAn administrator adds to "
       "/etc/containerd/config.toml there (`version = 3` at its top)",
       "nohandler"},
      {of_b([](NodeFacts& b) { b.can_checkpoint_directly = false; }), Mark::note, "direct checkpoints on node-b",
       "does not reach containerd", "nodirectcheckpoint"},
      {[](NodeQuestion& question) {
         question.facts[1].can_checkpoint_directly = false;
         question.checkpoint = CheckpointBackend::direct;
       },
       Mark::failed, "direct checkpoints on node-b", "does not reach containerd", "nodirectcheckpoint"},
      {of_b([](NodeFacts& b) { b.kubelet_checkpoint->state = KubeletCheckpoint::kForbidden; }), Mark::note,
       "the kubelet of node-b makes checkpoints", "no right to create nodes/checkpoint", "kubeletcheckpoint"},
      {of_b([](NodeFacts& b) {
         b.kubelet_checkpoint->state = KubeletCheckpoint::kGateClosed;
         b.can_checkpoint_directly = false;
       }),
       Mark::failed, "the kubelet of node-b makes checkpoints", "featureGates: {ContainerCheckpoint: true}",
       "kubeletcheckpoint"},
      {[](NodeQuestion& question) {
         question.facts[1].kubelet_checkpoint->state = KubeletCheckpoint::kGateClosed;
         question.checkpoint = CheckpointBackend::kubelet;
       },
       Mark::failed, "the kubelet of node-b makes checkpoints", "ContainerCheckpoint", "kubeletcheckpoint"},
      {of_b([](NodeFacts& b) { b.restore_via_create = false; }), Mark::note, "restores from images on node-b",
       "`enable_experimental_restore_via_create = true`", "noimagerestore"},
      {[](NodeQuestion& question) {
         question.facts[1].restore_via_create = false;
         question.restore = RestoreWay::image;
       },
       Mark::failed, "restores from images on node-b", "`enable_experimental_restore_via_create = true`",
       "noimagerestore"},
      {of_b([](NodeFacts& b) { b.criu = ""; }), Mark::failed, "CRIU on node-b", "there is none", "nocriu"},
      {of_b([](NodeFacts& b) { b.criu = "3.19"; }), Mark::failed, "CRIU on node-b", "it is 3.19", "criutooold"},
      {of_b([](NodeFacts& b) {
         b.criu_check = CriuCheck{false, "no PTRACE"};
       }),
       Mark::note, "`criu check` on node-b", "no PTRACE", "criu-check"},
      {of_b([](NodeFacts& b) { b.criu_options_missing = {"tcp-close"}; }), Mark::failed, "CRIU's options on node-b",
       "/etc/criu/runc.conf lacks, or has otherwise: tcp-close", "criu-options"},
      {[](NodeQuestion& question) { question.skews["node-b"] = -7s; }, Mark::note,
       "the clock of node-b is the API server's", "7.000 s behind", "clock-skew"},
      {[](NodeQuestion& question) { question.skews["node-b"] = 20s; }, Mark::failed,
       "the clock of node-b is the API server's", "20.0 s ahead", "clock-skew"},
      {of_b([](NodeFacts& b) { b.free_disk = 500_MiB; }), Mark::note, "room for checkpoints on node-b",
       "500.0 MiB are left", "noroom"},
      {of_b([](NodeFacts& b) { b.free_disk = 10_MiB; }), Mark::failed, "room for checkpoints on node-b",
       "10.0 MiB are left", "noroom"},
      {of_b([](NodeFacts& b) { b.architecture = "arm64"; }), Mark::note, "Pods of node-a fit on another node", "arm64",
       "one-kind-of-node"},
      {of_b([](NodeFacts& b) { b.cpu_features = {"sse2"}; }), Mark::note, "Pods of node-a fit on another node", "avx",
       "one-kind-of-node"},
      {[](NodeQuestion& question) {
         question.facts.pop_back();
         question.nodes = {"node-a"};
       },
       Mark::note, "Pods of node-a fit on another node", "no other one whose agent is alive", "one-kind-of-node"},
  };
  for (const Row& row : rows) {
    NodeQuestion question = two();
    row.spoil(question);
    const auto lines = node_checks(question);
    BOOST_TEST_CONTEXT(row.what << ", " << row.says) {
      const Check* line = find(lines, row.mark, row.what);
      BOOST_REQUIRE_MESSAGE(line != nullptr, marks(lines));
      check_says(line->why, row.says);
      BOOST_TEST(line->hint == std::string("docs/troubleshooting.md#") + row.anchor);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_an_agent_does_not_tell_is_skipped) {
  NodeQuestion question = two();
  question.facts[1].kubelet_checkpoint.reset();
  question.facts[1].criu_check.reset();
  question.skews.erase("node-b");
  const auto lines = node_checks(question);
  BOOST_TEST(marks(lines) ==
             "+++++-++"
             "+-"
             "++-++");
  const Check* skipped = find(lines, Mark::skipped, "the kubelet of node-b makes checkpoints");
  BOOST_REQUIRE(skipped != nullptr);
  BOOST_TEST(skipped->why == "its agent has not tried it yet");
}

BOOST_AUTO_TEST_CASE(of_a_silent_node_nothing_else_is_said) {
  NodeQuestion question = two();
  question.facts[1] = NodeFacts{};
  question.facts[1].node = "node-b";
  std::string failed;
  for (const Check& line : node_checks(question))
    if (line.mark == Mark::failed) failed += line.what + "\n";
  BOOST_TEST(failed == "the agent of node-b is alive\ntwo nodes between which Pods can move\n");
}

namespace {

// All that is wrong with a node, at once.
void spoil(NodeFacts& facts) {
  facts.has_handler = false;
  facts.criu = "3.17";
  facts.criu_options_missing = {"tcp-close"};
  facts.free_disk = 10_MiB;
}

// A control plane, on which an agent runs as on every node.
NodeQuestion with_control_plane() {
  NodeQuestion question = two();
  question.facts.push_back(good("plane"));
  spoil(question.facts.back());
  question.skews["plane"] = 20s;
  question.nodes->emplace_back("plane");
  question.closed["plane"] = "the node has the taint node-role.kubernetes.io/control-plane:NoSchedule";
  return question;
}

std::string failed(const NodeQuestion& question) {
  std::string text;
  for (const Check& line : node_checks(question))
    if (line.mark == Mark::failed) text += line.what + "\n";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_node_that_is_closed_to_pods_fails_nothing) {
  const NodeQuestion question = with_control_plane();
  BOOST_TEST(failed(question) == "");
  const auto lines = node_checks(question);
  const Check* handler = find(lines, Mark::note, "runtime handler `migrate` on plane");
  BOOST_REQUIRE(handler != nullptr);
  check_says(handler->why,
             "\nThis fails nothing: the node has the taint node-role.kubernetes.io/control-plane:NoSchedule");
  for (const char* what : {"CRIU on plane", "CRIU's options on plane", "room for checkpoints on plane",
                           "the clock of plane is the API server's"})
    BOOST_TEST(find(lines, Mark::note, what) != nullptr, what);
  NodeQuestion silent = question;
  silent.facts.back().heartbeat = at(-75s);
  BOOST_TEST(failed(silent) == "");
}

BOOST_AUTO_TEST_CASE(who_names_a_closed_node_means_it) {
  NodeQuestion question = with_control_plane();
  question.to = "plane";
  check_says(failed(question), "runtime handler `migrate` on plane\n");
}

BOOST_AUTO_TEST_CASE(fewer_than_two_that_can_be_used_fail) {
  NodeQuestion question = with_control_plane();
  question.closed["node-b"] = "the node is cordoned";
  BOOST_TEST(failed(question) == "two nodes between which Pods can move\n");
  const auto lines = node_checks(question);
  const Check* few = find(lines, Mark::failed, "two nodes between which Pods can move");
  BOOST_REQUIRE(few != nullptr);
  BOOST_TEST(few->why ==
             "there is node-a alone\nnode-b: the node is cordoned\n"
             "plane: the node has the taint node-role.kubernetes.io/control-plane:NoSchedule");
  BOOST_TEST(few->hint == "docs/troubleshooting.md#too-few-nodes");
}

BOOST_AUTO_TEST_CASE(a_pod_depends_on_its_node_and_on_the_one_that_it_is_to_go_to) {
  NodeQuestion question = two();
  question.facts.push_back(good("node-c"));
  question.nodes->emplace_back("node-c");
  question.pod_node = "node-a";
  question.to = "node-b";
  spoil(question.facts[2]);
  BOOST_TEST(failed(question) == "");
  check_says(find(node_checks(question), Mark::note, "CRIU on node-c")->why,
             "This fails nothing: the Pod does not depend on it");
  // Nothing is restored on the node that it leaves.
  question.facts[0].has_handler = false;
  BOOST_TEST(failed(question) == "");
  question.facts[0].criu = "";
  question.facts[1].has_handler = false;
  BOOST_TEST(failed(question) == "runtime handler `migrate` on node-b\nCRIU on node-a\n");
  // Nor is a checkpoint made on the one that it goes to.
  NodeQuestion by_kubelet = two();
  by_kubelet.pod_node = "node-a";
  by_kubelet.to = "node-b";
  by_kubelet.checkpoint = CheckpointBackend::kubelet;
  for (NodeFacts& one : by_kubelet.facts)
    one.kubelet_checkpoint->state = KubeletCheckpoint::kForbidden;
  BOOST_TEST(failed(by_kubelet) == "the kubelet of node-a makes checkpoints\n");
}

BOOST_AUTO_TEST_CASE(without_a_target_some_other_node_must_do) {
  NodeQuestion question = two();
  question.facts.push_back(good("node-c"));
  question.nodes->emplace_back("node-c");
  question.pod_node = "node-a";
  spoil(question.facts[1]);
  BOOST_TEST(failed(question) == "");
  spoil(question.facts[2]);
  BOOST_TEST(failed(question) == "a node that what runs on node-a can go to\n");
}

BOOST_AUTO_TEST_CASE(the_lines_of_a_handler_stand_there_once) {
  NodeQuestion question = two();
  for (NodeFacts& one : question.facts)
    one.has_handler = false;
  auto lines = node_checks(question);
  check_says(find(lines, Mark::failed, "runtime handler `migrate` on node-a")->why,
             "\n    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.migrate]\n");
  BOOST_TEST(find(lines, Mark::failed, "runtime handler `migrate` on node-b")->why ==
             "containerd 2.3.7 does not know it: nothing can be restored there\n"
             "The lines to add are those for node-a, above");
  question.facts[1].runtime = "cri-o";
  lines = node_checks(question);
  check_says(find(lines, Mark::failed, "runtime handler `migrate` on node-b")->why, "\n    [crio.runtime]\n");
}

BOOST_AUTO_TEST_CASE(many_nodes_are_a_number_and_what_they_say_is_no_format) {
  BOOST_TEST(names_text({}) == "");
  BOOST_TEST(names_text({"a"}) == "a");
  BOOST_TEST(names_text({"a", "b", "c"}) == "a, b and c");
  BOOST_TEST(names_text({"a", "b", "c", "d", "e"}) == "5 nodes");
  NodeQuestion question = two();
  question.facts[1].runtime_version = "2.9{}{0}";
  BOOST_TEST(find(node_checks(question), Mark::ok, "containerd 2.9{}{0} on node-b") != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
