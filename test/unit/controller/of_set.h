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
