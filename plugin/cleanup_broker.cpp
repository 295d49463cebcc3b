#include "plugin/cleanup_broker.h"

#include "plugin/broker_secret.h"
#include "plugin/json_path.h"
#include "shared/messages/mirror.h"

namespace migrate::plugin {
namespace {

Result<std::vector<QueueSight>> queues_of(broker::Broker& broker) {
  const auto mirrors = broker.queues(std::string{messages::kMirrorPrefix});
  if (!mirrors) return tl::make_unexpected(mirrors.error());
  const auto control = broker.queues(std::string{messages::kControlQueuePrefix});
  if (!control) return tl::make_unexpected(control.error());
  std::vector<QueueSight> seen;
  seen.reserve(mirrors->size() + control->size());
  for (const std::string& name : *mirrors)
    seen.push_back({name});
  for (const std::string& name : *control)
    seen.push_back({name});
  return seen;
}

// To look is to take a word out and to give it back: whoever looks meanwhile finds none.
Result<void> read_words(broker::Broker& broker, QueueSight& queue) {
  const auto depth = broker.depth(queue.name);
  if (!depth) return tl::make_unexpected(depth.error());
  if (!*depth || (*depth)->consumers > 0 || (*depth)->ready == 0) return {};
  auto words = broker.peek(queue.name);
  if (!words) return tl::make_unexpected(words.error());
  queue.words = std::move(*words).value_or(std::vector<std::string>{});
  return {};
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

Outcome<void> read_control_queues(LookedBroker& looked, const std::set<std::string>& in_use) {
  for (QueueSight& queue : looked.queues) {
    if (!queue.name.starts_with(messages::kControlQueuePrefix) || in_use.contains(queue.name)) continue;
    if (auto read = read_words(*looked.broker, queue); !read) return fail(read.error().message);
  }
  return {};
}

std::set<std::string> told_queues(const std::vector<nlohmann::json>& migrations) {
  std::set<std::string> names;
  for (const Json& migration : migrations) {
    names.insert(text_at(migration, {"status", "messages", "controlQueue"}));
    // Before that is written down.
    const std::string pod = text_at(migration, {"spec", "pod", "name"});
    names.insert(messages::control_queue_name("", pod, pod));
  }
  return names;
}

}  // namespace migrate::plugin
