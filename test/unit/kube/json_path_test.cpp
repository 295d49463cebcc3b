#include "shared/kube/json_path.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace migrate::kube;

const Json kPod =
    Json::parse(R"({"metadata": {"name": "p", "generation": 7, "annotations": {"a.b/c": "d"}, "labels": null},
  "spec": {"hostNetwork": true, "containers": [{"name": "app"}], "nodeName": 5}})");

BOOST_AUTO_TEST_SUITE(json_paths)

BOOST_AUTO_TEST_CASE(what_is_there_is_read) {
  BOOST_TEST(text_at(kPod, {"metadata", "name"}) == "p");
  BOOST_TEST(text_at(kPod, {"metadata", "annotations", "a.b/c"}) == "d");
  BOOST_TEST(number_at(kPod, {"metadata", "generation"}, 1) == 7);
  BOOST_TEST(flag_at(kPod, {"spec", "hostNetwork"}));
  BOOST_TEST(list_at(kPod, {"spec", "containers"}).size() == 1U);
  BOOST_TEST(find(kPod, {"metadata", "annotations"}) == &kPod["metadata"]["annotations"]);
  BOOST_TEST(has(kPod, {"spec"}));
}

BOOST_AUTO_TEST_CASE(what_is_absent_null_or_of_another_type_reads_as_nothing) {
  for (const Json& object : {kPod, Json{}, Json::array({1}), Json("text"), Json(Json::value_t::discarded)}) {
    BOOST_TEST(text_at(object, {"spec", "nodeName"}) == "");
    BOOST_TEST(text_at(object, {"spec", "containers", "name"}) == "");
    BOOST_TEST(number_at(object, {"metadata", "name"}, 3) == 3);
    BOOST_TEST(!flag_at(object, {"spec", "nodeName"}));
    BOOST_TEST(list_at(object, {"metadata", "annotations"}).empty());
    BOOST_TEST(list_at(object, {"metadata", "annotations"}).is_array());
    BOOST_TEST(!has(object, {"metadata", "labels"}));
    BOOST_TEST(!has(object, {"metadata", "labels", "one"}));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
