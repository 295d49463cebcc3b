// The mirror is bound; then what waited before must be handled, so that nothing is in neither the copy nor the mirror.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "extender/controller/replay.h"
#include "extender/controller/steps.h"
#include "shared/messages/fence.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kPoll{50};
constexpr milliseconds kAfterBinding{200};  // what was routed before the last binding has arrived
constexpr milliseconds kTotalsEvery{1'000};
constexpr milliseconds kFencePatience{60'000};

Attempt<broker::QueueFacts> look_at_primary(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto facts =
      ask_broker<std::optional<broker::QueueFacts>>(hop, limits, [&] { return look_at_queue(hop, link, limits); });
  if (!facts) return tl::make_unexpected(facts.error());
  if (!*facts)
    return give_up(Event::failed, "QueueUnknown", fmt::format("the broker has no queue {}", link.queue.queue));
  if (const auto all = messages::mirror_refusals(**facts); !all.empty())
    return give_up(Event::refused, all.front().reason, all.front().message);
  return std::move(**facts);
}

Attempt<void> bind_mirror(Hop& hop, const ReplayLink& link, const broker::QueueFacts& primary, const Limits& limits) {
  MessagesStatus& messages = messages_of(hop);
  // By a controller before us. What came to the queue by a binding that it has got since is not in the mirror, so that
  // to bind the mirror now would hide a hole.
  if (messages.bound_at) return check_bindings(hop, link, limits);
  messages.queue = link.queue.queue;
  messages.mirror = messages::mirror_name(hop.migration().uid);
  // Written before it is made: a queue that no record names would never be removed.
  if (auto written = hop.journal().write(); !written) return written;
  if (auto made = ask_broker<void>(hop, limits, [&] { return link.broker->declare_queue(messages.mirror); }); !made)
    return made;
  for (const broker::Binding& binding : primary.bindings)
    if (auto bound = ask_broker<void>(hop, limits, [&] { return link.broker->bind(messages.mirror, binding); }); !bound)
      return bound;
  messages.prefetch = messages::may_hold(primary);
  messages.bound_at = hop.world().clock.now();
  return hop.journal().write();
}

// Until the fence holds; see shared/messages/fence.h for why these two, in this order.
Attempt<void> await_fence(Hop& hop, const ReplayLink& link, const broker::QueueFacts& primary, const Limits& limits) {
  if (!hop.pause(kAfterBinding, limits))
    return tl::make_unexpected(hop.interrupted({Event::deadline, "DeadlineExceeded", "the time is over"}));
  MessagesStatus& messages = messages_of(hop);
  messages::Fence fence{messages::may_hold(primary), messages.backlog.empty()
                                                         ? std::optional<std::uint64_t>{}
                                                         : std::optional{messages.backlog.front().ready}};
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + kFencePatience), limits.stop};
  auto next_totals = hop.world().pacer.now() + kTotalsEvery;
  for (;;) {
    auto mirror = mirror_depth(hop, link, limits);
    if (!mirror) return tl::make_unexpected(mirror.error());
    auto own = primary_depth(hop, link, limits);
    if (!own) return tl::make_unexpected(own.error());
    fence.read(hop.world().pacer.now(), mirror->ready, own->ready);
    note_backlog(hop, mirror->ready);
    if (fence.holds()) return {};
    if (fence.mirror_shrank()) return mirror_consumed(hop, link);
    if (hop.world().pacer.now() >= next_totals) {
      // As old as before it was asked for: the answer may take its time.
      const auto asked = hop.world().pacer.now();
      next_totals = asked + kTotalsEvery;
      auto totals = link.broker->totals(link.queue.queue);
      if (totals && *totals) fence.total(asked, (*totals)->ready + (*totals)->unacknowledged);
      if (fence.holds()) return {};
    }
    if (!hop.pause(kPoll, patience))
      return tl::make_unexpected(hop.interrupted(
          {Event::failed, "FenceNotPassed",
           fmt::format(
               "{} messages that waited in queue {} before its mirror began are not handled yet after {} s; use "
               "--strategy stop, or migrate when the queue is shorter",
               fence.missing(), link.queue.queue, kFencePatience.count() / 1000)}));
  }
}

}  // namespace

Outcome mirroring(Hop& hop) {
  const Limits limits = hop.before_commit();
  if (auto live = Pods{hop}.live_target(limits); !live) return live.error();
  auto link = connect_replay(hop, limits);
  if (!link) return link.error();
  auto primary = look_at_primary(hop, *link, limits);
  if (!primary) return primary.error();
  if (auto bound = bind_mirror(hop, *link, *primary, limits); !bound) return bound.error();
  if (auto passed = await_fence(hop, *link, *primary, limits); !passed) return passed.error();
  if (auto unlimited = check_limits(hop, *link, limits); !unlimited) return unlimited.error();
  if (auto alike = check_bindings(hop, *link, limits); !alike) return alike.error();
  return {Event::done, "", "mirror of " + link->queue.queue};
}

}  // namespace migrate::controller
