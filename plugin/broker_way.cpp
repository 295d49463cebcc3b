#include "plugin/broker_way.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "plugin/arguments.h"

namespace migrate::plugin {
namespace {

std::string authority_of(const Place& place) {
  const bool is_bracketed = place.host.find(':') != std::string::npos;
  return is_bracketed ? fmt::format("[{}]:{}", place.host, place.port) : fmt::format("{}:{}", place.host, place.port);
}

struct UrlParts {
  std::string scheme;  // with "://"
  std::string authority;
  std::string path;
};

UrlParts parts_of(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  const std::size_t end = std::min(url.find('/', begin), url.size());
  return {url.substr(0, begin), url.substr(begin, end - begin), url.substr(end)};
}

}  // namespace

Result<Place> parse_place(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Place place;
  if (colon != std::string::npos) {
    place.host = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, place.port);
    if (error != std::errc{} || stopped != end) place.port = 0;
  }
  const bool is_bracketed = place.host.size() > 2 && place.host.front() == '[' && place.host.back() == ']';
  if (is_bracketed) place.host = place.host.substr(1, place.host.size() - 2);
  if (place.port == 0 || place.host.empty() || place.host.find('/') != std::string::npos ||
      (!is_bracketed && place.host.find(':') != std::string::npos))
    return failure(fmt::format("{}: not HOST:PORT", text));
  return place;
}

std::optional<ServiceName> service_of(const std::string& host, const std::string& near) {
  // A name of digits and dots alone is an address.
  if (!is_object_name(host) || host.find_first_not_of("0123456789.") == std::string::npos) return std::nullopt;
  const std::size_t first = std::min(host.find('.'), host.size());
  ServiceName service{near, host.substr(0, first)};
  if (first == host.size()) return service;
  const std::size_t second = std::min(host.find('.', first + 1), host.size());
  service.namespace_ = host.substr(first + 1, second - first - 1);
  const std::string rest = host.substr(second);
  if (rest.empty() || rest == ".svc" || rest.starts_with(".svc.")) return service;
  return std::nullopt;
}

Result<Place> management_place(const broker::BrokerAddress& address) {
  const UrlParts url = parts_of(address.management_url);
  const bool has_port = url.authority.rfind(':') != std::string::npos && url.authority.back() != ']';
  if (has_port) return parse_place(url.authority);
  return parse_place(url.authority + (url.scheme == "https://" ? ":443" : ":80"));
}

Result<broker::BrokerAddress> relocated(broker::BrokerAddress address, const std::optional<Place>& amqp,
                                        const std::optional<Place>& management) {
  const auto tls_trouble = [](const Place& from, const Place& to) {
    return failure(fmt::format(
        "{0} asks for TLS, and its certificate does not name {1}. Forward its ports yourself, put \"127.0.0.1 "
        "{2}\" into /etc/hosts, and name them: --amqp-at {2}:PORT --management-at {2}:PORT",
        authority_of(from), to.host, from.host));
  };
  if (amqp) {
    const Place from{address.amqp.host, address.amqp.port};
    if (address.amqp.tls && amqp->host != from.host) return tls_trouble(from, *amqp);
    address.amqp.host = amqp->host;
    address.amqp.port = amqp->port;
  }
  if (management) {
    const auto from = management_place(address);
    if (!from) return tl::make_unexpected(from.error().within("management-url"));
    const UrlParts url = parts_of(address.management_url);
    if (url.scheme == "https://" && management->host != from->host) return tls_trouble(*from, *management);
    address.management_url = url.scheme + authority_of(*management) + url.path;
  }
  return address;
}

ForwardedWay::ForwardedWay(kube::Client& client, Forward forward, std::optional<Place> amqp,
                           std::optional<Place> management)
    : client_(client), forward_(std::move(forward)), amqp_(std::move(amqp)), management_(std::move(management)) {}

// Nothing for what is no Service of this cluster.
Result<std::optional<Place>> ForwardedWay::forwarded(const Place& place, const std::string& near) {
  const auto service = service_of(place.host, near);
  if (!service) return std::nullopt;
  const auto found = client_.get(kube::core("services", service->namespace_, service->name));
  // Who may not look may still forward.
  if (found && !*found) return std::nullopt;
  auto forward = forward_(*service, place.port);
  if (!forward)
    return failure(
        fmt::format("reach the broker at {} through the API server: {}\n"
                    "With a way of your own to it, name its ports: --amqp-at HOST:PORT --management-at HOST:PORT",
                    authority_of(place), forward.error().message));
  forwards_.push_back(std::move(*forward));
  return Place{"127.0.0.1", forwards_.back()->port()};
}

Result<std::shared_ptr<broker::Broker>> ForwardedWay::reach(const broker::BrokerAddress& address,
                                                            const std::string& near) {
  std::optional<Place> amqp = amqp_;
  if (!amqp) {
    auto place = forwarded({address.amqp.host, address.amqp.port}, near);
    if (!place) return tl::make_unexpected(place.error());
    amqp = *place;
  }
  std::optional<Place> management = management_;
  if (!management) {
    const auto there = management_place(address);
    if (!there) return tl::make_unexpected(there.error().within("management-url"));
    auto place = forwarded(*there, near);
    if (!place) return tl::make_unexpected(place.error());
    management = *place;
  }
  auto moved = relocated(address, amqp, management);
  if (!moved) return tl::make_unexpected(moved.error());
  return broker::connect_broker(*moved);
}

}  // namespace migrate::plugin
