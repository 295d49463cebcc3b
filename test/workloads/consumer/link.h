// What the consumer asks of a broker, so that its loop is tested against one in memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "shared/base/result.h"
#include "test/workloads/amqp/connection.h"

namespace orders {

struct Topology {
  std::string exchange = "orders";
  std::string exchange_type = "fanout";
  std::string routing_key;
  std::string queue = "orders";
  std::string queue_type = "classic";
  std::string results_exchange = "orders.results";
};

// One connected session. After any error it is dropped, with all that it had delivered, and a new one is opened.
class Link {
 public:
  virtual ~Link() = default;
  // As amqp::Connection: `consume` gives back what the consumer before it had not acknowledged. Where there is no such
  // queue, too, the link is of no use any more.
  virtual migrate::Lookup<amqp::Message> take_control(const std::string& control_queue) = 0;
  virtual migrate::Result<amqp::Consuming> consume(const std::string& queue, std::uint16_t prefetch) = 0;
  virtual migrate::Result<void> cancel() = 0;
  virtual migrate::Lookup<amqp::Message> receive(std::chrono::milliseconds timeout) = 0;
  virtual migrate::Result<void> acknowledge(std::uint64_t delivery_tag) = 0;
  // Returns when the broker has taken responsibility for the result, or after some seconds with an error.
  virtual migrate::Result<void> publish_result(const amqp::Message& result) = 0;
};

class Broker {
 public:
  virtual ~Broker() = default;
  // Connects and declares the topology and the control queue.
  virtual migrate::Result<std::unique_ptr<Link>> open(const std::string& control_queue) = 0;
};

[[nodiscard]] std::unique_ptr<Broker> rabbitmq_broker(std::string url, Topology topology);

}  // namespace orders
