// Whole migrations that go well, or are refused.
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(hop)

BOOST_AUTO_TEST_CASE(it_moves) {
  Scene scene;
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kTarget);
  const std::vector<std::string> steps{"Preparing",    "Placing",    "Freezing",  "Checkpointing",
                                       "Transferring", "Committing", "Restoring", "Finishing"};
  BOOST_TEST(names_of(status.steps) == steps, boost::test_tools::per_element());
  BOOST_CHECK(status.freeze == std::optional{milliseconds{300}});
  BOOST_CHECK(status.gap == std::optional{milliseconds{450}});
  BOOST_TEST(total_size(status).count == (20_MiB).count);
  BOOST_CHECK((status.source == PodPlace{"orders", "uid-source", "node-a"}));
  BOOST_TEST(status.target.node == "node-b");
  for (const char* type : {"Succeeded", "SourceGone"}) {
    BOOST_REQUIRE(find_condition(status, type) != nullptr);
    BOOST_TEST(find_condition(status, type)->value);
  }
  const std::vector<std::string> said{"MigrationStarted", "MigrationFrozen", "MigrationCommitted",
                                      "MigrationSucceeded"};
  BOOST_TEST(scene.events.reasons == said, boost::test_tools::per_element());
  BOOST_TEST(scene.metrics.moves == 1);
  BOOST_REQUIRE(scene.metrics.forecasts.size() == 1U);
  BOOST_TEST(scene.metrics.forecasts[0].forecast_gap.has_value());
  BOOST_TEST(scene.metrics.forecasts[0].finished.has_value());
  BOOST_TEST(scene.metrics.phases == 8);
}

BOOST_AUTO_TEST_CASE(it_moves_and_keeps_its_name) {
  Scene scene{true};
  const MigrationStatus status = scene.run();
  scene.check_succeeded("orders");
  BOOST_TEST(status.target.pod == "orders");
  BOOST_TEST(status.placeholder == "");
  BOOST_TEST(std::count(scene.target.orders.begin(), scene.target.orders.end(), "prepare") == 1);
}

BOOST_AUTO_TEST_CASE(it_expires) {
  Scene scene;
  scene.run();
  scene.time.pass(24h);
  BOOST_TEST(!scene.once());
  BOOST_TEST(!scene.cluster.look(Scene::path()));
}

BOOST_AUTO_TEST_CASE(the_archives_wait_for_the_source_s_end) {
  Scene scene;
  scene.source.containers_gone = false;
  scene.run();
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded");
  BOOST_TEST(scene.source.has_archives);
  BOOST_TEST(scene.migration().has_finalizer);
  scene.source.containers_gone = true;
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(a_refusal_touches_nothing) {
  Scene scene;
  scene.cluster.change(Scene::pod("orders"), [](Json& pod) { pod["spec"]["hostNetwork"] = true; });
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused");
  BOOST_TEST(status.reason == "HostNetwork");
  BOOST_TEST(scene.source.orders == std::vector<std::string>{"inspect"}, boost::test_tools::per_element());
  for (const std::string& write : scene.cluster.writes())
    BOOST_TEST((write.starts_with("patch migrations/orders-1/status") || write.find("leases/") != std::string::npos),
               write);
}

BOOST_AUTO_TEST_CASE(a_volume_that_only_one_node_can_hold_is_refused) {
  for (const bool attached : {true, false}) {
    Scene scene;
    scene.cluster.change(Scene::pod("orders"), [](Json& pod) {
      pod["spec"]["volumes"].push_back({{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "data"}}}});
    });
    scene.cluster.put(kube::core("persistentvolumeclaims", "shop", "data"), {{"spec", {{"volumeName", "pv-1"}}}});
    scene.cluster.put(kube::core("persistentvolumes", "", "pv-1"),
                      {{"spec", {{"accessModes", {"ReadWriteOnce"}}, {"csi", {{"driver", "disks.example"}}}}}});
    if (!attached)
      scene.cluster.put({"storage.k8s.io", "v1", "csidrivers", "", "disks.example", ""},
                        {{"spec", {{"attachRequired", false}}}});
    const MigrationStatus status = scene.run();
    if (!attached) {
      scene.check_succeeded(kTarget);
      continue;
    }
    BOOST_TEST(to_string(status.phase) == "Refused");
    BOOST_TEST(status.reason == "LoneVolume");
    BOOST_TEST(status.message.find("volume pv-1 of disks.example") != std::string::npos, status.message);
  }
}

BOOST_AUTO_TEST_CASE(the_kubelet_s_checkpoint_is_forecast_with_the_image) {
  Scene scene;
  scene.edit([](Json& object) { object["spec"]["checkpoint"] = "Kubelet"; });
  scene.run();
  const auto without = scene.status().forecast_freeze.value();
  Scene with;
  with.edit([](Json& object) { object["spec"]["checkpoint"] = "Kubelet"; });
  with.source.facts.containers[0].image = 100_MiB;
  with.run();
  BOOST_CHECK(with.status().forecast_freeze.value() == without + 800ms);
}

BOOST_AUTO_TEST_CASE(stop_is_forecast_from_placing_to_finishing) {
  Scene scene;
  scene.run();
  const MigrationStatus status = scene.status();
  BOOST_CHECK(status.forecast_gap.value() == status.forecast_freeze.value() + status.forecast_restore.value());
  BOOST_CHECK(status.forecast_total.value() > status.forecast_gap.value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
