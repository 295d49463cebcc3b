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

constexpr milliseconds kPoll{10};
constexpr milliseconds kAway{1'000};  // who does not answer for that long was started anew, or cut off

Attempt<std::vector<broker::Consumer>> list_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue,
                                                      const Limits& limits) {
  return ask_broker<std::vector<broker::Consumer>>(hop, limits, [&] { return broker.consumers(queue.queue); });
}

// The one consumer that the broker counts and has not listed yet may well be the Pod's. What cannot be asked is waited
// for as ever; and so is the list where others' connections are seen and may not be closed, as it tells whose they are.
ConsumerConnections of_unlisted_consumer(broker::Broker& broker, const QueueRef& queue, const PodView& pod) {
  if (pod.address.empty()) return {};
  const auto depth = broker.depth(queue.queue);
  if (!depth || !*depth || (*depth)->consumers != 1) return {};
  auto from_there = broker.connections_from(pod.address);
  if (!from_there || from_there->empty()) return {};
  const auto me = broker.whoami();
  if (!me || (me->sees_others() && !me->may_close_others())) return {};
  return {std::move(*from_there), false};
}

Attempt<void> check_closing(Hop& hop, broker::Broker& broker, const QueueRef& queue, const PodView& pod,
                            const std::vector<broker::Consumer>& listed, const Limits& limits) {
  const auto trouble =
      ask_broker<std::string>(hop, limits, [&] { return closing_trouble(broker, queue, listed, pod); });
  if (!trouble) return tl::make_unexpected(trouble.error());
  if (!trouble->empty()) return give_up(Event::failed, kBrokerRights, *trouble);
  return {};
}

Attempt<std::uint64_t> count_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue, const Limits& limits) {
  auto depth = ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return broker.depth(queue.queue); });
  if (!depth) return tl::make_unexpected(depth.error());
  return *depth ? (*depth)->consumers : 0;
}

bool has_address_of(const std::vector<broker::Consumer>& listed, const PodView& pod) {
  return std::any_of(listed.begin(), listed.end(),
                     [&](const broker::Consumer& one) { return one.peer_host == pod.address; });
}

std::uint64_t count_connected(const std::vector<broker::Consumer>& listed) {
  return static_cast<std::uint64_t>(
      std::count_if(listed.begin(), listed.end(), [](const broker::Consumer& one) { return !one.connection.empty(); }));
}

// As long as the list may lack a consumer of a source that is frozen, and so comes to its queue no more; then 0.
Attempt<std::uint64_t> count_to_be_listed(Hop& hop, broker::Broker& broker, const QueueRef& queue,
                                          std::optional<Instant> frozen, const Limits& limits) {
  if (!frozen || hop.world().clock.now() - *frozen >= broker::kListingDelay) return 0;
  return count_consumers(hop, broker, queue, limits);
}

}  // namespace

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

Attempt<std::shared_ptr<broker::Broker>> connect_with(Brokers& brokers, const kube::ResourcePath& path,
                                                      const std::optional<Json>& secret) {
  if (!secret)
    return give_up(Event::failed, "BrokerSecret",
                   fmt::format("{} in namespace {}, the broker's, does not exist", describe(path), path.namespace_));
  auto address =
      broker::broker_address_of(text_at(*secret, {"data", "amqp-url"}), text_at(*secret, {"data", "management-url"}),
                                text_at(*secret, {"data", "ca.crt"}));
  if (!address)
    return give_up(Event::failed, "BrokerSecret", fmt::format("{}: {}", describe(path), address.error().message));
  auto connected = brokers.connect(*address);
  if (!connected) return give_up(Event::failed, "Broker", connected.error().message);
  return *connected;
}

Attempt<std::shared_ptr<broker::Broker>> connect_to(Hop& hop, const QueueRef& queue, const Limits& limits) {
  Hop::KnownBroker& known = hop.known_broker();
  if (hop.status().frozen_at && known.broker && known.secret == queue.secret) return known.broker;
  Pods api{hop};
  const auto path = kube::core("secrets", hop.migration().namespace_, queue.secret);
  auto secret = api.call<std::optional<Json>>("read " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto found = hop.world().client.get(path, options);
    if (!found && is_gone_with_namespace(hop, found.error().kind)) return Lookup<Json, kube::ApiError>{std::nullopt};
    return found;
  });
  if (!secret) return tl::make_unexpected(secret.error());
  auto connected = connect_with(hop.world().brokers, path, *secret);
  if (connected) known = {queue.secret, *connected};
  return connected;
}

Attempt<ConsumerConnections> find_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue, const PodView& pod,
                                            const Limits& limits) {
  const auto delay = [&] {
    return Limits{std::min(limits.until, hop.world().pacer.now() + broker::kListingDelay), limits.stop};
  };
  Limits patience = limits;
  std::optional<std::uint64_t> counted;  // when this patience began
  for (;;) {
    const auto asked = hop.world().pacer.now();
    auto listed = list_consumers(hop, broker, queue, limits);
    if (!listed) return tl::make_unexpected(listed.error());
    // A broker that was away lists whoever has come back to it as late as any.
    if (hop.world().pacer.now() - asked >= kAway) counted.reset();
    auto own = connections_of(*listed, pod);
    if (own && !own->empty()) {
      if (auto may = check_closing(hop, broker, queue, pod, *listed, limits); !may)
        return tl::make_unexpected(may.error());
      return ConsumerConnections{std::move(*own)};
    }
    if (own)
      if (auto known = of_unlisted_consumer(broker, queue, pod); !known.names.empty()) return known;
    if (!counted) {
      const auto count = count_consumers(hop, broker, queue, limits);
      if (!count) return tl::make_unexpected(count.error());
      counted = *count;
      patience = delay();
    }
    if (hop.pause(broker::kBetweenListings, patience)) continue;
    if (limits.stop.stop_requested()) return tl::make_unexpected(hop.interrupted({Event::left, "Left", "interrupted"}));
    if (!own) return give_up(Event::failed, "Broker", fmt::format("queue {}: {}", queue.queue, own.error().message));
    const auto count = count_consumers(hop, broker, queue, limits);
    if (!count) return tl::make_unexpected(count.error());
    if (*count == 0) return ConsumerConnections{{}, false};
    if (*counted > 0) return tl::make_unexpected(unlisted_trouble(hop, broker, queue, *count, limits));
    // Who has come meanwhile is listed as late as any.
    patience = delay();
    counted = *count;
  }
}

ConsumerConnections unknown_consumers(Hop& hop) {
  return {{}, !replays(hop), hop.status().frozen_at};
}

Attempt<void> close_consumers(Hop& hop, broker::Broker& broker, const QueueRef& queue, const PodView& pod,
                              ConsumerConnections known, const Limits& limits) {
  std::set<std::string> own;
  const auto close = [&](const std::vector<std::string>& connections) -> Attempt<void> {
    for (const std::string& one : connections)
      if (own.insert(one).second)
        if (auto closed = ask_broker<void>(
                hop, limits, [&] { return broker.close_connection(one, "kubectl migrate: the consumer moves"); });
            !closed)
          return closed;
    return {};
  };
  auto listed = list_consumers(hop, broker, queue, limits);
  if (!listed) return tl::make_unexpected(listed.error());
  // It has come back through another one since, which is listed late as any.
  if (known.are_listed && !known.names.empty() && std::none_of(listed->begin(), listed->end(), [&](const auto& one) {
        return std::find(known.names.begin(), known.names.end(), one.connection) != known.names.end();
      }))
    known = unknown_consumers(hop);
  if (auto closed = close(known.names); !closed) return closed;
  if (auto closed = close(connections_of(*listed, pod).value_or(std::vector<std::string>{})); !closed) return closed;
  // The connections themselves wait for a frozen peer's answer; what counts is that nobody consumes through them. Their
  // number is told sooner than their list.
  const auto consumes = [&](const broker::Consumer& consumer) { return own.contains(consumer.connection); };
  for (;;) {
    if (!known.are_listed || replays(hop)) {
      auto depth = ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return broker.depth(queue.queue); });
      if (!depth) return tl::make_unexpected(depth.error());
      if (!*depth || (*depth)->consumers == 0) return {};
    }
    if (!known.are_listed || !replays(hop)) {
      // Before the list: who leaves in between is waited for, and not one who is missing in it taken for there.
      const auto counted = count_to_be_listed(hop, broker, queue, known.unknown_since, limits);
      if (!counted) return tl::make_unexpected(counted.error());
      listed = list_consumers(hop, broker, queue, limits);
      if (!listed) return tl::make_unexpected(listed.error());
      // That nothing of it is listed says nothing. When it is, it may turn out to come through another connection.
      // Behind those that were closed who is alone is another.
      if (!known.are_listed || (known.unknown_since && (own.empty() || has_address_of(*listed, pod))))
        if (auto closed = close(connections_of(*listed, pod).value_or(std::vector<std::string>{})); !closed)
          return closed;
      if (known.are_listed && count_connected(*listed) >= *counted &&
          std::none_of(listed->begin(), listed->end(), consumes))
        return {};
    }
    if (!hop.pause(kPoll, limits))
      return tl::make_unexpected(
          hop.interrupted({Event::deadline, "Broker",
                           fmt::format("the broker still has consumers of queue {} whose connections it {}",
                                       queue.queue, own.empty() ? "has not listed in time" : "was told to close")}));
  }
}

}  // namespace migrate::controller
