// Pods of StatefulSets and ReplicaSets: who owns what, and who can make what, at every moment of a move.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "extender/controller/owners.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

constexpr const char* kPod = "orders-1";

Json owners_of(const char* kind) {
  return {{{"apiVersion", "apps/v1"},
           {"kind", kind},
           {"name", "orders"},
           {"uid", "uid-set"},
           {"controller", true},
           {"blockOwnerDeletion", true}}};
}

struct OfSet : Scene {
  explicit OfSet(const char* kind = "StatefulSet") : owners(owners_of(kind)) {
    cluster.drop(pod("orders"));
    Json sets = samples::pod();
    sets["metadata"]["name"] = kPod;
    sets["metadata"]["labels"]["controller-revision-hash"] = "r1";
    sets["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = kPod;
    sets["metadata"]["ownerReferences"] = owners;
    cluster.put(pod(kPod), sets);
    const bool stateful = std::string{kind} == "StatefulSet";
    cluster.put({"apps", "v1", stateful ? "statefulsets" : "replicasets", "shop", "orders", ""},
                Json::parse(R"({"metadata": {"uid": "uid-set", "generation": 1}, "spec": {"replicas": 3},
                  "status": {"observedGeneration": 1, "replicas": 3, "currentRevision": "r1", "updateRevision": "r1"}})"));
    cluster.change(path(), [](Json& object) { object["spec"]["pod"]["name"] = kPod; });
    // The policy kubectl-migrate-name-is-held, for as long as it is installed.
    cluster.deny = [this](const kube::ResourcePath& where, const Json& object) -> std::optional<kube::ApiError> {
      if (where.plural != "pods" || where.name != kPod || !is_installed) return std::nullopt;
      ++attempts;
      const bool is_target = text_at(object, {"metadata", "annotations", kRestoreAnnotation}) == "uid-migration";
      if (is_target || attempts <= not_before) return std::nullopt;
      if (!first_denied) first_denied = world.pacer.now();
      return controller::fakes::Cluster::error(
          kube::ApiError::Kind::forbidden,
          std::string{"ValidatingAdmissionPolicy '"} + kNamePolicy + "' denied the request");
    };
  }
  [[nodiscard]] Json owners_now(const std::string& name) const {
    return cluster.look(pod(name)).value()["metadata"].value("ownerReferences", Json::array());
  }
  void check_is_sets(const std::string& name) const { BOOST_TEST(owners_now(name) == owners); }

  Json owners;
  bool is_installed = true;
  int attempts = 0;
  std::optional<Steady> first_denied;
  int not_before = 0;  // so many attempts pass until the API server applies it
};

bool went_through(const MigrationStatus& status, Phase phase) {
  return std::any_of(status.steps.begin(), status.steps.end(),
                     [&](const Step& one) { return one.name == to_string(phase); });
}

BOOST_AUTO_TEST_SUITE(sets_)

BOOST_FIXTURE_TEST_CASE(a_pod_keeps_its_name_and_its_set, OfSet) {
  Json while_restored;
  target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "release") while_restored = owners_now(kPod);
    return std::nullopt;
  };
  run();
  check_succeeded(kPod);
  check_is_sets(kPod);
  BOOST_TEST(went_through(status(), Phase::orphaning));
  BOOST_TEST(went_through(status(), Phase::renaming));
  BOOST_CHECK((status().owner == OwnerRef{"StatefulSet", "orders", "uid-set"}));
  const MigrationStatus ended = status();
  const Condition* held = find_condition(ended, kNameHeldCondition);
  BOOST_REQUIRE(held != nullptr);
  BOOST_TEST(!held->value);  // any more
  // Until then it is lent.
  BOOST_REQUIRE(while_restored.size() == 2U);
  BOOST_TEST(while_restored[0]["controller"] == false);
  BOOST_TEST(while_restored[1]["uid"] == "uid-migration");
}

BOOST_FIXTURE_TEST_CASE(the_name_is_held_before_it_is_free, OfSet) {
  not_before = 3;
  std::vector<int> freed_after;
  int frozen_after = 0;
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "freeze") return std::nullopt;
    frozen_after = attempts;
    BOOST_TEST((first_denied && world.pacer.now() - *first_denied >= 1s));
    return std::nullopt;
  };
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "delete" && where.name == kPod) freed_after.push_back(attempts);
    return std::nullopt;
  };
  run();
  check_succeeded(kPod);
  BOOST_REQUIRE(!freed_after.empty());
  // One that looked whether the name could be taken at all, two that the API server did not deny yet, two that it did.
  BOOST_TEST(freed_after.front() >= 5);
  BOOST_TEST(frozen_after >= 5);
}

BOOST_FIXTURE_TEST_CASE(without_the_policy_nothing_is_touched, OfSet) {
  is_installed = false;
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "RolledBack");
  BOOST_TEST(now.reason == "NameNotHeld");
  BOOST_TEST(now.message.find(kNamePolicy) != std::string::npos, now.message);
  check_clean({kPod});
  check_is_sets(kPod);
}

BOOST_FIXTURE_TEST_CASE(an_abort_gives_the_source_back, OfSet) {
  Json lent;
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "checkpoint") return std::nullopt;
    lent = owners_now(kPod);
    abort();
    return std::nullopt;
  };
  run();
  BOOST_TEST(to_string(status().phase) == "RolledBack");
  BOOST_TEST(lent.size() == 2U);
  check_clean({kPod});
  check_is_sets(kPod);
  BOOST_TEST(cluster.look(pod(kPod)).value()["metadata"]["uid"] == "uid-source");
}

BOOST_AUTO_TEST_CASE(a_controller_may_end_at_any_write) {
  for (unsigned n = 1;; ++n) {
    OfSet scene;
    unsigned writes = 0;
    scene.cluster.before_write = [&](const std::string&, const kube::ResourcePath&) -> std::optional<kube::ApiError> {
      if (++writes == n) scene.die();
      return std::nullopt;
    };
    scene.run();
    BOOST_TEST_CONTEXT("killed at write " << n) {
      scene.check_succeeded(kPod);
      scene.check_is_sets(kPod);
    }
    if (writes < n) break;
  }
}

BOOST_FIXTURE_TEST_CASE(another_pod_of_the_set_on_its_way_is_named, OfSet) {
  Json sibling = cluster.look(pod(kPod)).value();
  sibling["metadata"]["uid"] = "uid-sibling";
  cluster.put(pod("orders-0"), sibling);
  Migration other = samples::migration();
  other.name = "earlier";
  other.uid = "uid-earlier";
  other.spec.pod = "orders-0";
  other.spec.pod_uid = "uid-sibling";
  Json object = object_of(other);
  object["metadata"]["creationTimestamp"] = "2025-01-01T00:00:00Z";
  cluster.put(migration_path("shop", "earlier"), object);
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Refused");
  BOOST_TEST(now.reason == "OtherMigrationOfSet");
  BOOST_TEST(now.message.find("abort earlier") != std::string::npos, now.message);
}

// Its way back would be tried for ever.
BOOST_FIXTURE_TEST_CASE(live_to_a_node_without_room_for_two_is_refused, OfSet) {
  cluster.change(kube::core("nodes", "", "node-b"), [](Json& node) {
    node["status"]["allocatable"] = {{"cpu", "1900m"}};
  });
  edit([](Json& object) {
    object["spec"]["target"]["node"] = "node-b";
    object["spec"]["strategy"] = "Live";
  });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Refused");
  BOOST_TEST(now.reason == "NoRoomToReturn", now.reason + ": " + now.message);
  BOOST_TEST(now.message.find("1900m cpu") != std::string::npos, now.message);
}

BOOST_FIXTURE_TEST_CASE(any_other_strategy_needs_no_room_for_two, OfSet) {
  cluster.change(kube::core("nodes", "", "node-b"), [](Json& node) {
    node["status"]["allocatable"] = {{"cpu", "1900m"}};
  });
  edit([](Json& object) { object["spec"]["target"]["node"] = "node-b"; });
  run();
  check_succeeded(kPod);
}

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
      return std::nullopt;
    };
  }
  static kube::ResourcePath attachment() { return {"storage.k8s.io", "v1", "volumeattachments", "", "va-1", ""}; }
  int looks = 0;
  int looks_until_it_comes = 4;
};

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

struct OfReplicaSet : OfSet {
  OfReplicaSet() : OfSet("ReplicaSet") {
    // A ReplicaSet removes what costs least, once it has one too many.
    cluster.on_wait = [this] {
      cluster.change(pod(kTargetOfSet), [](Json& object) {
        if (object["status"].value("phase", "") == "Running")
          object["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
      });
    };
  }
  static constexpr const char* kTargetOfSet = "orders-1-mig-a6pfz";
};

BOOST_FIXTURE_TEST_CASE(a_replica_set_has_its_pod_before_it_loses_one, OfReplicaSet) {
  std::vector<std::string> at_the_end;
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb != "delete" || where.name != kPod) return std::nullopt;
    const std::string name = status().target.pod;
    const Json made = cluster.look(pod(name)).value();
    const Json old = cluster.look(pod(kPod)).value();
    BOOST_TEST(made["metadata"]["ownerReferences"] == owners);
    BOOST_TEST(old["metadata"]["ownerReferences"] == owners);
    const char* const cost = "controller.kubernetes.io/pod-deletion-cost";
    BOOST_TEST(old["metadata"]["annotations"][cost] == "-2147483648");
    BOOST_TEST(made["metadata"]["annotations"][cost] == "2147483647");
    BOOST_TEST(made["metadata"]["finalizers"] == Json::array({kFinalizer}));
    at_the_end.push_back(name);
    return std::nullopt;
  };
  run();
  const std::string name = status().target.pod;
  check_succeeded(name);
  BOOST_TEST(!at_the_end.empty());
  check_is_sets(name);
  const Json made = cluster.look(pod(name)).value();
  BOOST_TEST(!made["metadata"]["annotations"].contains("controller.kubernetes.io/pod-deletion-cost"));
  BOOST_TEST(made["metadata"]["finalizers"].empty());
  BOOST_TEST(!went_through(status(), Phase::orphaning));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
