#include "test/workloads/consumer/link.h"

namespace orders {
namespace {

using migrate::failure;
using migrate::Lookup;
using migrate::Result;
using namespace std::chrono_literals;

constexpr auto kTimeout = 5s;

// Two connections: confirms of results must not queue up behind deliveries. A migration closes the one that consumes.
class RabbitMqLink : public Link {
 public:
  RabbitMqLink(std::unique_ptr<amqp::Connection> consuming, std::unique_ptr<amqp::Connection> publishing,
               std::string exchange)
      : consuming_(std::move(consuming)), publishing_(std::move(publishing)), results_exchange_(std::move(exchange)) {}

  Lookup<amqp::Message> take_control(const std::string& queue) override {
    // The one regular call: it also keeps the other connection alive, which may have nothing to say for hours, and
    // finds out when it broke.
    if (auto idle = publishing_->settled(0ms); !idle) return tl::make_unexpected(idle.error());
    return consuming_->take(queue);
  }
  Result<amqp::Consuming> consume(const std::string& queue, std::uint16_t prefetch) override {
    return consuming_->consume(queue, prefetch);
  }
  Result<void> cancel() override { return consuming_->cancel(); }
  Lookup<amqp::Message> receive(std::chrono::milliseconds timeout) override { return consuming_->receive(timeout); }
  Result<void> acknowledge(std::uint64_t tag) override { return consuming_->acknowledge(tag); }

  Result<void> publish_result(const amqp::Message& result) override {
    const std::string attempt = "publish the result of " + result.id;
    if (auto done = publishing_->publish(results_exchange_, "", result); !done) return done;
    for (;;) {
      auto settled = publishing_->settled(kTimeout);
      if (!settled) return tl::make_unexpected(settled.error().within(attempt));
      if (!*settled) return failure(attempt + ": the broker did not confirm it in time");
      switch ((*settled)->settlement) {
        case amqp::Settlement::returned:
          continue;  // nobody collects results, and that is no concern of ours; the confirm follows
        case amqp::Settlement::nacked:
          return failure(attempt + ": the broker refused it");
        case amqp::Settlement::confirmed:
          return {};
      }
    }
  }

 private:
  std::unique_ptr<amqp::Connection> consuming_;
  std::unique_ptr<amqp::Connection> publishing_;
  std::string results_exchange_;
};

class RabbitMqBroker : public Broker {
 public:
  RabbitMqBroker(std::string url, Topology topology) : url_(std::move(url)), topology_(std::move(topology)) {}

  Result<std::unique_ptr<Link>> open(const std::string& control_queue) override {
    auto consuming = amqp::Connection::open(url_, kTimeout);
    if (!consuming) return tl::make_unexpected(consuming.error());
    auto publishing = amqp::Connection::open(url_, kTimeout);
    if (!publishing) return tl::make_unexpected(publishing.error());
    auto ready = declare(**consuming, control_queue).and_then([&] { return (*publishing)->enable_confirms(); });
    if (!ready) return tl::make_unexpected(ready.error());
    return std::make_unique<RabbitMqLink>(std::move(*consuming), std::move(*publishing), topology_.results_exchange);
  }

 private:
  Result<void> declare(amqp::Connection& connection, const std::string& control_queue) {
    const Topology& t = topology_;
    return connection.declare_exchange(t.exchange, t.exchange_type)
        .and_then([&] { return connection.declare_queue(t.queue, t.queue_type); })
        .and_then([&] { return connection.bind_queue(t.queue, t.exchange, t.routing_key); })
        .and_then([&] { return connection.declare_exchange(t.results_exchange, "fanout"); })
        .and_then([&] { return connection.declare_queue(control_queue, "classic"); });
  }

  std::string url_;
  Topology topology_;
};

}  // namespace

std::unique_ptr<Broker> rabbitmq_broker(std::string url, Topology topology) {
  return std::make_unique<RabbitMqBroker>(std::move(url), std::move(topology));
}

}  // namespace orders
