#include "shared/broker/listed_queue.h"

namespace migrate::broker {

Lookup<QueueFacts> listed_queue(Broker& broker, const std::string& name, const std::function<bool()>& again) {
  for (;;) {
    auto facts = broker.queue(name);
    if (!facts || !*facts) return facts;
    const auto depth = broker.depth(name);
    if (!depth || !*depth || (*facts)->consumers.size() >= (*depth)->consumers) return facts;
    if (!again()) return facts;
  }
}

}  // namespace migrate::broker
