// The configurations of kube-scheduler in manifests/ against what the extender speaks: an option that does not go with
// it shows nowhere but in Pods that are placed wrongly, or not at all.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "extender/scheduling/scheduling.h"
#include "extender/scheduling/wire.h"
#include "shared/kube/document.h"
#include "shared/migration/names.h"
#include "test/unit/scheduling/world_of.h"

namespace {

using namespace migrate;
using namespace migrate::scheduling;
using Json = nlohmann::json;

struct Shipped {
  std::string file;
  bool ignorable;
  bool certificate;  // shown to the extender
};
std::ostream& operator<<(std::ostream& out, const Shipped& one) {
  return out << one.file;
}

const std::string kOwn = "scheduler/config.yaml";
const std::string kCertified = "overlays/client-certificate/config.yaml";
const std::string kMain = "overlays/main-scheduler/scheduler-config.yaml";
const std::vector<Shipped> kShipped{{kOwn, false, false}, {kCertified, false, true}, {kMain, true, false}};

Json read(const std::string& file) {
  const char* source = std::getenv("MIGRATE_SOURCE");
  BOOST_REQUIRE_MESSAGE(source != nullptr, "MIGRATE_SOURCE is not set: run by ctest");
  std::ifstream stream{std::string(source) + "/manifests/" + file};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  return value_or_fatal(kube::parse_document(text));
}

// What a scheduler with that extender asks of these nodes (kube-scheduler: pkg/scheduler/extender.go, Filter).
std::string question(const Json& extender, const Json& names) {
  Json args{
      {"Pod", {{"metadata", {{"name", "web"}, {"namespace", "ns"}}}}}, {"Nodes", nullptr}, {"NodeNames", nullptr}};
  if (extender.value("nodeCacheCapable", false)) {
    args["NodeNames"] = names;
  } else {
    args["Nodes"] = {{"items", Json::array()}};
    for (const Json& name : names)
      args["Nodes"]["items"].push_back({{"metadata", {{"name", name}}}});
  }
  return args.dump();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(configurations)

BOOST_DATA_TEST_CASE(each_goes_with_the_extender, boost::unit_test::data::make(kShipped), one) {
  const Json config = read(one.file);
  BOOST_TEST(config.at("apiVersion") == "kubescheduler.config.k8s.io/v1");
  BOOST_TEST(config.at("percentageOfNodesToScore") == 100);
  BOOST_TEST(config.at("profiles").back().at("schedulerName") == kSchedulerName);

  BOOST_REQUIRE(config.at("extenders").size() == 1U);
  const Json& extender = config.at("extenders").front();
  BOOST_TEST(extender.at("filterVerb") == "filter");
  BOOST_TEST(extender.at("prioritizeVerb") == "prioritize");
  for (const char* unspoken : {"bindVerb", "preemptVerb", "managedResources"})
    BOOST_TEST(!extender.contains(unspoken), unspoken);
  BOOST_TEST(extender.at("weight").get<int>() > 0);
  BOOST_TEST(extender.at("httpTimeout") == "2s");
  BOOST_TEST(extender.at("ignorable") == one.ignorable);

  // Without an authority kube-scheduler verifies nothing.
  const Json& tls = extender.at("tlsConfig");
  BOOST_TEST(extender.at("enableHTTPS") == true);
  BOOST_TEST(extender.at("urlPrefix").get<std::string>().starts_with("https://"));
  BOOST_TEST((tls.contains("caFile") || tls.contains("caData")));
  BOOST_TEST(!tls.contains("insecure"));
  BOOST_TEST(tls.contains("certFile") == one.certificate);
  BOOST_TEST(tls.contains("keyFile") == one.certificate);
}

BOOST_DATA_TEST_CASE(each_asks_by_names_and_gets_them_back, boost::unit_test::data::make(kShipped), one) {
  const Json names{"node-a", "node-b"};
  Json extender = read(one.file).at("extenders").front();
  const std::string asked = question(extender, names);
  const auto args = parse_extender_args(asked);
  BOOST_REQUIRE_MESSAGE(args, (args ? "" : args.error().message));
  BOOST_TEST((Json::parse(filter_passes(args->names_text)).at("NodeNames") == names));

  extender["nodeCacheCapable"] = false;
  const std::string whole = question(extender, names);
  const auto refused = parse_extender_args(whole);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().message.find("set nodeCacheCapable: true") != std::string::npos, refused.error().message);
}

// A point of the extender counts weight * 10; the best of kube-scheduler's own plugins 300 (taints), of resources 100.
BOOST_DATA_TEST_CASE(with_each_weight_a_preference_outweighs_the_room_on_nodes, boost::unit_test::data::make(kShipped),
                     one) {
  constexpr int kOfResources = 100 + 100;  // NodeResourcesFit, NodeResourcesBalancedAllocation
  const Json config = read(one.file);
  const int weight = config.at("extenders").front().at("weight").get<int>();
  World world;
  world.put({migration_of("m"), {}});
  world.put(facts_of("node-a"));
  world.put(facts_of("node-b"));
  PodInfo pod = target_of(migration_of("m"));
  pod.prefer_nodes = "node-c";  // of which nothing speaks for it but that
  const auto scores = score_nodes(pod, {"node-b", "node-c"}, world);
  BOOST_REQUIRE(scores.size() == 2U);
  BOOST_TEST((scores[1] - scores[0]) * weight * 10 >= kOfResources);
}

BOOST_AUTO_TEST_CASE(with_a_certificate_it_is_the_same_but_for_the_certificate) {
  Json certified = read(kCertified);
  Json& tls = certified["extenders"][0]["tlsConfig"];
  BOOST_TEST(tls.erase("certFile") + tls.erase("keyFile") == 2U);
  BOOST_TEST((certified == read(kOwn)), certified.dump(1));
}

BOOST_AUTO_TEST_SUITE_END()
