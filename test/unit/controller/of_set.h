// A Pod `orders-1` of a set `orders`, and the policy that holds its name.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "shared/migration/owners.h"
#include "test/unit/controller/scene.h"

namespace migrate::controller {

inline constexpr const char* kPod = "orders-1";
inline constexpr const char* kHome = "uid-home";  // of the Pod that has come back into the name

inline Json owners_of(const char* kind) {
  return {{{"apiVersion", "apps/v1"},
           {"kind", kind},
           {"name", "orders"},
           {"uid", "uid-set"},
           {"controller", true},
           {"blockOwnerDeletion", true}}};
}

// Whose Pod a scene's is, and who else may make one of its name.
struct SetsPod {
  SetsPod(Scene& scene, const char* kind) : owners(owners_of(kind)), scene_(scene) {
    Json sets = scene.cluster.look(Scene::pod("orders")).value();
    scene.cluster.drop(Scene::pod("orders"));
    sets["metadata"]["labels"]["controller-revision-hash"] = "r1";
    sets["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = kPod;
    sets["metadata"]["ownerReferences"] = owners;
    scene.cluster.put(Scene::pod(kPod), sets);
    const bool stateful = std::string{kind} == "StatefulSet";
    scene.cluster.put({"apps", "v1", stateful ? "statefulsets" : "replicasets", "shop", "orders", ""},
                      Json::parse(R"({"metadata": {"uid": "uid-set", "generation": 1}, "spec": {"replicas": 3},
                  "status": {"observedGeneration": 1, "replicas": 3, "currentRevision": "r1", "updateRevision": "r1"}})"));
    scene.cluster.change(Scene::path(), [](Json& object) { object["spec"]["pod"]["name"] = kPod; });
    // The policy kubectl-migrate-name-is-held, for as long as it is installed.
    scene.cluster.deny = [this](const kube::ResourcePath& where, const Json& object) -> std::optional<kube::ApiError> {
      if (where.plural != "pods" || where.name != kPod || !is_installed) return std::nullopt;
      ++attempts;
      if (is_unread && is_unread(attempts))
        return controller::fakes::Cluster::error(
            kube::ApiError::Kind::invalid,
            std::string{"ValidatingAdmissionPolicy '"} + kNamePolicy +
                "' denied request: failed to configure policy: failed to find resource referenced by paramKind: "
                "'kubectl-migrate.dev/v1alpha1, Kind=Migration'");
      const bool is_target = text_at(object, {"metadata", "annotations", kRestoreAnnotation}) == "uid-migration";
      if (is_target || attempts <= not_before) return std::nullopt;
      if (!first_denied) first_denied = scene_.world.pacer.now();
      return controller::fakes::Cluster::error(
          kube::ApiError::Kind::forbidden,
          std::string{"ValidatingAdmissionPolicy '"} + kNamePolicy + "' denied the request");
    };
  }
  [[nodiscard]] Json owners_now(const std::string& name) const {
    return scene_.cluster.look(Scene::pod(name)).value()["metadata"].value("ownerReferences", Json::array());
  }
  void check_is_sets(const std::string& name) const { BOOST_TEST(owners_now(name) == owners); }

  // What was restored runs, and is ready.
  void come_to_life() {
    scene_.run_containers();
    for (const std::string& name : scene_.cluster.names("pods"))
      scene_.cluster.change(Scene::pod(name), [](Json& object) {
        if (has(object, {"metadata", "annotations", kRestoreAnnotation}))
          object["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
      });
  }
  // A live migration's second hop, as soon as somebody looks at it: its own phases are those of `stop`. The shadow ends
  // as its source.
  void come_back(const kube::ResourcePath& looked_at) {
    const kube::ResourcePath second = migration_path("shop", "orders-1-name-1");
    if (looked_at.plural != second.plural || looked_at.name != second.name) return;
    const auto there = scene_.cluster.look(second);
    if (!there || has(*there, {"status", "phase"})) return;
    const std::string shadow = scene_.status().target.pod;
    Json home = scene_.cluster.look(Scene::pod(shadow)).value();
    home["metadata"]["uid"] = kHome;
    home["metadata"]["ownerReferences"] = owners;
    scene_.cluster.drop(Scene::pod(shadow));
    scene_.cluster.put(Scene::pod(kPod), home);
    scene_.cluster.change(second, [](Json& object) {
      object["status"] = {
          {"phase", "Succeeded"}, {"gapMs", 700}, {"target", {{"pod", kPod}, {"uid", kHome}, {"node", "node-b"}}}};
    });
  }

  Json owners;
  bool is_installed = true;
  int attempts = 0;
  std::optional<Steady> first_denied;
  std::function<bool(int attempt)> is_unread;  // at an API server that has just started; counted from 1
  int not_before = 0;                          // so many attempts pass until the API server applies it

 private:
  Scene& scene_;
};

struct OfSet : Scene, SetsPod {
  explicit OfSet(const char* kind = "StatefulSet") : SetsPod(static_cast<Scene&>(*this), kind) {}
};

inline bool went_through(const MigrationStatus& status, Phase phase) {
  return std::any_of(status.steps.begin(), status.steps.end(),
                     [&](const Step& one) { return one.name == to_string(phase); });
}

}  // namespace migrate::controller
