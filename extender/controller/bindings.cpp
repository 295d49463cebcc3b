// The bindings of a queue and of its mirror: both must get the same until the cut, where the mirror's end.
#include <fmt/format.h>

#include "extender/controller/replay.h"

namespace migrate::controller {
namespace {

using Bindings = std::vector<broker::Binding>;

Attempt<std::optional<Bindings>> bindings_of(Hop& hop, const ReplayLink& link, const std::string& queue,
                                             const Limits& limits) {
  return ask_broker<std::optional<Bindings>>(hop, limits, [&] { return link.broker->list_bindings(queue); });
}

Attempt<Bindings> mirrors_bindings(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto bindings = bindings_of(hop, link, messages_of(hop).mirror, limits);
  if (!bindings) return tl::make_unexpected(bindings.error());
  if (!*bindings) return mirror_lost(hop, link);
  return std::move(**bindings);
}

tl::unexpected<Outcome> bindings_changed(Hop& hop, const ReplayLink& link, const messages::BindingsChange& change) {
  return give_up(Event::failed, "BindingsChanged",
                 fmt::format("queue {} {} while it was mirrored, so that its mirror {} does not get the same messages "
                             "and the copy would not come to what the source has handled; migrate again, and leave "
                             "the queue's bindings as they are meanwhile",
                             link.queue.queue, messages::describe(change), messages_of(hop).mirror));
}

}  // namespace

Attempt<BindingsLook> look_at_bindings(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto mirrors = mirrors_bindings(hop, link, limits);
  if (!mirrors) return tl::make_unexpected(mirrors.error());
  auto primarys = bindings_of(hop, link, link.queue.queue, limits);
  if (!primarys) return tl::make_unexpected(primarys.error());
  if (!*primarys) return queue_lost(link);
  return BindingsLook{messages::change_of(**primarys, *mirrors), mirrors->empty()};
}

Attempt<void> check_bindings(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto bound = look_at_bindings(hop, link, limits);
  if (!bound) return tl::make_unexpected(bound.error());
  if (!bound->change.is_none()) return bindings_changed(hop, link, bound->change);
  return {};
}

Attempt<void> check_bindings_at_cut(Hop& hop, const ReplayLink& link, bool is_repeated, const Limits& limits) {
  auto bound = look_at_bindings(hop, link, limits);
  if (!bound) return tl::make_unexpected(bound.error());
  // One that an earlier attempt has unbound in part looks like a queue that was bound further: then all goes back, too.
  if (is_repeated && bound->is_unbound) return {};
  if (!bound->change.is_none()) return bindings_changed(hop, link, bound->change);
  return {};
}

Attempt<void> unbind_mirror(Hop& hop, const ReplayLink& link, const Limits& limits) {
  // Its own bindings, not the primary's: those may have changed since.
  auto bindings = mirrors_bindings(hop, link, limits);
  if (!bindings) return tl::make_unexpected(bindings.error());
  // Each by itself it would be one round trip after the other, in which what is still bound comes into both queues and
  // what is not into the primary alone, so the copy would meet an earlier message after a later one. Together they
  // leave a moment of that, as the broker has no call for several bindings; to close it would take an exchange of ours
  // between theirs and the mirror, whose one binding could go.
  const std::string mirror = messages_of(hop).mirror;
  return ask_broker<void>(hop, limits, [&] { return link.broker->unbind_all(mirror, *bindings); });
}

}  // namespace migrate::controller
