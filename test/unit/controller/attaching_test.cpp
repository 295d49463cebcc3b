// A volume that one node at a time may use follows a set's Pod, and what goes wrong while it does.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/ending.h"
#include "test/unit/controller/of_set.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

// A disk that one node at a time may use.
struct WithDisk : OfSet {
  WithDisk() {
    cluster.change(pod(kPod), [](Json& object) {
      object["spec"]["volumes"].push_back({{"name", "disk"}, {"persistentVolumeClaim", {{"claimName", "data"}}}});
      object["spec"]["containers"][0]["volumeMounts"].push_back({{"name", "disk"}, {"mountPath", "/data"}});
    });
    cluster.put(kube::core("persistentvolumeclaims", "shop", "data"), {{"spec", {{"volumeName", "pv-1"}}}});
    cluster.put(kube::core("persistentvolumes", "", "pv-1"),
                {{"spec", {{"csi", {{"driver", "disks.example"}}}, {"accessModes", {"ReadWriteOnce"}}}}});
    cluster.put(attachment(),
                Json::parse(R"({"spec": {"nodeName": "node-a", "source": {"persistentVolumeName": "pv-1"}},
                                              "status": {"attached": true}})"));
    // The runtime is asked for the containers only once their volumes are there.
    target.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != "restore_states" || status().phase != Phase::attaching) return std::nullopt;
      ++looks;
      const bool comes = looks > looks_until_it_comes;
      if (comes) cluster.change(attachment(), [](Json& object) { object["spec"]["nodeName"] = "node-b"; });
      for (auto& [uid, state] : target.targets)
        state = comes ? agent::RestoreState::waiting : agent::RestoreState::none;
      if (looks == 2 && on_second_look) on_second_look();
      return std::nullopt;
    };
  }
  static kube::ResourcePath attachment() { return {"storage.k8s.io", "v1", "volumeattachments", "", "va-1", ""}; }
  // To its end, or until the object is gone.
  void run_to_end() {
    for (int most = 30; most > 0 && cluster.look(path()) && once(); --most) {
    }
  }
  void check_came_along() const {
    check_succeeded(kPod);
    check_is_sets(kPod);
    BOOST_TEST(went_through(status(), Phase::attaching));
  }

  int looks = 0;
  int looks_until_it_comes = 4;
  std::function<void()> on_second_look;
};

BOOST_AUTO_TEST_SUITE(attaching_)

BOOST_FIXTURE_TEST_CASE(a_volume_for_one_node_follows_its_pod, WithDisk) {
  Json hold;
  std::string shown;
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "delete" && where.name == "orders-1-mig-hold") hold = cluster.look(where).value();
    if (looks == 4 && !status().steps.empty()) shown = status().steps.back().message;
    return std::nullopt;
  };
  const MigrationStatus now = run();
  check_succeeded(kPod);
  check_is_sets(kPod);
  BOOST_CHECK(now.strategy == Strategy::stop);
  BOOST_CHECK((now.volumes == std::vector<MovedVolume>{{"data", "pv-1"}}));
  BOOST_TEST(went_through(now, Phase::attaching));
  BOOST_TEST(shown == "volume pv-1 of claim data is being detached from node node-a");
  // The placeholder did without.
  BOOST_REQUIRE(!hold.is_null());
  BOOST_TEST(hold["spec"]["volumes"].dump().find("data") == std::string::npos, hold["spec"].dump());
  BOOST_TEST(cluster.look(pod(kPod)).value()["spec"]["volumes"].dump().find("data") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_restored_beside_a_source_that_holds_the_disk, WithDisk) {
  cluster.change(pod(kPod), [](Json& object) {
    object["spec"]["containers"][0]["volumeMounts"].back()["readOnly"] = true;
    object["spec"]["volumes"].erase(0);
    object["spec"]["containers"][0]["volumeMounts"].erase(0);
    object["metadata"]["annotations"][kQueueAnnotation] = "orders.1";
    object["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbitmq";
  });
  edit([](Json& object) { object["spec"]["strategy"] = "Live"; });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Refused");
  BOOST_TEST(now.reason == "LoneVolume", now.reason + ": " + now.message);
}

// Whether the write that it ends at is carried out or not.
BOOST_DATA_TEST_CASE(a_controller_may_end_at_any_write, data::make({false, true}), is_written) {
  for_each_ending(15, [&](Ending& ending) {
    WithDisk scene;
    ending.at_write(scene, is_written);
    scene.run();
    scene.check_came_along();
  });
}

BOOST_FIXTURE_TEST_CASE(a_target_that_is_deleted_while_its_disk_comes_is_made_anew, WithDisk) {
  on_second_look = [this] { cluster.drop(pod(kPod)); };
  const MigrationStatus now = run();
  check_came_along();
  BOOST_TEST(went_through(now, Phase::repeating));
  BOOST_TEST(now.attempt == 2U);
  // What nobody has asked the memory for does not count as a place where it may have run.
  BOOST_TEST(!went_through(now, Phase::in_doubt));
}

BOOST_DATA_TEST_CASE(a_migration_that_is_deleted_while_its_disk_comes_goes_on, data::make({false, true}),
                     in_foreground) {
  WithDisk scene;
  scene.on_second_look = [&] {
    scene.edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
    // The garbage collector takes it from the Pod's owners, and the set adopts the Pod.
    if (in_foreground)
      scene.cluster.change(Scene::pod(kPod), [&](Json& pod) { pod["metadata"]["ownerReferences"] = scene.owners; });
  };
  scene.run_to_end();
  BOOST_TEST(!scene.cluster.look(Scene::path()));
  BOOST_TEST(scene.looks > 4);
  BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{kPod}, boost::test_tools::per_element());
  scene.check_is_sets(kPod);
  const Json now = scene.cluster.look(Scene::pod(kPod)).value();
  BOOST_TEST(text_at(now, {"metadata", "uid"}) != "uid-source");
  BOOST_TEST(!has(now, {"metadata", "annotations", kRestoreAnnotation}));
  BOOST_TEST(!scene.source.has_archives);
  BOOST_TEST(!scene.target.has_archives);
}

// Ten minutes, looked at every two seconds.
BOOST_FIXTURE_TEST_CASE(a_target_whose_disk_does_not_come_is_made_anew, WithDisk) {
  looks_until_it_comes = 310;
  const MigrationStatus now = run();
  check_came_along();
  BOOST_TEST(now.attempt == 2U);
  BOOST_TEST((now.gap && *now.gap >= 10min));
}

// There the disk is attached still, and the archives are.
BOOST_FIXTURE_TEST_CASE(a_disk_that_never_comes_is_gone_back_to, WithDisk) {
  looks_until_it_comes = 1'000'000;
  cluster.before_write = [this](const std::string& verb,
                                const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "create" && where.name == kPod && status().attempt == 4U) next_node = "node-a";
    return std::nullopt;
  };
  const MigrationStatus now = run();
  check_came_along();
  BOOST_TEST(now.attempt == 4U);
  BOOST_TEST(now.target.node == "node-a");
}

// What refuses behind the commit is asked again and again, and this is asked for a person's eyes alone.
BOOST_FIXTURE_TEST_CASE(attachments_that_may_not_be_seen_are_not_waited_for, WithDisk) {
  int asked = 0;
  cluster.before_list = [&](const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (where.plural != "volumeattachments") return std::nullopt;
    ++asked;
    return controller::fakes::Cluster::error(kube::ApiError::Kind::forbidden, "volumeattachments is forbidden");
  };
  const MigrationStatus now = run();
  check_came_along();
  BOOST_TEST(asked > 0);
  BOOST_TEST((now.gap && *now.gap < 1min));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
