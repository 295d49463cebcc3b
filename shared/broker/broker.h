// A RabbitMQ as far as a migration needs it. What changes by the millisecond is asked over AMQP 0-9-1, what AMQP does
// not tell (consumers, bindings, arguments) of the management API, whose statistics are up to 5 s old. Sources:
// rabbitmq.com "HTTP API", "AMQP 0-9-1 Model Explained", "Consumers", "Queue Length Limit".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/broker/address.h"

namespace migrate::broker {

struct Consumer {
  std::string tag;
  std::string connection;      // the broker's name for it; empty: not told yet
  std::string peer_host;       // as the broker sees it: behind SNAT or a mesh not the Pod's address
  std::uint32_t prefetch = 0;  // 0: unlimited
  bool operator==(const Consumer&) const = default;
};

struct Binding {
  std::string exchange;  // never the default exchange
  std::string key;
  std::string arguments = "{}";  // a JSON object
  bool operator==(const Binding&) const = default;
};

// What the management API says of a queue; arguments and policies taken together.
struct QueueFacts {
  std::string name;
  std::string type;  // "classic", "quorum", "stream"
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool has_ttl = false;           // of messages or of the queue itself
  bool has_length_limit = false;  // in messages or bytes, whatever happens beyond it
  bool has_priorities = false;
  bool is_single_active = false;
  std::vector<Binding> bindings;  // without the one of the default exchange, which every queue has
  std::vector<Consumer> consumers;
};

struct Depth {
  std::uint64_t ready = 0;  // without those that were delivered and not acknowledged
  std::uint64_t consumers = 0;
};

struct Totals {
  std::uint64_t ready = 0;
  std::uint64_t unacknowledged = 0;
};

enum class Removal { removed, absent, in_use, not_empty };
struct RemoveOnly {
  bool if_unused = false;
  bool if_empty = false;
};

// May be used from any thread. No call takes longer than ten seconds. A connection that broke is made anew by the next
// call; each may be repeated without harm.
class Broker {
 public:
  virtual ~Broker() = default;

  // --- management API ---
  // Those of one queue. A consumer that has gone is missed at once, a new one is listed up to 5 s late.
  [[nodiscard]] virtual Result<std::vector<Consumer>> consumers(const std::string& queue) = 0;
  // Success, too, when there is no such connection.
  [[nodiscard]] virtual Result<void> close_connection(const std::string& connection, const std::string& reason) = 0;
  [[nodiscard]] virtual Lookup<QueueFacts> queue(const std::string& name) = 0;
  // As the broker last counted, up to 5 s ago.
  [[nodiscard]] virtual Lookup<Totals> totals(const std::string& queue) = 0;

  // --- AMQP: as it is now ---
  [[nodiscard]] virtual Lookup<Depth> depth(const std::string& queue) = 0;
  // Durable, classic, without arguments. Success, too, when it is there.
  [[nodiscard]] virtual Result<void> declare_queue(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> bind(const std::string& queue, const Binding& binding) = 0;
  [[nodiscard]] virtual Result<void> unbind(const std::string& queue, const Binding& binding) = 0;
  [[nodiscard]] virtual Result<Removal> remove_queue(const std::string& name, const RemoveOnly& only) = 0;
  // Takes every ready message out of it; how many.
  [[nodiscard]] virtual Result<std::uint64_t> purge(const std::string& queue) = 0;
  // Into this queue alone, persistent; success once the broker has confirmed it. An error when there is no such queue.
  [[nodiscard]] virtual Result<void> publish(const std::string& queue, const std::string& body) = 0;
};

// Connects to nothing yet; fails on an unusable URL or authority.
[[nodiscard]] Result<std::shared_ptr<Broker>> connect_broker(const BrokerAddress& address);

}  // namespace migrate::broker
