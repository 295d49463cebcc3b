// The AMQP half of a Broker: one connection, opened at first need, shared by all threads and made anew when it broke.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "shared/broker/amqp_connection.h"
#include "shared/broker/amqp_errors.h"
#include "shared/broker/broker.h"

namespace migrate::broker {

class AmqpCalls {
 public:
  explicit AmqpCalls(BrokerAddress address);

  // As in Broker.
  [[nodiscard]] Lookup<Depth> depth(const std::string& queue);
  [[nodiscard]] Result<void> declare_queue(const std::string& name);
  [[nodiscard]] Result<Removal> remove_queue(const std::string& name, const RemoveOnly& only);
  [[nodiscard]] Result<std::uint64_t> purge(const std::string& queue);
  [[nodiscard]] Result<void> publish(const std::string& queue, const std::string& body);
  [[nodiscard]] Result<void> may_publish();
  [[nodiscard]] Result<void> may_read(const std::string& queue);
  // With the types chosen.
  [[nodiscard]] Result<void> bind(const std::string& queue, const Binding& binding, Integers integers);
  [[nodiscard]] Result<void> unbind(const std::string& queue, const Binding& binding, Integers integers);
  // With both kinds of integers, whichever it was bound with. An error says nothing of which are left.
  [[nodiscard]] Result<void> unbind_together(const std::string& queue, const std::vector<Binding>& bindings);

 private:
  template <class T>
  AmqpResult<T> run(const std::function<AmqpResult<T>(AmqpConnection&)>& call);
  template <class T>
  Result<T> must(const std::string& attempt, const NeededRight& right,
                 const std::function<AmqpResult<T>(AmqpConnection&)>& call);

  BrokerAddress address_;
  Who who_;
  std::mutex mutex_;
  std::unique_ptr<AmqpConnection> connection_;
};

}  // namespace migrate::broker
