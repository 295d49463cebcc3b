// A volume that only one node at a time may use follows the Pod: the source's kubelet ends the source and lets it go,
// the target's node takes it, and only then the runtime is asked for the target's containers.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "extender/controller/steps.h"
#include "extender/controller/volumes.h"

namespace migrate::controller {
namespace {

// Kubernetes takes a volume from a node that does not let it go after 6 minutes.
constexpr milliseconds kAttachPatience{600'000};
constexpr milliseconds kBetweenLooks{2'000};

// What the step shows meanwhile. Nothing depends on it: who may not see VolumeAttachments waits without a word.
std::string trouble_now(Hop& hop, const Limits& limits) {
  const kube::ResourcePath path{.group = "storage.k8s.io",
                                .version = "v1",
                                .plural = "volumeattachments",
                                .namespace_ = {},
                                .name = {},
                                .subresource = {}};
  auto listed = Pods{hop}.call<Json>("list " + describe(path), limits, [&](const kube::CallOptions& options) {
    return hop.world().client.list(path, {}, options);
  });
  if (!listed) return "";
  const MigrationStatus& status = hop.status();
  return attachment_trouble(*listed, status.volumes, status.source.node, status.target.node);
}

}  // namespace

Outcome attaching(Hop& hop) {
  const Limits limits = hop.after_commit(kAttachPatience);
  for (;;) {
    Limits look = limits;
    look.until = std::min(limits.until, hop.world().pacer.now() + kBetweenLooks);
    Outcome waits = await_waiting(hop, look);
    if (waits.event != Event::deadline) return waits;
    if (hop.left_of(limits) == milliseconds{0}) return waits;
    // No longer than a look: what is refused behind the commit is asked for again and again.
    look.until = std::min(limits.until, hop.world().pacer.now() + kBetweenLooks);
    if (const std::string trouble = trouble_now(hop, look); !trouble.empty())
      if (auto said = hop.say(trouble); !said) return said.error();
  }
}

}  // namespace migrate::controller
