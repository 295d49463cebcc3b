// A Pod of a ReplicaSet, whose targets are ready as soon as they run.
#pragma once

#include <string>

#include "test/unit/controller/of_set.h"

namespace migrate::controller {

inline constexpr const char* kCost = "controller.kubernetes.io/pod-deletion-cost";

struct OfReplicaSet : OfSet {
  OfReplicaSet() : OfSet("ReplicaSet") {
    cluster.on_wait = [this] { be_ready(*this); };
  }
  // As any other Pod of the ReplicaSet.
  void check_has_no_marks(const std::string& name) const {
    check_is_sets(name);
    const Json metadata = cluster.look(pod(name)).value().at("metadata");
    BOOST_TEST(!has(metadata, {"annotations", kCost}), metadata.dump());
    BOOST_TEST(!has(metadata, {"annotations", kRestoreAnnotation}));
    BOOST_TEST(metadata.value("finalizers", Json::array()).empty());
  }
};

}  // namespace migrate::controller
