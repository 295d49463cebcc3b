// The mirror of a queue and the words of the replay protocol (docs/app-contract.md). Pure.
//
// The mirror is a second queue with the primary's bindings: what arrives from its binding on arrives in both, and is
// replayed from it by the restored copy while the source goes on with the primary.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/broker/broker.h"

namespace migrate::messages {

// "ms2m.replay.UID".
[[nodiscard]] std::string mirror_name(const std::string& migration_uid);
// "ms2m.control.HOSTNAME", or what the Pod's annotation says, {pod} and {hostname} expanded.
[[nodiscard]] std::string control_queue_name(const std::string& annotation, const std::string& pod,
                                             const std::string& hostname);

// Bodies of control messages.
[[nodiscard]] std::string start_replay(const std::string& queue);
[[nodiscard]] std::string end_replay();

struct Refusal {
  std::string reason;   // CamelCase: "DefaultExchange", "SeveralConsumers", …
  std::string message;  // what, of which queue, why, what to do (--strategy stop, mostly)
};
// Why this queue cannot be mirrored and fenced; empty: it can. Design section 6.
[[nodiscard]] std::vector<Refusal> mirror_refusals(const broker::QueueFacts& primary);

}  // namespace migrate::messages
