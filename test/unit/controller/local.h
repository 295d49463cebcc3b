// A hop within its node, into the name "home", as the second one of a live migration is.
#pragma once

#include "test/unit/controller/scene.h"

namespace migrate::controller {

// From node-a to node-a, where the scheduler would put nothing.
struct Local : Scene {
  Local() {
    cluster.change(path(), [](Json& object) {
      object["spec"]["target"] = {{"node", "node-a"}, {"name", "home"}};
      object["spec"]["strategy"] = "Stop";
    });
    place_on = "";
  }
};

}  // namespace migrate::controller
