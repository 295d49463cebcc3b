#include "plugin/cleanup_broker.h"

#include "plugin/broker_secret.h"
#include "plugin/json_at.h"

namespace migrate::plugin {
namespace {

constexpr const char* kMirrors = "ms2m.replay.";
constexpr const char* kControlQueues = "ms2m.control.";

Result<std::vector<QueueSight>> queues_of(broker::Broker& broker) {
  const auto mirrors = broker.queues(kMirrors);
  if (!mirrors) return tl::make_unexpected(mirrors.error());
  const auto control = broker.queues(kControlQueues);
  if (!control) return tl::make_unexpected(control.error());
  std::vector<QueueSight> seen;
  seen.reserve(mirrors->size() + control->size());
  for (const std::string& name : *mirrors)
    seen.push_back({name});
  for (const std::string& name : *control) {
    auto words = broker.peek(name);
    if (!words) return tl::make_unexpected(words.error());
    if (*words) seen.push_back({name, std::move(**words)});
  }
  return seen;
}

}  // namespace

Outcome<std::vector<LookedBroker>> look_at_brokers(const Session& session, const std::vector<std::string>& secrets,
                                                   BrokerWay& way) {
  std::vector<LookedBroker> all;
  for (const std::string& secret : secrets) {
    const auto address = broker_address(session, secret);
    if (!address) return tl::make_unexpected(address.error());
    auto reached = way.reach(*address, session.namespace_);
    if (!reached) return fail(reached.error().message);
    auto queues = queues_of(**reached);
    if (!queues) return fail(queues.error().message);
    all.push_back({std::move(*reached), std::move(*queues)});
  }
  return all;
}

std::set<std::string> told_queues(const std::vector<nlohmann::json>& migrations) {
  std::set<std::string> names;
  for (const Json& migration : migrations)
    names.insert(text_at(migration, "/status/messages/controlQueue"));
  return names;
}

}  // namespace migrate::plugin
