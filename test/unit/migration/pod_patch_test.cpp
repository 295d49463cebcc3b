// How a target differs from its source, told without the Pod itself.
#include "shared/migration/pod_patch.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace migrate;
using Json = nlohmann::json;

const Json kPod = Json::parse(R"({
  "metadata": {"name": "orders", "namespace": "shop", "uid": "u", "resourceVersion": "7", "labels": {"app": "orders"},
               "annotations": {"note": "mine", "cni.projectcalico.org/podIP": "10.0.0.9"}},
  "spec": {"nodeName": "node-a", "volumes": [{"name": "token"}, {"name": "data"}],
           "containers": [{"name": "app", "image": "orders:1", "env": [{"name": "KEY", "value": "very secret"}],
                           "volumeMounts": [{"name": "token"}, {"name": "data"}]}]},
  "status": {"phase": "Running"}
})");

Json target() {
  Json made = kPod;
  made["apiVersion"] = "v1";
  made["kind"] = "Pod";
  made.erase("status");
  made["metadata"] = {{"name", "orders-mig-abcde"}, {"namespace", "shop"}, {"annotations", {{"note", "mine"}}}};
  made["spec"].erase("nodeName");
  made["spec"]["volumes"].erase(0);
  made["spec"]["containers"][0]["volumeMounts"].erase(0);
  made["spec"]["runtimeClassName"] = "migrate";
  return made;
}

BOOST_AUTO_TEST_SUITE(pod_patch)

BOOST_AUTO_TEST_CASE(who_sees_the_pod_has_the_target_again) {
  const auto again = patched_target(kPod, target_patch(kPod, target()));
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(*again == target());
}

// The status goes on, and so does the rest that is the server's.
BOOST_AUTO_TEST_CASE(another_version_of_the_same_pod_gives_the_same) {
  Json later = kPod;
  later["metadata"]["resourceVersion"] = "8";
  later["status"]["phase"] = "Failed";
  BOOST_TEST((patched_target(later, target_patch(kPod, target())) == target()));
}

BOOST_AUTO_TEST_CASE(what_both_have_is_not_in_it) {
  const std::string patch = target_patch(kPod, target());
  for (const char* text : {"secret", "KEY", "orders:1", "mine", "10.0.0.9"})
    BOOST_TEST(patch.find(text) == std::string::npos, text << " is in " << patch);
}

BOOST_AUTO_TEST_CASE(of_another_pod_or_no_patch_comes_nothing) {
  Json other = kPod;
  other["spec"].erase("volumes");
  BOOST_TEST(!patched_target(other, target_patch(kPod, target())));
  for (const char* patch : {"", "{}", "[", R"([{"op": "jump"}])"})
    BOOST_TEST(!patched_target(kPod, patch), patch);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
