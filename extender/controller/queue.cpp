#include "extender/controller/queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "extender/controller/pods.h"
#include "extender/controller/replay.h"
#include "shared/broker/listed_queue.h"
#include "shared/broker/secret.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kPoll{20};

Attempt<std::vector<broker::Consumer>> list_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue,
                                                      const Limits& limits) {
  return ask_broker<std::vector<broker::Consumer>>(hop, limits, [&] { return broker.consumers(queue.queue); });
}

}  // namespace

Result<broker::BrokerAddress> broker_address_in(const Json& secret) {
  return broker::broker_address_of(text_at(secret, {"data", "amqp-url"}), text_at(secret, {"data", "management-url"}),
                                   text_at(secret, {"data", "ca.crt"}));
}

std::optional<QueueRef> queue_of(const Migration& migration, const PodView& pod) {
  if (migration.spec.messages == MessageMode::none) return std::nullopt;
  QueueRef ref{migration.spec.queue.empty() ? pod.queue : migration.spec.queue,
               migration.spec.broker_secret.empty() ? pod.broker_secret : migration.spec.broker_secret};
  if (ref.queue.empty() || ref.secret.empty()) return std::nullopt;
  ref.queue = messages::queue_name(ref.queue, pod.name);
  return ref;
}

std::string queue_trouble(const Migration& migration, const PodView& pod) {
  const MigrationSpec& spec = migration.spec;
  if (spec.queue.empty() || !spec.broker_secret.empty() || is_local(migration)) return "";
  const auto asked_for = queue_of(migration, pod);
  if (!asked_for) return "";
  const std::string own = messages::queue_name(pod.queue, pod.name);
  if (asked_for->queue == own) return "";
  return fmt::format(
      "its annotations name {} and the Secret {}, and queue {} was asked for without a Secret; name the one to use by "
      "--broker-secret, which takes the right to get it, or leave --queue out",
      own.empty() ? "no queue" : "queue " + own, pod.broker_secret, asked_for->queue);
}

Result<std::vector<std::string>> connections_of(const std::vector<broker::Consumer>& consumers, const PodView& pod) {
  std::set<std::string> own;
  std::set<std::string> all;
  for (const broker::Consumer& one : consumers) {
    if (one.connection.empty()) continue;
    all.insert(one.connection);
    if (!pod.address.empty() && one.peer_host == pod.address) own.insert(one.connection);
  }
  if (own.empty() && all.size() > 1)
    return failure(
        fmt::format("{} connections consume and none comes from the Pod's address {}: which are its own "
                    "cannot be told",
                    all.size(), pod.address));
  const auto& chosen = own.empty() ? all : own;
  return std::vector<std::string>{chosen.begin(), chosen.end()};
}

Attempt<std::shared_ptr<broker::Broker>> connect_to(Hop& hop, const QueueRef& queue, const Limits& limits) {
  Pods api{hop};
  const auto path = kube::core("secrets", hop.migration().namespace_, queue.secret);
  auto secret = api.call<std::optional<Json>>("read " + describe(path), limits, [&](const kube::CallOptions& options) {
    return hop.world().client.get(path, options);
  });
  if (!secret) return tl::make_unexpected(secret.error());
  if (!*secret)
    return give_up(
        Event::failed, "BrokerSecret",
        fmt::format("{} in namespace {}, the broker's, does not exist", describe(path), hop.migration().namespace_));
  auto address = broker_address_in(**secret);
  if (!address)
    return give_up(Event::failed, "BrokerSecret", fmt::format("{}: {}", describe(path), address.error().message));
  auto connected = hop.world().brokers.connect(*address);
  if (!connected) return give_up(Event::failed, "Broker", connected.error().message);
  return *connected;
}

Attempt<std::vector<std::string>> find_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue,
                                                 const PodView& pod, const Limits& limits) {
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + broker::kListingDelay), limits.stop};
  for (;;) {
    auto listed = list_consumers(hop, broker, queue, limits);
    if (!listed) return tl::make_unexpected(listed.error());
    auto own = connections_of(*listed, pod);
    if (own && !own->empty()) return *own;
    if (hop.pause(broker::kBetweenListings, patience)) continue;
    if (limits.stop.stop_requested()) return tl::make_unexpected(hop.interrupted({Event::left, "Left", "interrupted"}));
    if (own) return *own;
    return give_up(Event::failed, "Broker", fmt::format("queue {}: {}", queue.queue, own.error().message));
  }
}

Attempt<void> close_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue, const PodView& pod,
                              std::vector<std::string> connections, const Limits& limits) {
  auto listed = list_consumers(hop, broker, queue, limits);
  if (!listed) return tl::make_unexpected(listed.error());
  if (auto now = connections_of(*listed, pod)) connections.insert(connections.end(), now->begin(), now->end());
  const std::set<std::string> own{connections.begin(), connections.end()};
  for (const std::string& one : own)
    if (auto closed = ask_broker<void>(
            hop, limits, [&] { return broker.close_connection(one, "kubectl migrate: the consumer moves"); });
        !closed)
      return closed;
  // The connections themselves wait for a frozen peer's answer; what counts is that nobody consumes through them.
  const auto consumes = [&](const broker::Consumer& consumer) { return own.contains(consumer.connection); };
  for (;;) {
    listed = list_consumers(hop, broker, queue, limits);
    if (!listed) return tl::make_unexpected(listed.error());
    if (std::none_of(listed->begin(), listed->end(), consumes)) return {};
    if (!hop.pause(kPoll, limits))
      return tl::make_unexpected(hop.interrupted(
          {Event::deadline, "Broker",
           fmt::format("the broker still lists consumers of queue {} whose connections it was told to close",
                       queue.queue)}));
  }
}

}  // namespace migrate::controller
