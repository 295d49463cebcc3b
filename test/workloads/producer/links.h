// What producer and collector ask of a broker, so that their loops are tested against one in memory. After any error a
// link is dropped and a new one is opened.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "shared/base/result.h"
#include "test/workloads/amqp/connection.h"

namespace orders {

class PublishLink {
 public:
  virtual ~PublishLink() = default;
  virtual migrate::Result<void> publish(const amqp::Message& message) = 0;
  // As amqp::Connection: tags count this link's publishes from 1.
  virtual migrate::Lookup<amqp::Settled> settled(std::chrono::milliseconds timeout) = 0;
};

class ResultsLink {
 public:
  virtual ~ResultsLink() = default;
  virtual migrate::Lookup<amqp::Message> receive(std::chrono::milliseconds timeout) = 0;
  virtual migrate::Result<void> acknowledge(std::uint64_t delivery_tag) = 0;
};

template <class Link>
class Opener {
 public:
  virtual ~Opener() = default;
  virtual migrate::Result<std::unique_ptr<Link>> open() = 0;
};

struct PublishTopology {
  std::string exchange = "orders";
  std::string exchange_type = "fanout";
  std::string routing_key;
};

struct ResultsTopology {
  std::string exchange = "orders.results";
  std::string queue = "orders.results";
};

[[nodiscard]] std::unique_ptr<Opener<PublishLink>> rabbitmq_publisher(std::string url, PublishTopology topology);
// The queue is durable and bound when a link is open: from then on no result is missed.
[[nodiscard]] std::unique_ptr<Opener<ResultsLink>> rabbitmq_results(std::string url, ResultsTopology topology);

}  // namespace orders
