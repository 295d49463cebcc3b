#include "test/workloads/producer/links.h"

namespace orders {
namespace {

using amqp::Connection;
using migrate::Lookup;
using migrate::Result;
using namespace std::chrono_literals;

constexpr auto kTimeout = 5s;
constexpr std::uint16_t kResultsPrefetch = 1000;

class RabbitMqPublishLink : public PublishLink {
 public:
  RabbitMqPublishLink(std::unique_ptr<Connection> connection, PublishTopology topology)
      : connection_(std::move(connection)), topology_(std::move(topology)) {}

  Result<void> publish(const amqp::Message& message) override {
    return connection_->publish(topology_.exchange, topology_.routing_key, message);
  }
  Lookup<amqp::Settled> settled(std::chrono::milliseconds timeout) override { return connection_->settled(timeout); }

 private:
  std::unique_ptr<Connection> connection_;
  PublishTopology topology_;
};

class RabbitMqPublisher : public Opener<PublishLink> {
 public:
  RabbitMqPublisher(std::string url, PublishTopology topology) : url_(std::move(url)), topology_(std::move(topology)) {}

  Result<std::unique_ptr<PublishLink>> open() override {
    auto connection = Connection::open(url_, kTimeout);
    if (!connection) return tl::make_unexpected(connection.error());
    auto ready = (*connection)->declare_exchange(topology_.exchange, topology_.exchange_type).and_then([&] {
      return (*connection)->enable_confirms();
    });
    if (!ready) return tl::make_unexpected(ready.error());
    return std::make_unique<RabbitMqPublishLink>(std::move(*connection), topology_);
  }

 private:
  std::string url_;
  PublishTopology topology_;
};

class RabbitMqResultsLink : public ResultsLink {
 public:
  explicit RabbitMqResultsLink(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Lookup<amqp::Message> receive(std::chrono::milliseconds timeout) override { return connection_->receive(timeout); }
  Result<void> acknowledge(std::uint64_t tag) override { return connection_->acknowledge(tag); }

 private:
  std::unique_ptr<Connection> connection_;
};

class RabbitMqResults : public Opener<ResultsLink> {
 public:
  RabbitMqResults(std::string url, ResultsTopology topology) : url_(std::move(url)), topology_(std::move(topology)) {}

  Result<std::unique_ptr<ResultsLink>> open() override {
    auto opened = Connection::open(url_, kTimeout);
    if (!opened) return tl::make_unexpected(opened.error());
    Connection& connection = **opened;
    auto ready = connection.declare_exchange(topology_.exchange, "fanout")
                     .and_then([&] { return connection.declare_queue(topology_.queue, "classic"); })
                     .and_then([&] { return connection.bind_queue(topology_.queue, topology_.exchange, ""); })
                     .and_then([&]() -> Result<void> {
                       auto consuming = connection.consume(topology_.queue, kResultsPrefetch);
                       if (!consuming) return tl::make_unexpected(consuming.error());
                       if (*consuming == amqp::Consuming::started) return {};
                       return migrate::failure("consume the queue " + topology_.queue + ": there is no such queue");
                     });
    if (!ready) return tl::make_unexpected(ready.error());
    return std::make_unique<RabbitMqResultsLink>(std::move(*opened));
  }

 private:
  std::string url_;
  ResultsTopology topology_;
};

}  // namespace

std::unique_ptr<Opener<PublishLink>> rabbitmq_publisher(std::string url, PublishTopology topology) {
  return std::make_unique<RabbitMqPublisher>(std::move(url), std::move(topology));
}

std::unique_ptr<Opener<ResultsLink>> rabbitmq_results(std::string url, ResultsTopology topology) {
  return std::make_unique<RabbitMqResults>(std::move(url), std::move(topology));
}

}  // namespace orders
