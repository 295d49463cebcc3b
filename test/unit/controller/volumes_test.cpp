#include "extender/controller/volumes.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

namespace {

using namespace migrate::controller;

BOOST_AUTO_TEST_SUITE(volumes)

struct Row {
  const char* says;  // empty: two nodes may use it at once
  const char* spec;
  bool csi_attaches = true;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.spec; }
};

constexpr const char* kBound = "claim data is kept on particular nodes by volume pv-1";
constexpr const char* kOnePod = "claim data may be used by one Pod at a time (volume pv-1)";

const std::vector<Row> kRows{
    {kBound, R"({"local": {"path": "/d"}, "accessModes": ["ReadWriteOnce"]})"},
    {"", R"({"nfs": {}, "nodeAffinity": {}, "accessModes": ["ReadWriteMany"]})"},
    {kBound, R"({"hostPath": {"path": "/d"}, "accessModes": ["ReadWriteOnce"]})"},
    {"", R"({"hostPath": {"path": "/d"}, "accessModes": ["ReadWriteMany"]})"},
    {"", R"({"nfs": {}, "accessModes": ["ReadWriteOnce"]})"},
    {"", R"({"cephfs": {}, "accessModes": ["ReadWriteOnce"]})"},
    {kOnePod, R"({"nfs": {}, "accessModes": ["ReadWriteOncePod"]})"},
    {"claim data can be attached to one node at a time (volume pv-1 of ebs.csi.aws.com)",
     R"({"csi": {"driver": "ebs.csi.aws.com"}, "accessModes": ["ReadWriteOnce"]})"},
    {"", R"({"csi": {"driver": "nfs.csi.k8s.io"}, "accessModes": ["ReadWriteOnce"]})", false},
    {"", R"({"csi": {"driver": "ebs.csi.aws.com"}, "accessModes": ["ReadWriteOnce", "ReadWriteMany"]})"},
    {"", R"({"csi": {"driver": "ebs.csi.aws.com"}, "accessModes": ["ReadOnlyMany"]})"},
    {"", R"({"csi": {"driver": "ebs.csi.aws.com"}})"},
    {"claim data can be attached to one node at a time (gcePersistentDisk volume pv-1)",
     R"({"gcePersistentDisk": {}, "accessModes": ["ReadWriteOnce"]})", false},
};

BOOST_DATA_TEST_CASE(what_two_nodes_can_use_at_once, boost::unit_test::data::make(kRows), row) {
  const Json volume{{"metadata", {{"name", "pv-1"}}}, {"spec", Json::parse(row.spec)}};
  const bool csi = volume.at("spec").contains("csi") && is_for_one_node(volume) && row.csi_attaches;
  const VolumeTrouble trouble = volume_trouble("data", volume, csi);
  BOOST_TEST(trouble.bound + trouble.lone == row.says);
  BOOST_TEST((trouble.bound.empty() || trouble.bound == kBound));
}

Json of_zone(const char* values) {
  return {
      {"metadata", {{"name", "pv-1"}}},
      {"spec",
       {{"nodeAffinity",
         {{"required",
           {{"nodeSelectorTerms",
             {{{"matchExpressions", {{{"key", "zone"}, {"operator", "In"}, {"values", Json::parse(values)}}}}}}}}}}}}}};
}

BOOST_AUTO_TEST_CASE(nodes_that_reach_it) {
  const Json volume = of_zone(R"(["east", "west"])");
  BOOST_TEST(is_reached_from(volume, {{"zone", "west"}}));
  BOOST_TEST(!is_reached_from(volume, {{"zone", "north"}}));
  BOOST_TEST(!is_reached_from(volume, {}));
  BOOST_TEST(is_reached_from(Json::parse(R"({"spec": {"nfs": {}}})"), {}));
}

BOOST_AUTO_TEST_CASE(a_placeholder_asks_for_their_place_without_them) {
  Json spec = Json::parse(R"({
    "volumes": [{"name": "disk", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "scratch", "emptyDir": {}}],
    "containers": [{"name": "app", "volumeMounts": [{"name": "disk", "mountPath": "/data"},
                                                    {"name": "scratch", "mountPath": "/tmp"}]}, {"name": "other"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms":
      [{"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}]}}}})");
  take_out_volumes(spec, {{"data", "pv-1"}}, {std::make_shared<const Json>(of_zone(R"(["east"])"))});
  BOOST_TEST(spec["volumes"].dump() == R"([{"emptyDir":{},"name":"scratch"}])");
  BOOST_TEST(spec["containers"][0]["volumeMounts"].dump() == R"([{"mountPath":"/tmp","name":"scratch"}])");
  const Json& terms =
      spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  BOOST_REQUIRE(terms.size() == 1U);
  BOOST_TEST(terms[0]["matchExpressions"].size() == 2U);
  BOOST_TEST(terms[0]["matchExpressions"][1]["key"] == "zone");
  Json plain = Json::parse(R"({"volumes": [], "containers": []})");
  take_out_volumes(plain, {}, {});
  BOOST_TEST(!plain.contains("affinity"));
}

BOOST_AUTO_TEST_CASE(what_an_attachment_waits_for) {
  const std::vector<migrate::MovedVolume> moved{{"data", "pv-1"}};
  const auto told = [&](const char* items) {
    return attachment_trouble({{"items", Json::parse(items)}}, moved, "node-a", "node-b");
  };
  BOOST_TEST(told("[]") == "");
  BOOST_TEST(told(R"([{"spec": {"nodeName": "node-a", "source": {"persistentVolumeName": "pv-2"}}}])") == "");
  BOOST_TEST(told(R"([{"spec": {"nodeName": "node-a", "source": {"persistentVolumeName": "pv-1"}},
                       "status": {"attached": true}}])") ==
             "volume pv-1 of claim data is being detached from node node-a");
  BOOST_TEST(told(R"([{"spec": {"nodeName": "node-b", "source": {"persistentVolumeName": "pv-1"}},
                       "status": {"attached": false}}])") ==
             "volume pv-1 of claim data is being attached to node node-b");
  BOOST_TEST(told(R"([{"spec": {"nodeName": "node-b", "source": {"persistentVolumeName": "pv-1"}},
                       "status": {"attached": false, "attachError": {"message": "no such disk"}}}])") ==
             "volume pv-1 of claim data at node node-b: no such disk");
  BOOST_TEST(told(R"([{"spec": {"nodeName": "node-b", "source": {"persistentVolumeName": "pv-1"}},
                       "status": {"attached": true}}])") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
