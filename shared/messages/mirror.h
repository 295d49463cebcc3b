// The mirror of a queue and the words of the replay protocol (docs/app-contract.md). Pure.
//
// The mirror is a second queue with the primary's bindings: what arrives from its binding on arrives in both, and is
// replayed from it by the restored copy while the source goes on with the primary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/broker/broker.h"

namespace migrate::messages {

inline constexpr std::string_view kMirrorPrefix = "ms2m.replay.";
inline constexpr std::string_view kControlQueuePrefix = "ms2m.control.";

// "ms2m.replay.UID".
[[nodiscard]] std::string mirror_name(const std::string& migration_uid);
// "ms2m.control.HOSTNAME", or what the Pod's annotation says, {pod} and {hostname} expanded.
[[nodiscard]] std::string control_queue_name(const std::string& annotation, const std::string& pod,
                                             const std::string& hostname);

// The queue that a Pod consumes, from what its annotation or the command line says, {pod} and {ordinal} expanded.
[[nodiscard]] std::string queue_name(const std::string& text, const std::string& pod);

// Bodies of control messages: JSON in one line.
[[nodiscard]] std::string start_replay(const std::string& queue);
[[nodiscard]] std::string end_replay();

struct Refusal {
  std::string reason;   // CamelCase: "DefaultExchange", "SeveralConsumers", …
  std::string message;  // what, of which queue, why, what to do (--strategy stop, mostly)
};
// Why this queue cannot be mirrored and fenced, all of it; empty: it can. Design section 6. Its exchanges must be of
// types that are known to give every queue that is bound alike the same messages.
[[nodiscard]] std::vector<Refusal> mirror_refusals(const broker::QueueFacts& primary);
// Of messages that are published to the queue by its name (through the default exchange) beside its bindings: they come
// into the primary alone. Empty: none are known. Not every way is (dead letters, a publisher that is not connected), so
// that their absence says nothing.
[[nodiscard]] std::string feed_warning(const broker::QueueFacts& primary);
// A quorum queue drops, or dead-letters, a message that was given back more often than its delivery limit says. Every
// strategy closes the connections of the source, which gives back all that it has not acknowledged. Refused is the
// limit that loses it the first time; a warning (empty: none) tells of one that loses what was given back before.
[[nodiscard]] std::optional<Refusal> delivery_refusal(const broker::QueueFacts& primary);
[[nodiscard]] std::string delivery_warning(const broker::QueueFacts& primary);
// What the broker has sent to a consumer that does not acknowledge counts as handled, be it read or not. Every strategy
// loses what is on its way then: a restored process finds its connections closed, with all that stood in them.
[[nodiscard]] std::optional<Refusal> auto_ack_refusal(const std::string& queue,
                                                      const std::vector<broker::Consumer>& consumers);
// Why a mirror that is not made yet would be limited, from all policies there are. Nothing: it cannot be told from
// here, because a pattern that might match is beyond what is understood; look at the mirror itself then. Only limits
// count. Policies that say how a queue keeps its messages (queue-mode, ha-*) or what becomes of those that a limit
// drops or an application rejects (overflow, dead-letter-*) leave alone what is to be replayed.
[[nodiscard]] std::optional<std::vector<Refusal>> policy_refusals(const std::vector<broker::Policy>& policies,
                                                                  const std::string& mirror);
// Why a mirror that was made is of no use: a policy of the broker gave it a limit. Empty: nothing.
[[nodiscard]] std::vector<Refusal> mirror_troubles(const broker::QueueFacts& mirror);
// The most that the primary's consumers can hold without having acknowledged it; for Fence.
[[nodiscard]] std::uint64_t may_hold(const broker::QueueFacts& primary);

}  // namespace migrate::messages
