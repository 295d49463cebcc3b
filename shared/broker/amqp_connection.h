// One AMQP 0-9-1 connection to a RabbitMQ with one channel, over rabbitmq-c: the calls that a migration needs, answered
// one by one. Not for several threads. Sources: rabbitmq.com "AMQP 0-9-1 Complete Reference", "Publisher Confirms".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/broker/address.h"
#include "shared/broker/amqp_table.h"
#include "shared/broker/broker.h"

namespace migrate::broker {

struct AmqpError {
  enum class Kind {
    broken,   // the connection is no use any more: lost, silent, or closed by a broker that goes down
    refused,  // the broker does not want this; asking again leads to the same
  };
  Kind kind = Kind::broken;
  std::uint16_t code = 0;  // the broker's reply code (404 no such thing, 403 no right, …); 0: it gave none
  std::string message;     // the broker's words, or the library's
};

template <class T>
using AmqpResult = Result<T, AmqpError>;

class AmqpConnection {
 public:
  using milliseconds = std::chrono::milliseconds;

  // `limit` counts for connecting as a whole and then for each of the steps of logging in.
  [[nodiscard]] static AmqpResult<std::unique_ptr<AmqpConnection>> open(const BrokerAddress& address,
                                                                        milliseconds limit);
  ~AmqpConnection();
  AmqpConnection(const AmqpConnection&) = delete;
  AmqpConnection& operator=(const AmqpConnection&) = delete;

  // How long each of the next calls may take.
  void set_limit(milliseconds limit);
  // False after an error that ended the connection: replace it. A channel that the broker closed is opened anew.
  [[nodiscard]] bool is_usable() const;

  [[nodiscard]] AmqpResult<Depth> depth(const std::string& queue);
  [[nodiscard]] AmqpResult<void> declare(const std::string& queue);
  [[nodiscard]] AmqpResult<void> bind(const std::string& queue, const std::string& exchange, const std::string& key,
                                      const AmqpTable& arguments);
  [[nodiscard]] AmqpResult<void> unbind(const std::string& queue, const std::string& exchange, const std::string& key,
                                        const AmqpTable& arguments);
  struct Unbinding {
    const std::string& exchange;
    const std::string& key;
    const AmqpTable& arguments;
  };
  // All are sent before the first answer is waited for; the first that the broker refuses keeps it from the rest.
  [[nodiscard]] AmqpResult<void> unbind_together(const std::string& queue, const std::vector<Unbinding>& all);
  [[nodiscard]] AmqpResult<void> remove(const std::string& queue, const RemoveOnly& only);
  [[nodiscard]] AmqpResult<std::uint64_t> purge(const std::string& queue);
  // Asks to consume it in a way that no queue takes: kPreconditionFailed of one that may be read. Where the broker
  // takes it all the same, what it delivers is given back at once, and the connection is of no further use.
  [[nodiscard]] AmqpResult<void> consume_in_vain(const std::string& queue);
  // Through the default exchange; true once the broker has it, false when no such queue took it.
  [[nodiscard]] AmqpResult<bool> publish(const std::string& queue, const std::string& body);

 private:
  struct Impl;
  explicit AmqpConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace migrate::broker
