// How the broker is reached from where the plugin runs, which is seldom inside the cluster.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/port_forward.h"
#include "shared/broker/broker.h"
#include "shared/kube/client.h"

namespace migrate::plugin {

class BrokerWay {
 public:
  virtual ~BrokerWay() = default;
  // `address` is what the broker's Secret in namespace `near` says.
  [[nodiscard]] virtual Result<std::shared_ptr<broker::Broker>> reach(const broker::BrokerAddress& address,
                                                                      const std::string& near) = 0;
};

struct Place {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

// HOST:PORT, an IPv6 address in its brackets.
[[nodiscard]] Result<Place> parse_place(const std::string& text);

// Which Service a host may be the name of, seen from namespace `near`: NAME, NAME.NS, NAME.NS.svc, NAME.NS.svc.DOMAIN.
struct ServiceName {
  std::string namespace_;
  std::string name;
  bool operator==(const ServiceName&) const = default;
};
[[nodiscard]] std::optional<ServiceName> service_of(const std::string& host, const std::string& near);

// `address` with its two ports at other places. Fails where a certificate would then have to name another host.
[[nodiscard]] Result<broker::BrokerAddress> relocated(broker::BrokerAddress address, const std::optional<Place>& amqp,
                                                      const std::optional<Place>& management);
// Where the management API is.
[[nodiscard]] Result<Place> management_place(const broker::BrokerAddress& address);

// A Service of this cluster by kubectl port-forward, anything else by its name. Ports that are given are used as they
// are.
class ForwardedWay final : public BrokerWay {
 public:
  // Starts a port-forward of that port of a Service; it lasts as long as the answer does.
  using Forward = std::function<Result<std::unique_ptr<PortForward>>(const ServiceName& service, std::uint16_t port)>;

  ForwardedWay(kube::Client& client, Forward forward, std::optional<Place> amqp, std::optional<Place> management);
  Result<std::shared_ptr<broker::Broker>> reach(const broker::BrokerAddress& address, const std::string& near) override;

 private:
  Result<std::optional<Place>> forwarded(const Place& place, const std::string& near);

  kube::Client& client_;
  Forward forward_;
  std::optional<Place> amqp_;
  std::optional<Place> management_;
  std::vector<std::unique_ptr<PortForward>> forwards_;
};

}  // namespace migrate::plugin
