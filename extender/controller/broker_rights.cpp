#include "extender/controller/broker_rights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "extender/controller/replay.h"

namespace migrate::controller {
namespace {

std::string needs_tag(const std::string& user) {
  return fmt::format(
      "give user {} the tag `administrator` (rabbitmqctl set_user_tags), or put the application's own user into the "
      "broker's Secret",
      user);
}

// Where source and target look into the same queue, the word for the copy is taken out of it on the way back; and it is
// declared, which changes nothing of one that is there.
Result<void> may_use_shared(broker::Broker& broker, const std::string& control) {
  if (auto may = broker.may_read(control); !may) return may;
  const auto there = broker.depth(control);
  if (!there) return tl::make_unexpected(there.error());
  if (!*there) return {};
  if (auto may = broker.declare_queue(control); !may)
    return tl::make_unexpected(may.error().within("the control queue, which source and target share"));
  return {};
}

}  // namespace

// The broker asks for the rights to a queue before it looks whether there is one: so what takes nothing away from a
// mirror that is not there yet finds out whether it may be made and bound, and likewise for the target's control queue.
Result<void> may_replay_from(Hop& hop, const ReplayLink& link, const Json& source, const broker::QueueFacts& primary) {
  broker::Broker& broker = *link.broker;
  const std::string mirror = messages::mirror_name(hop.migration().uid);
  if (auto may = broker.remove_queue(mirror, {.if_unused = true, .if_empty = true}); !may)
    return tl::make_unexpected(may.error());
  for (const broker::Binding& binding : primary.bindings)
    if (auto may = broker.unbind(mirror, binding); !may) return may;
  const std::string control = target_control_queue(hop, source);
  if (control == control_queue_of(source, hop.migration().spec.pod)) {
    if (auto may = may_use_shared(broker, control); !may) return may;
  } else if (auto may = broker.remove_queue(control, {.if_unused = true, .if_empty = true}); !may) {
    return tl::make_unexpected(may.error());
  }
  if (hop.migration().spec.purge_primary)
    if (auto may = broker.may_read(link.queue.queue); !may)
      return tl::make_unexpected(may.error().within("--purge-primary"));
  return broker.may_publish();
}

Result<std::string> closing_trouble(broker::Broker& broker, const QueueRef& queue,
                                    const std::vector<broker::Consumer>& consumers, const PodView& pod) {
  const auto own = connections_of(consumers, pod);
  if (!own) return "";  // which are its own is told of when they are to be closed
  std::set<std::string> others;
  for (const broker::Consumer& one : consumers)
    if (!one.user.empty() && std::find(own->begin(), own->end(), one.connection) != own->end()) others.insert(one.user);
  if (others.empty()) return "";
  const auto me = broker.whoami();
  if (!me) return tl::make_unexpected(me.error());
  others.erase(me->name);
  if (others.empty() || me->may_close_others()) return "";
  return fmt::format("queue {} is consumed as user {}, whose connections user {} may not close: {}", queue.queue,
                     fmt::join(others, " and "), me->name, needs_tag(me->name));
}

Outcome unlisted_trouble(Hop& hop, broker::Broker& broker, const QueueRef& queue, std::uint64_t count,
                         const Limits& limits) {
  const auto me = ask_broker<broker::User>(hop, limits, [&] { return broker.whoami(); });
  if (!me) return me.error();
  const std::string seen =
      fmt::format("the broker counts {} consumer{} of queue {} and lists ", count, count == 1 ? "" : "s", queue.queue);
  if (!me->sees_others())
    return {Event::failed, kBrokerRights,
            fmt::format("{}none to user {}, who is shown its own alone: {}", seen, me->name, needs_tag(me->name))};
  return {Event::failed, "Broker",
          fmt::format("{}no connection of theirs, which is to be closed: its statistics are late or switched off "
                      "(management.disable_stats), or it is consumed by another protocol than AMQP 0-9-1",
                      seen)};
}

}  // namespace migrate::controller
