// A set's Pod that moves with replay, and what its kubelets, and a second hop, do about it.
#pragma once

#include <optional>

#include "test/unit/controller/of_set.h"
#include "test/unit/controller/replay_scene.h"

namespace migrate::controller {

struct SetReplay : Replay, SetsPod {
  explicit SetReplay(Strategy strategy) : Replay(strategy), SetsPod(static_cast<Scene&>(*this), "StatefulSet") {
    target.after = [this](const std::string& what) {
      if (what == "release") come_to_life();
    };
    cluster.before_read = [this](const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      come_back(where);
      return std::nullopt;
    };
  }
};

}  // namespace migrate::controller
