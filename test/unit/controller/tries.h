// Second hops of `orders-1`, as its shadow's way back into the name `orders`.
#pragma once

#include <string>

#include "test/unit/controller/scene.h"

namespace migrate::controller {

inline kube::ResourcePath try_path(int number) {
  return migration_path("shop", "orders-1-name-" + std::to_string(number));
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
