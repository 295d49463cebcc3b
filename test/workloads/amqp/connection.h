// AMQP 0-9-1 as these workloads need it, over rabbitmq-c. Any surprise (a frame nobody waited for, a closed channel, a
// cancelled consumer) is an error, and after an error the connection is good for nothing but to be replaced.
//
// Every wait is bounded: an answer by the timeout given to open(), a silent peer by heartbeats, a peer that takes no
// more bytes by TCP's own user timeout. Heartbeats go out only while one of these functions waits or looks, so call
// one of them at least every two seconds. Interrupted system calls (a checkpoint interrupts them) are repeated.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace orders::amqp {

struct Message {
  std::string id;
  std::string body;
  std::uint64_t delivery_tag = 0;
};

// What came of asking for a queue.
enum class Consuming { started, no_such_queue };

// Whether an answer says that there is no such queue. RabbitMQ also answers 404 for one that it has and cannot reach
// now (its node is down, its process stops, it took too long): that one comes back with all that is in it.
[[nodiscard]] bool says_no_such_queue(std::uint16_t reply_code, std::string_view reply_text);

enum class Settlement { confirmed, nacked, returned };

struct Settled {
  std::uint64_t tag = 0;  // counts publishes on this connection from 1; 0 when returned
  bool multiple = false;  // also every lower tag
  Settlement settlement = Settlement::confirmed;
  std::string returned_id;  // no queue took this message; a confirm for it follows all the same
};

class Connection {
 public:
  using Timeout = std::chrono::milliseconds;

  // Opens a connection to amqp://user:password@host:port/vhost. Channels, numbers and heartbeats are its own affair.
  [[nodiscard]] static migrate::Result<std::unique_ptr<Connection>> open(const std::string& url, Timeout timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Topology; all durable and repeatable.
  [[nodiscard]] migrate::Result<void> declare_exchange(const std::string& name, const std::string& type);
  [[nodiscard]] migrate::Result<void> declare_queue(const std::string& name, const std::string& queue_type);
  [[nodiscard]] migrate::Result<void> bind_queue(const std::string& queue, const std::string& exchange,
                                                 const std::string& key);

  // Takes one message of a queue and acknowledges it, or nothing.
  [[nodiscard]] migrate::Lookup<Message> take(const std::string& queue);

  // Starts to consume a queue on a channel of its own; ends the consumer before, if any: what it had not acknowledged
  // goes back to the head of its queue, in order, because its channel is closed. Without such a queue, too, the
  // connection is to be replaced.
  [[nodiscard]] migrate::Result<Consuming> consume(const std::string& queue, std::uint16_t prefetch);
  // When it returns, every delivery that the broker made is here: receive() hands them over, then nothing.
  [[nodiscard]] migrate::Result<void> cancel();
  [[nodiscard]] migrate::Lookup<Message> receive(Timeout timeout);
  [[nodiscard]] migrate::Result<void> acknowledge(std::uint64_t delivery_tag);

  // Publishes persistent and mandatory, with confirms; every publish is settled by one or more Settled.
  [[nodiscard]] migrate::Result<void> enable_confirms();
  [[nodiscard]] migrate::Result<void> publish(const std::string& exchange, const std::string& key,
                                              const Message& message);
  // The next word of the broker about publishes, or nothing within the timeout.
  [[nodiscard]] migrate::Lookup<Settled> settled(Timeout timeout);

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace orders::amqp
