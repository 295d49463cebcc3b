#include "plugin/self_test_nodes.h"

#include <set>

#include "plugin/self_test_ways.h"
#include "test/unit/plugin/self_test_facts.h"

namespace migrate::plugin {
namespace {

Candidate usable(NodeFacts facts) {
  return {facts.node, "", facts};
}

Candidate unusable(const std::string& name, const std::string& against) {
  return {name, against, {}};
}

NodeFacts less_able(const std::string& name) {
  NodeFacts facts = able_node(name);
  facts.restore_via_create = false;
  return facts;
}

NodeFacts of_another_kind(const std::string& name) {
  NodeFacts facts = able_node(name);
  facts.architecture = "arm64";
  return facts;
}

std::set<std::string> tried(const NodePair& nodes) {
  std::set<std::string> names;
  for (const Way& way : ways_between(nodes))
    if (way.skipped.empty()) names.insert(way.name);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(self_test_nodes)

BOOST_AUTO_TEST_CASE(what_speaks_against_a_node_is_told) {
  struct Row {
    const char* pointer;  // in the Node
    Json value;
    std::function<void(NodeFacts&)> spoil;
    const char* says;  // empty: nothing
  };
  const auto nothing = [](NodeFacts&) {};
  const std::vector<Row> rows{
      {"/metadata/labels", Json::object(), nothing, ""},
      {"/spec/unschedulable", true, nothing, "it is cordoned"},
      {"/spec/unschedulable", false, nothing, ""},
      {"/spec/taints", Json::parse(R"([{"key": "gpu", "effect": "NoSchedule"}])"), nothing, "it has the taint gpu"},
      {"/spec/taints", Json::parse(R"([{"key": "gpu", "effect": "PreferNoSchedule"}])"), nothing, ""},
      {"/status/conditions", Json::parse(R"([{"type": "Ready", "status": "Unknown"}])"), nothing, "it is not ready"},
      {"/metadata/labels", Json::object(), [](NodeFacts& facts) { facts.heartbeat = at(-40s); },
       "its migrate-agent has been silent for 40s"},
      {"/metadata/labels", Json::object(), [](NodeFacts& facts) { facts.heartbeat = at(5s); }, ""},
      {"/metadata/labels", Json::object(), [](NodeFacts& facts) { facts.criu.clear(); }, "it has no CRIU"},
      {"/metadata/labels", Json::object(), [](NodeFacts& facts) { facts.has_handler = false; },
       "containerd there does not know the runtime handler `migrate`"},
  };
  for (const Row& row : rows) {
    Json node = ready_node();
    node["metadata"]["name"] = "node-a";
    node[Json::json_pointer{row.pointer}] = row.value;
    NodeFacts facts = able_node("node-a");
    row.spoil(facts);
    const Json reported = to_json(facts);
    const Candidate made = candidate_of(node, &reported, at(0s));
    BOOST_TEST_CONTEXT(row.pointer << " " << row.value) {
      BOOST_TEST(made.name == "node-a");
      BOOST_TEST(made.against == row.says);
    }
  }
  BOOST_TEST(candidate_of(ready_node(), nullptr, at(0s)).against == "no migrate-agent has reported from it");
}

BOOST_AUTO_TEST_CASE(two_are_chosen_that_fit_the_ablest_first) {
  struct Row {
    std::vector<Candidate> all;
    const char* from;
    const char* to;
    const char* chosen;  // "FROM TO", or what the error says
  };
  const Candidate a = usable(able_node("a"));
  const Candidate b = usable(able_node("b"));
  const Candidate arm = usable(of_another_kind("arm"));
  const std::vector<Row> rows{
      {{a, b}, "", "", "a b"},
      {{a, b}, "b", "", "b a"},
      {{a, b}, "", "a", "b a"},
      {{a, b}, "b", "a", "b a"},
      {{usable(less_able("a")), b, usable(able_node("c"))}, "", "", "b c"},
      {{usable(less_able("a")), b, usable(able_node("c"))}, "a", "", "a b"},
      {{arm, a, b}, "", "", "a b"},
      {{arm, a, b}, "arm", "", "no two of the nodes can restore what runs on the other\narm -> a: "},
      {{arm, a}, "", "", "no two of the nodes can restore what runs on the other\narm -> a: "},
      {{a, b}, "a", "a", "--from and --to both name node a"},
      {{usable(able_node("node-a")), b}, "node-x", "", "--from=node-x: no such node; did you mean node-a?"},
      {{a, unusable("b", "it is cordoned")}, "", "b", "--to=b: it is cordoned"},
      {{a, unusable("b", "it is cordoned"), unusable("c", "it has no CRIU")},
       "",
       "",
       "a migration needs two nodes, and only one can be used: a\nb: it is cordoned\nc: it has no CRIU"},
      {{a}, "a", "", "a migration needs two nodes, and only one can be used: a"},
      {{unusable("b", "it is cordoned")}, "", "", "a migration needs two nodes, and none can be used\nb: it is "},
  };
  for (const Row& row : rows) {
    const auto chosen = choose_nodes(row.all, row.from, row.to);
    const std::string got = chosen ? chosen->from.node + " " + chosen->to.node : chosen.error().message;
    BOOST_TEST(got.find(row.chosen) == 0U, got << " and not " << row.chosen);
  }
}

BOOST_AUTO_TEST_CASE(a_way_that_one_of_the_nodes_does_not_allow_is_skipped_with_the_reason) {
  struct Row {
    std::function<void(NodeFacts&)> spoil;
    const char* way;
    const char* says;
  };
  const std::set<std::string> all{"direct", "image", "keep-name", "kubelet", "set"};
  const NodeFacts good = able_node("good");
  BOOST_TEST(tried({good, able_node("other")}) == all, boost::test_tools::per_element());
  const std::vector<Row> rows{
      {[](NodeFacts& facts) { facts.can_checkpoint_directly = false; }, "direct", "the agent of node bad cannot reach"},
      {[](NodeFacts& facts) { facts.kubelet_checkpoint->state = "Forbidden"; }, "kubelet",
       "the kubelet of node bad does not checkpoint (Forbidden)"},
      {[](NodeFacts& facts) { facts.kubelet_checkpoint.reset(); }, "kubelet", "the agent of node bad has not told"},
      {[](NodeFacts& facts) { facts.restore_via_create = false; }, "image", "node bad may not restore from images"},
  };
  for (const Row& row : rows) {
    NodeFacts bad = able_node("bad");
    row.spoil(bad);
    std::set<std::string> wanted = all;
    wanted.erase(row.way);
    for (const NodePair& nodes : {NodePair{good, bad}, NodePair{bad, good}}) {
      BOOST_TEST(tried(nodes) == wanted, boost::test_tools::per_element());
      for (const Way& way : ways_between(nodes))
        if (way.name == row.way) check_says(way.skipped, row.says);
    }
  }
  NodeFacts crio = able_node("crio");
  crio.runtime = "cri-o";
  const std::set<std::string> wanted{"direct", "keep-name", "set"};
  BOOST_TEST(tried({good, crio}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_workload_is_as_restricted_as_it_can_be_and_may_move) {
  const NodePair nodes{able_node("node-a"), able_node("node-b")};
  for (const Way& way : ways_between(nodes)) {
    const Workload made = workload_for(way, "there", "counter:1", nodes);
    const Json& spec = way.is_set ? made.object.at("spec").at("template").at("spec") : made.object.at("spec");
    const Json& container = spec.at("containers").at(0);
    BOOST_TEST(container.at("image") == "counter:1");
    BOOST_TEST((container.at("command") == Json::array({"/migrate-counter"})));
    const Json wanted = Json::parse(R"({"allowPrivilegeEscalation": false,
      "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}})");
    BOOST_TEST(container.at("securityContext") == wanted);
    BOOST_TEST(spec.at("automountServiceAccountToken") == false);
    if (!way.is_set) {
      // By name, and with nothing that would be copied and keep the target from the other node.
      BOOST_TEST(spec.at("nodeName") == "node-a");
      BOOST_TEST(!spec.contains("affinity"));
      BOOST_TEST(!spec.contains("nodeSelector"));
      continue;
    }
    BOOST_TEST(!spec.contains("nodeName"));
    const Json terms = Json::parse(R"([
      {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-a"]}]},
      {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-b"]}]}])");
    const Json::json_pointer place{
        "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms"};
    BOOST_TEST(spec.at(place) == terms);
    BOOST_TEST(made.object.at("spec").at("replicas") == 1);
    BOOST_TEST(way.pod() == "set-0");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
