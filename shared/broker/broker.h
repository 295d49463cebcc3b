// A RabbitMQ through its management API, as far as a hop needs it: who consumes from a queue, and closing the
// connections of those who are frozen. Source: rabbitmq.com "HTTP API".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/broker/address.h"

namespace migrate::broker {

struct Consumer {
  std::string tag;
  std::string connection;  // the broker's name for it; empty: not told yet
  std::string peer_host;   // as the broker sees it: behind SNAT or a mesh not the Pod's address
  bool operator==(const Consumer&) const = default;
};

// May be used from any thread. No call takes longer than ten seconds.
class Broker {
 public:
  virtual ~Broker() = default;
  // Those of one queue. A consumer that has gone is missed at once, a new one is listed up to 5 s late.
  [[nodiscard]] virtual Result<std::vector<Consumer>> consumers(const std::string& queue) = 0;
  // Success, too, when there is no such connection.
  [[nodiscard]] virtual Result<void> close_connection(const std::string& connection, const std::string& reason) = 0;
};

// Connects to nothing yet; fails on an unusable URL or authority.
[[nodiscard]] Result<std::shared_ptr<Broker>> connect_broker(const BrokerAddress& address);

}  // namespace migrate::broker
