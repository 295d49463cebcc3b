// Topology spread, as Kubernetes counts it, of a Pod whose source goes; and what a node has to be for that.
#include "extender/controller/spread.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>

#include "extender/controller/node_fit.h"
#include "test/unit/controller/samples.h"

namespace {

using namespace migrate::controller;
using Values = std::vector<std::string>;

constexpr const char* kHost = "kubernetes.io/hostname";

Json node(const std::string& name, const std::string& zone) {
  return {{"metadata", {{"name", name}, {"labels", {{kHost, name}, {"zone", zone}}}}}};
}

// The source is on node-a, one more of its kind on node-b, none on node-c.
struct Case {
  Json pod = samples::pod();
  Json nodes{{"items", Json::array({node("node-a", "east"), node("node-b", "west"), node("node-c", "north")})}};
  Json pods{{"items", Json::array()}};
  std::set<std::string> absent{"uid-source"};
  Case() {
    pod["spec"]["topologySpreadConstraints"] =
        Json::array({{{"maxSkew", 1},
                      {"topologyKey", kHost},
                      {"whenUnsatisfiable", "DoNotSchedule"},
                      {"labelSelector", {{"matchLabels", {{"app", "orders"}}}}}}});
    pods["items"].push_back(pod);
    put("node-b");
  }
  Json& constraint() { return pod["spec"]["topologySpreadConstraints"][0]; }
  Json& put(const std::string& where) {
    Json one = samples::pod();
    one["metadata"]["uid"] = "uid-" + std::to_string(pods["items"].size());
    one["spec"]["nodeName"] = where;
    pods["items"].push_back(std::move(one));
    return pods["items"].back();
  }
  void keep_to(const Json& names) {
    const Json wanted{{"key", kHost}, {"operator", "In"}, {"values", names}};
    pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
        Json::array({{{"matchExpressions", Json::array({wanted})}}});
  }
  void taint(std::size_t index) {
    nodes["items"][index]["spec"]["taints"] =
        Json::array({{{"key", "spare"}, {"value", "x"}, {"effect", "NoSchedule"}}});
  }
};

struct Row {
  const char* what;
  Values fit;  // nodes
  std::function<void(Case&)> change;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.what; }
};

const std::vector<Row> kRows{
    {"its own node and the empty one", {"node-a", "node-c"}, [](Case&) {}},
    {"with the source counted, the empty one alone", {"node-c"}, [](Case& c) { c.absent.clear(); }},
    {"a skew of two", {"node-a", "node-b", "node-c"}, [](Case& c) { c.constraint()["maxSkew"] = 2; }},
    {"the least is one where each has one",
     {"node-a", "node-b"},
     [](Case& c) {
       c.put("node-c");
       c.put("node-c");
       c.put("node-a");
     }},
    {"fewer domains than are wanted: the least is none",
     {},
     [](Case& c) {
       c.put("node-a");
       c.put("node-c");
       c.constraint()["minDomains"] = 4;
     }},
    {"as many as are wanted",
     {"node-a", "node-b", "node-c"},
     [](Case& c) {
       c.put("node-a");
       c.put("node-c");
       c.constraint()["minDomains"] = 3;
     }},
    {"what it may not run on is no domain, so the least is one",
     {"node-a", "node-b", "node-c"},
     [](Case& c) {
       c.put("node-c");
       c.keep_to({"node-b", "node-c"});
     }},
    {"unless the policy says so",
     {"node-a"},
     [](Case& c) {
       c.put("node-c");
       c.keep_to({"node-b", "node-c"});
       c.constraint()["nodeAffinityPolicy"] = "Ignore";
     }},
    {"a taint does not matter",
     {"node-c"},
     [](Case& c) {
       c.put("node-a");
       c.taint(2);
     }},
    {"unless the policy says so, and it is not tolerated",
     {"node-a", "node-b", "node-c"},
     [](Case& c) {
       c.put("node-a");
       c.taint(2);
       c.constraint()["nodeTaintsPolicy"] = "Honor";
     }},
    {"and it is tolerated",
     {"node-c"},
     [](Case& c) {
       c.put("node-a");
       c.taint(2);
       c.constraint()["nodeTaintsPolicy"] = "Honor";
       c.pod["spec"]["tolerations"].push_back({{"key", "spare"}, {"operator", "Exists"}});
     }},
    {"others are not counted",
     {"node-a", "node-c"},
     [](Case& c) { c.put("node-c")["metadata"]["labels"]["app"] = "no"; }},
    {"nor who goes", {"node-a", "node-c"}, [](Case& c) { c.put("node-c")["metadata"]["deletionTimestamp"] = "now"; }},
    {"nor who is over", {"node-a", "node-c"}, [](Case& c) { c.put("node-c")["status"]["phase"] = "Failed"; }},
    {"nor who is nowhere", {"node-a", "node-c"}, [](Case& c) { c.put("")["spec"].erase("nodeName"); }},
    {"of the same revision alone",
     {"node-a", "node-b", "node-c"},
     [](Case& c) {
       c.pod["metadata"]["labels"]["controller-revision-hash"] = "r2";
       c.constraint()["matchLabelKeys"] = {"controller-revision-hash", "of which it has none"};
     }},
    {"a rule about others leaves it out",
     {"node-a", "node-b", "node-c"},
     [](Case& c) { c.pod["metadata"]["labels"]["app"] = "another"; }},
    {"by zones", {"node-a", "node-c"}, [](Case& c) { c.constraint()["topologyKey"] = "zone"; }},
    {"two nodes in one zone",
     {"node-a"},
     [](Case& c) {
       c.constraint()["topologyKey"] = "zone";
       c.nodes["items"][2]["metadata"]["labels"]["zone"] = "west";
     }},
    {"a node without the label", {"node-a"}, [](Case& c) { c.nodes["items"][2]["metadata"]["labels"].erase(kHost); }},
    {"what need not hold",
     {"node-a", "node-b", "node-c"},
     [](Case& c) { c.constraint()["whenUnsatisfiable"] = "ScheduleAnyway"; }},
};

Values fitting(const Case& given) {
  const Spread spread{given.pod, given.pods, given.nodes, given.absent};
  Values fit;
  for (const Json& one : given.nodes["items"])
    if (spread.trouble(one).empty()) fit.push_back(text_at(one, {"metadata", "name"}));
  return fit;
}

BOOST_AUTO_TEST_SUITE(spread)

BOOST_DATA_TEST_CASE(nodes_that_keep_it, boost::unit_test::data::make(kRows), row) {
  Case given;
  row.change(given);
  BOOST_TEST(fitting(given) == row.fit, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(domains_are_what_a_node_has_to_be_in) {
  Case given;
  const auto domains = [&] { return Spread{given.pod, given.pods, given.nodes, given.absent}.domains(); };
  BOOST_TEST(is_spread(given.pod));
  BOOST_CHECK((domains() == Domains{{kHost, {"node-a", "node-c"}}}));
  // Two rules: both have to be kept.
  given.pod["spec"]["topologySpreadConstraints"].push_back(given.constraint());
  given.pod["spec"]["topologySpreadConstraints"][1]["topologyKey"] = "zone";
  BOOST_CHECK((domains() == Domains{{kHost, {"node-a", "node-c"}}, {"zone", {"east", "north"}}}));
  given.pod["spec"]["topologySpreadConstraints"][1]["topologyKey"] = kHost;
  given.pod["spec"]["topologySpreadConstraints"][1]["minDomains"] = 9;
  given.put("node-c");
  given.put("node-a");
  BOOST_CHECK((domains() == Domains{{kHost, {}}}));
  given.pod["spec"].erase("topologySpreadConstraints");
  BOOST_TEST(!is_spread(given.pod));
  BOOST_TEST(domains().empty());
}

BOOST_AUTO_TEST_CASE(it_says_what_would_be_where) {
  const Case given;
  const Spread spread{given.pod, given.pods, given.nodes, given.absent};
  BOOST_TEST(
      spread.trouble(given.nodes["items"][1]) ==
      "on node node-b there would be 2 of its kind in kubernetes.io/hostname node-b and 0 where there are fewest, "
      "and its topologySpreadConstraints allow a difference of 1");
}

struct Wish {
  const char* term;  // of a node selector
  bool fits;
  friend std::ostream& operator<<(std::ostream& out, const Wish& wish) { return out << wish.term; }
};

const std::vector<Wish> kWishes{
    {R"({"matchExpressions": [{"key": "zone", "operator": "In", "values": ["west"]}]})", true},
    {R"({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["west"]}]})", false},
    {R"({"matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]})", true},
    {R"({"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["7"]}]})", true},
    {R"({"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["8"]}]})", false},
    {R"({"matchExpressions": [{"key": "cores", "operator": "Lt", "values": ["9"]}]})", true},
    {R"({"matchExpressions": [{"key": "zone", "operator": "Lt", "values": ["9"]}]})", false},
    {R"({"matchExpressions": [{"key": "gpu", "operator": "Lt", "values": ["9"]}]})", false},
    {R"({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-b"]}]})", true},
    {R"({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-c"]}]})", false},
    {R"({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-b"]}],
         "matchExpressions": [{"key": "gpu", "operator": "Exists"}]})",
     false},
    {R"({})", false},
};

BOOST_DATA_TEST_CASE(nodes_that_a_pod_wants, boost::unit_test::data::make(kWishes), wish) {
  Json there = node("node-b", "west");
  there["metadata"]["labels"]["cores"] = "8";
  Json pod = samples::pod();
  BOOST_TEST(wants_node(pod, there));
  const Json nothing = Json::object();
  pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
      Json::array({nothing, Json::parse(wish.term)});
  BOOST_TEST(wants_node(pod, there) == wish.fits);
  pod["spec"]["nodeSelector"] = {{"zone", "east"}};
  BOOST_TEST(!wants_node(pod, there));
}

BOOST_AUTO_TEST_CASE(taints_that_a_pod_tolerates) {
  struct Toleration {
    const char* text;
    bool is_enough;
  };
  Json there = node("node-b", "west");
  there["spec"]["taints"] = Json::parse(R"([{"key": "spare", "value": "x", "effect": "NoSchedule"},
                                            {"key": "slow", "effect": "PreferNoSchedule"}])");
  Json pod = samples::pod();
  BOOST_TEST(!tolerates_node(pod, there));
  for (const Toleration& row :
       std::vector<Toleration>{{R"({"operator": "Exists"})", true},
                               {R"({"key": "spare", "operator": "Exists"})", true},
                               {R"({"key": "spare", "value": "x"})", true},
                               {R"({"key": "spare", "value": "y"})", false},
                               {R"({"key": "spare", "value": "x", "operator": "Equal", "effect": "NoExecute"})", false},
                               {R"({"key": "slow", "operator": "Exists"})", false}}) {
    pod["spec"]["tolerations"] = Json::array({Json::parse(row.text)});
    BOOST_TEST(tolerates_node(pod, there) == row.is_enough, row.text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
