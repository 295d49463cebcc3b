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
    {kBound, R"({"nfs": {}, "nodeAffinity": {}, "accessModes": ["ReadWriteMany"]})"},
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
