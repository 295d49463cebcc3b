// The queue a Pod consumes from, and the closing of its frozen consumers' connections: until that is done the broker
// would keep messages for them that the target then gets after newer ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "extender/controller/hop.h"

namespace migrate::controller {

struct QueueRef {
  std::string queue;
  std::string secret;
};

// Pure. What spec and annotations say, {pod} and {ordinal} expanded; nothing when no queue is named, or mode None.
[[nodiscard]] std::optional<QueueRef> queue_of(const Migration& migration, const PodView& pod);

// What speaks against using the spec's queue with the Pod's Secret; empty: nothing. Who asks for the migration may not
// be allowed to read that Secret, and must not come by another queue through it. Only a Secret that the spec names was
// asked for at admission; the second hop, whose queue was named for another Pod, is the controller's own. Pure.
[[nodiscard]] std::string queue_trouble(const Migration& migration, const PodView& pod);

// Which of a queue's consumers are the Pod's: those that come from its address, or, seen through address translation,
// the only connection there is. Pure. An error when that cannot be told.
[[nodiscard]] Result<std::vector<std::string>> connections_of(const std::vector<broker::Consumer>& consumers,
                                                              const PodView& pod);

// With what the Secret under that path (amqp-url, management-url, ca.crt) says; reason "BrokerSecret" when that is
// nothing, or nothing usable.
[[nodiscard]] Attempt<std::shared_ptr<broker::Broker>> connect_with(Brokers& brokers, const kube::ResourcePath& path,
                                                                    const std::optional<Json>& secret);
// Reads the Secret and connects. While the source is frozen what was connected before is used further: reading,
// connecting and logging in anew with each phase would take a part of the gap.
[[nodiscard]] Attempt<std::shared_ptr<broker::Broker>> connect_to(Hop& hop, const QueueRef& queue,
                                                                  const Limits& limits);

// The connections through which the Pod consumes.
struct ConsumerConnections {
  std::vector<std::string> names = {};
  // False: all that come from the Pod's address, as the broker counts one consumer and has yet to list it; or none, as
  // it counts none, and whoever comes now is listed late.
  bool are_listed = true;
  // Nothing is known of them: what the broker counts and does not list yet may be the source's, which is frozen since.
  std::optional<Instant> unknown_since = std::nullopt;
};

// Waits until the broker lists the Pod's consumers (it is up to 5 s late), but no longer than 6 s: then it counts none
// either, or this fails. It fails, too, where the broker's user may not close them (broker_rights.h): all that is found
// out before the freeze.
// Connections it lists earlier than what consumes through them: a shadow's is older than its place at the queue, and is
// taken where there is one consumer alone. `pod` is the source with its address.
[[nodiscard]] Attempt<ConsumerConnections> find_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue,
                                                          const PodView& pod, const Limits& limits);
// Of a source that is frozen, by another controller, say: for a replay nobody may consume, whoever it is.
[[nodiscard]] ConsumerConnections unknown_consumers(Hop& hop);
// Closes these and whatever is listed now, and waits until none of them consumes; for a replay, where nobody else may,
// and of such as were not listed, until nobody does; of unknown ones, until all that the broker counts are listed, or
// would be by now.
[[nodiscard]] Attempt<void> close_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue, const PodView& pod,
                                            ConsumerConnections known, const Limits& limits);

}  // namespace migrate::controller
