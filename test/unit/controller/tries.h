// Second hops of `orders-1`, as its shadow's way back into the name `orders`.
#pragma once

#include <string>

#include "test/unit/controller/scene.h"

namespace migrate::controller {

inline kube::ResourcePath try_path(int number) {
  return migration_path("shop", "orders-1-name-" + std::to_string(number));
}

// Of a migration that had this one's name before it, and another shadow; or of whoever likes such names.
inline void put_strangers(Scene& scene, const std::string& name) {
  Migration other = samples::migration();
  other.name = name;
  other.uid = "uid-" + name;
  other.spec.pod_uid = "uid-older";
  other.spec.target_name = "orders";
  Json object = Scene::object_of(other);
  object["status"]["phase"] = "Failed";
  object["status"]["message"] = "long ago";
  scene.cluster.put(migration_path("shop", name), object);
}

inline void put_try(Scene& scene, int number, const Json& status) {
  Migration second = samples::migration();
  second.name = try_path(number).name;
  second.uid = "uid-" + second.name;
  second.spec.pod_uid = "uid-shadow";
  second.spec.target_name = "orders";
  Json object = Scene::object_of(second);
  object["status"] = status;
  scene.cluster.put(try_path(number), object);
}

}  // namespace migrate::controller
