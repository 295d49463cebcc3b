// The half of a Broker that RabbitMQ's management API answers. Source: rabbitmq.com "HTTP API".
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "shared/broker/broker.h"
#include "shared/http_client/http_client.h"

namespace migrate::broker {

class ManagementApi {
 public:
  // `statistics_delay`: how long queue() waits for what the broker has not told of a new queue yet.
  ManagementApi(std::shared_ptr<http::HttpClient> client, const BrokerAddress& address,
                std::chrono::milliseconds statistics_delay = std::chrono::milliseconds{8'000});

  // As in Broker.
  [[nodiscard]] Result<User> whoami();
  [[nodiscard]] Result<std::vector<Consumer>> consumers(const std::string& queue);
  [[nodiscard]] Result<std::vector<std::string>> connections_from(const std::string& peer_host);
  [[nodiscard]] Result<void> close_connection(const std::string& connection, const std::string& reason);
  [[nodiscard]] Lookup<QueueFacts> queue(const std::string& name);
  [[nodiscard]] Lookup<std::vector<Policy>> policies();
  [[nodiscard]] Lookup<std::vector<Binding>> list_bindings(const std::string& queue);
  [[nodiscard]] Result<std::vector<std::string>> queues(const std::string& prefix);
  [[nodiscard]] Lookup<std::vector<std::string>> peek(const std::string& queue);
  [[nodiscard]] Lookup<Totals> totals(const std::string& queue);
  // Whether it has the binding of that properties_key.
  [[nodiscard]] Result<bool> has_binding(const std::string& queue, const Binding& binding);

 private:
  // What a 404 is called, when it is not an answer; and a missing right may be one too.
  enum class Absent { is_an_answer, means_no_virtual_host, as_a_missing_right_is };
  Lookup<std::string> call(const std::string& attempt, const std::string& method, const std::string& target,
                           std::vector<http::Header> headers, Absent absent, std::chrono::milliseconds timeout,
                           std::string body = {});
  Lookup<nlohmann::json> get(const std::string& attempt, const std::string& target, Absent absent,
                             std::chrono::milliseconds timeout);
  Result<std::vector<Exchange>> exchanges_of(const std::vector<Binding>& bindings, std::chrono::milliseconds timeout);
  [[nodiscard]] std::string queue_path(const std::string& name) const;

  std::shared_ptr<http::HttpClient> client_;
  std::string where_;
  std::string user_;
  std::string virtual_host_;
  std::string authorization_;
  std::chrono::milliseconds statistics_delay_;
};

}  // namespace migrate::broker
