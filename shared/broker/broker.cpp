#include "shared/broker/broker.h"

#include <fmt/format.h>

#include "shared/broker/amqp_calls.h"
#include "shared/broker/management.h"
#include "shared/http_client/http_client.h"

namespace migrate::broker {
namespace {

class RabbitMq final : public Broker {
 public:
  RabbitMq(std::shared_ptr<http::HttpClient> client, const BrokerAddress& address)
      : management_(std::move(client), address), amqp_(address) {}

  Result<User> whoami() override { return management_.whoami(); }
  Result<std::vector<Consumer>> consumers(const std::string& queue) override { return management_.consumers(queue); }
  Result<std::vector<std::string>> connections_from(const std::string& peer_host) override {
    return management_.connections_from(peer_host);
  }
  Result<void> close_connection(const std::string& connection, const std::string& reason) override {
    return management_.close_connection(connection, reason);
  }
  Lookup<QueueFacts> queue(const std::string& name) override { return management_.queue(name); }
  Lookup<std::vector<Policy>> policies() override { return management_.policies(); }
  Lookup<std::vector<Binding>> list_bindings(const std::string& queue) override {
    return management_.list_bindings(queue);
  }
  Result<std::vector<std::string>> queues(const std::string& prefix) override { return management_.queues(prefix); }
  Lookup<std::vector<std::string>> peek(const std::string& queue) override { return management_.peek(queue); }
  Lookup<Totals> totals(const std::string& queue) override { return management_.totals(queue); }

  Lookup<Depth> depth(const std::string& queue) override { return amqp_.depth(queue); }
  Result<void> declare_queue(const std::string& name) override { return amqp_.declare_queue(name); }
  Result<Removal> remove_queue(const std::string& name, const RemoveOnly& only) override {
    return amqp_.remove_queue(name, only);
  }
  Result<std::uint64_t> purge(const std::string& queue) override { return amqp_.purge(queue); }
  Result<void> publish(const std::string& queue, const std::string& body) override {
    return amqp_.publish(queue, body);
  }
  Result<void> may_publish() override { return amqp_.may_publish(); }
  Result<void> may_read(const std::string& queue) override { return amqp_.may_read(queue); }

  Result<void> bind(const std::string& queue, const Binding& binding) override {
    const bool can_differ = !binding.properties_key.empty() && binding.arguments != "{}";
    for (const Integers integers : {Integers::narrow, Integers::wide}) {
      if (auto bound = amqp_.bind(queue, binding, integers); !bound || !can_differ) return bound;
      const auto same = management_.has_binding(queue, binding);
      if (!same) return tl::make_unexpected(same.error());
      if (*same) return {};
      if (auto undone = amqp_.unbind(queue, binding, integers); !undone) return undone;
    }
    return failure(
        fmt::format("bind queue {} to exchange {}: the types of its arguments {} cannot be found out, so the same "
                    "messages might not arrive",
                    queue, binding.exchange, binding.arguments));
  }

  Result<void> unbind_all(const std::string& queue, const std::vector<Binding>& bindings) override {
    if (bindings.size() > 1 && amqp_.unbind_together(queue, bindings)) return {};
    return Broker::unbind_all(queue, bindings);  // whatever was in the way of one is in the way of that one alone
  }
  Result<void> unbind(const std::string& queue, const Binding& binding) override {
    auto done = amqp_.unbind(queue, binding, Integers::narrow);
    // Whichever of both it was bound with.
    if (done && binding.arguments != "{}") done = amqp_.unbind(queue, binding, Integers::wide);
    return done;
  }

 private:
  ManagementApi management_;
  AmqpCalls amqp_;
};

}  // namespace

Result<void> Broker::unbind_all(const std::string& queue, const std::vector<Binding>& bindings) {
  for (const Binding& one : bindings)
    if (auto done = unbind(queue, one); !done) return done;
  return {};
}

Result<std::shared_ptr<Broker>> connect_broker(const BrokerAddress& address) {
  http::HttpClientOptions options;
  options.base_url = address.management_url;
  options.tls.ca_pem = address.ca_pem;
  auto client = http::make_http_client(options);
  if (!client) return tl::make_unexpected(client.error().within("management API " + address.management_url));
  return std::shared_ptr<Broker>(std::make_shared<RabbitMq>(std::move(*client), address));
}

}  // namespace migrate::broker
