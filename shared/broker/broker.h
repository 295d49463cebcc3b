// A RabbitMQ as far as a migration needs it. What changes by the millisecond is asked over AMQP 0-9-1, what AMQP does
// not tell (consumers, bindings, arguments) of the management API, whose statistics are up to 5 s old. Sources:
// rabbitmq.com "HTTP API", "AMQP 0-9-1 Model Explained", "Consumers", "Queue Length Limit", "Access Control".
//
// The least rights of the broker's user in the queue's virtual host:
//   configure  ^ms2m\.                     declare and delete the mirror and the control queue
//   write      ^(ms2m\.|amq\.default$)     bind and unbind the mirror; publish into the control queue
//   read       ^(ms2m\.|EXCHANGE$|…)       bind to each exchange that the primary is bound to; purge the control queue,
//                                          and the primary, if that is to be purged
// and, where topic permissions are set for such an exchange, read of the keys it is bound with. A control queue with a
// name of its own is added to configure and read. What depth() and the lists tell needs no such right, but a tag for
// the management API: `management` where it is the application's own user, `administrator` (which includes
// `monitoring`) to list and close other users' connections.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/broker/address.h"

namespace migrate::broker {

struct Consumer {
  std::string tag;
  std::string connection;      // the broker's name for it; empty: not told yet
  std::string peer_host;       // as the broker sees it: behind SNAT or a mesh not the Pod's address
  std::uint32_t prefetch = 0;  // 0: unlimited
  bool acknowledges = true;    // false: what the broker has sent to it counts as handled, and no prefetch holds
  std::string user = {};       // whose connection it is; empty: not told yet
  bool operator==(const Consumer&) const = default;
};

// Whom the management API takes us for.
struct User {
  std::string name;
  std::vector<std::string> tags;

  [[nodiscard]] bool has(std::string_view tag) const { return std::find(tags.begin(), tags.end(), tag) != tags.end(); }
  // Others' connections; its own it may close and see without a tag for that.
  [[nodiscard]] bool may_close_others() const { return has("administrator"); }
  [[nodiscard]] bool sees_others() const { return has("administrator") || has("monitoring"); }
};

struct Binding {
  std::string exchange;  // never the default exchange
  std::string key;
  std::string arguments = "{}";  // a JSON object
  // The broker's name for key and arguments together with the arguments' types, which JSON does not tell (an integer of
  // 32 or 64 bits) and a headers exchange of RabbitMQ before 3.13 goes by. As read from a queue; empty: not known.
  std::string properties_key = {};
  bool operator==(const Binding&) const = default;
};

// An exchange that a queue is bound to.
struct Exchange {
  std::string name;
  std::string type;            // "direct", "fanout", "topic", "headers", or a plugin's
  std::string routes_as = {};  // of a delaying one: the type by which it routes in the end; else empty
  bool operator==(const Exchange&) const = default;
};

// A policy, or an operator's policy, that is for queues.
struct Policy {
  std::string name;
  std::string pattern;  // a regular expression (PCRE) that is looked for anywhere in a queue's name
  bool is_operators = false;
  std::int64_t priority = 0;  // of all that match one user's policy holds and one operator's: those of the highest
  bool has_ttl = false;       // as in QueueFacts
  bool has_length_limit = false;
  bool operator==(const Policy&) const = default;
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
  // Somebody publishes to it by its name, as far as the broker's statistics tell: of those who have a channel open, and
  // not of what another queue dead-letters to it.
  bool is_fed_by_name = false;
  // Of a quorum queue, where it is set: a message that was given back more often is dropped or dead-lettered. Nothing,
  // too: it has no end.
  std::optional<std::uint64_t> delivery_limit = std::nullopt;
  std::vector<Binding> bindings;    // without the one of the default exchange, which every queue has
  std::vector<Exchange> exchanges;  // of those bindings, each once
  std::vector<Consumer> consumers;
};

struct Depth {
  std::uint64_t ready = 0;  // without those that were delivered and not acknowledged
  std::uint64_t consumers = 0;
};

struct Totals {
  std::uint64_t ready = 0;
  std::uint64_t unacknowledged = 0;
  // Messages a second, of the last few; nothing: the broker has not counted yet.
  std::optional<double> publish_rate = std::nullopt;
  // Of those seconds of the last minute in which something waited all the while, and that still does: how fast its
  // consumers are. Nothing, too, when there were too few: what is acknowledged else is what arrives, or less.
  std::optional<double> ack_rate = std::nullopt;
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
  [[nodiscard]] virtual Result<User> whoami() = 0;
  // Those of one queue; none, too, when there is no such queue. A consumer that has gone is missed at once, a new one
  // is listed up to 5 s late. Without the tag `monitoring` only those of the broker's own user.
  [[nodiscard]] virtual Result<std::vector<Consumer>> consumers(const std::string& queue) = 0;
  // Names of the virtual host's connections that come from that address, as the broker sees it (peer_host); a new one
  // is listed late as well. Without the tag `monitoring` only those of the broker's own user.
  [[nodiscard]] virtual Result<std::vector<std::string>> connections_from(const std::string& peer_host) = 0;
  // Success, too, when there is no such connection. Another user's takes the tag `administrator`.
  [[nodiscard]] virtual Result<void> close_connection(const std::string& connection, const std::string& reason) = 0;
  // Whoever its consumers belong to. Waits, at most 8 s, until the broker has told of a new queue what policies say.
  [[nodiscard]] virtual Lookup<QueueFacts> queue(const std::string& name) = 0;
  // The virtual host's, as they are now. Nothing: the user may not see them (the manual asks for the tag `policymaker`,
  // which `administrator` includes; RabbitMQ 4.0.5 is content with `management`).
  [[nodiscard]] virtual Lookup<std::vector<Policy>> policies() = 0;
  // Those of a queue, as they are now.
  [[nodiscard]] virtual Lookup<std::vector<Binding>> list_bindings(const std::string& queue) = 0;
  // Names of the virtual host's queues that begin with `prefix`, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> queues(const std::string& prefix) = 0;
  // Bodies of messages that are ready, the first hundred of them, in order. They stay, marked as redelivered. Nothing
  // when there is no such queue.
  [[nodiscard]] virtual Lookup<std::vector<std::string>> peek(const std::string& queue) = 0;
  // As the broker last counted, up to 5 s ago. Nothing, too, when it has not counted yet (a new queue, a restart).
  [[nodiscard]] virtual Lookup<Totals> totals(const std::string& queue) = 0;

  // --- AMQP: as it is now ---
  [[nodiscard]] virtual Lookup<Depth> depth(const std::string& queue) = 0;
  // Durable, without arguments: classic, unless the virtual host has another default type. Success, too, when it is
  // there.
  [[nodiscard]] virtual Result<void> declare_queue(const std::string& name) = 0;
  // Exactly as `binding` is, types of its arguments included where its properties_key is known; an error where they
  // cannot be found out.
  [[nodiscard]] virtual Result<void> bind(const std::string& queue, const Binding& binding) = 0;
  // Success, too, when there is no such binding, queue or exchange.
  [[nodiscard]] virtual Result<void> unbind(const std::string& queue, const Binding& binding) = 0;
  // The same of several, with as little time as can be between the first and the last.
  [[nodiscard]] virtual Result<void> unbind_all(const std::string& queue, const std::vector<Binding>& bindings);
  // `removed`, too, when there was none: the broker does not tell. A queue that is not a classic one is looked at
  // before, not at the same moment.
  [[nodiscard]] virtual Result<Removal> remove_queue(const std::string& name, const RemoveOnly& only) = 0;
  // Takes every ready message out of it; how many.
  [[nodiscard]] virtual Result<std::uint64_t> purge(const std::string& queue) = 0;
  // Into this queue alone, persistent; success once the broker has confirmed it. An error when there is no such queue.
  [[nodiscard]] virtual Result<void> publish(const std::string& queue, const std::string& body) = 0;
  // Whether the user has the right to publish() at all; nothing arrives anywhere.
  [[nodiscard]] virtual Result<void> may_publish() = 0;
  // Whether it has the right to consume and purge() that queue; nothing is taken. Success, too, when it is not there.
  [[nodiscard]] virtual Result<void> may_read(const std::string& queue) = 0;
};

// Connects to nothing yet; fails on an unusable URL or authority.
[[nodiscard]] Result<std::shared_ptr<Broker>> connect_broker(const BrokerAddress& address);

}  // namespace migrate::broker
