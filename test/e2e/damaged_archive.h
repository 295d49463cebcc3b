// A checkpoint that is not what it was when it is on its way to the target's node.
#pragma once

#include <string>

#include "test/e2e/scene.h"

namespace harness {

// Moves a Pod from node-a to node-b; when the transfer is about to begin, `script` is run there on each file $f of what
// is to travel. The Migration has the Pod's name. Returns what the waiting plugin said.
[[nodiscard]] migrate::Completed move_damaged(const Stage& stage, const std::string& pod, const std::string& script);

}  // namespace harness
