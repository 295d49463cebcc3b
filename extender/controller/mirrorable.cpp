// Whether a queue can be mirrored, and whether the broker would give the mirror limits that lose messages.
#include <fmt/format.h>

#include <algorithm>

#include "extender/controller/replay.h"
#include "shared/broker/listed_queue.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {

Lookup<broker::QueueFacts> look_at_queue(Hop& hop, const ReplayLink& link, const Limits& limits) {
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + broker::kListingDelay), limits.stop};
  return broker::listed_queue(*link.broker, link.queue.queue,
                              [&] { return hop.pause(broker::kBetweenListings, patience); });
}

Lookup<std::vector<messages::Refusal>> limits_of_mirror(Hop& hop, const ReplayLink& link) {
  const auto policies = link.broker->policies();
  if (!policies) return tl::make_unexpected(policies.error());
  if (!*policies) return std::nullopt;
  return messages::policy_refusals(**policies, messages::mirror_name(hop.migration().uid));
}

MirrorLook look_at_mirrorable(Hop& hop, const ReplayLink& link, const Json& source, const Limits& limits) {
  MirrorLook look;
  auto facts = look_at_queue(hop, link, limits);
  if (!facts || !*facts) {
    look.against.push_back(
        facts ? messages::Refusal{"QueueUnknown", fmt::format("the broker has no queue {}", link.queue.queue)}
              : messages::Refusal{"Broker", facts.error().message});
    return look;
  }
  look.facts = std::move(**facts);
  look.against = messages::mirror_refusals(*look.facts);
  if (const auto may = may_replay_from(hop, link, source, *look.facts); !may)
    look.against.push_back(
        may.error().is_missing_right
            ? messages::Refusal{kBrokerRights,
                                fmt::format("queue {} cannot be mirrored by the user in the broker's Secret: {}; or "
                                            "use --strategy stop, which needs no mirror",
                                            link.queue.queue, may.error().message)}
            : messages::Refusal{"Broker", may.error().message});
  const auto limited = limits_of_mirror(hop, link);
  if (!limited)
    look.against.push_back({"Broker", limited.error().message});
  else if (*limited)
    look.against.insert(look.against.end(), (*limited)->begin(), (*limited)->end());
  return look;
}

// What a limit drops from the mirror would be lost. The policies tell at once, but not every broker shows them to a
// user with the least rights, `management`. Such a one asks for the mirror itself; there the broker tells what holds,
// up to 5 s after it was made. So that wait is only for who has no other way.
Attempt<void> check_limits(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto known = ask_broker<std::optional<std::vector<messages::Refusal>>>(hop, limits,
                                                                         [&] { return limits_of_mirror(hop, link); });
  if (!known) return tl::make_unexpected(known.error());
  if (!*known) {
    const std::string mirror = messages_of(hop).mirror;
    auto facts = ask_broker<std::optional<broker::QueueFacts>>(hop, limits, [&] { return link.broker->queue(mirror); });
    if (!facts) return tl::make_unexpected(facts.error());
    if (!*facts) return mirror_lost(hop, link);
    *known = messages::mirror_troubles(**facts);
  }
  if (!(*known)->empty()) return give_up(Event::failed, (*known)->front().reason, (*known)->front().message);
  return {};
}

}  // namespace migrate::controller
