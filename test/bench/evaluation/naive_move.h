// Stop-and-copy as a script does it that has kubectl, a registry and an hour's work in it: what the product is compared
// with, and what the paper's baseline is. The steps follow one another; nothing is prepared before the source stops:
//
//   freeze      ctr tasks pause: whatever the source handled behind its checkpoint would be lost
//   checkpoint  POST /checkpoint of the kubelet
//   delete      kubectl delete pod, which goes on beside the next step
//   push        the archive becomes an image, and goes into the registry
//   gone        waits for the end of `delete`: two must never run
//   restore     kubectl apply of the same Pod, with that image, on the other node; until it is Ready
//
// A frozen process does not see SIGTERM, so with the default grace period `delete` takes its whole 30 s. That is what
// this baseline costs by the letter; with a grace period of one second it is measured as well, and which of the two it
// was stands beside every figure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "shared/base/units.h"
#include "shared/migration/migration.h"
#include "test/e2e/scene.h"

namespace evaluation {

struct NaiveMove {
  std::vector<migrate::Step> steps;  // in their order
  migrate::Microseconds total{0};    // from the first to the last
  migrate::Bytes archive;
};

// `consumer`: the manifest that the scene's Pod was made of. Afterwards the scene's consumer is the target. Throws when
// a step fails, with the source thawed if its Pod is still there.
[[nodiscard]] NaiveMove naive_move(harness::Scene& scene, const nlohmann::json& consumer,
                                   const harness::Words& delete_words);

// Takes such images out of the registry and the nodes, whose disks are the machine's memory; also what a script that
// failed has left. When nobody pushes.
void forget_images(const harness::Cluster& cluster);

}  // namespace evaluation
