// A shadow of the running source comes to life, and finds the word where to read before it reads anything.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "extender/controller/replay.h"
#include "extender/controller/restore_watch.h"
#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kShadowPatience{120'000};
constexpr milliseconds kShortPause{50};

// The last reading before anybody takes from it: how it grew until now tells how fast messages come. With a controller
// before us, which has named the control queue, somebody may have been told to read it already.
Attempt<void> note_growth(Hop& hop, const ReplayLink& link, const Limits& limits) {
  const bool is_unread = messages_of(hop).control_queue.empty();
  auto depth = is_unread ? unread_mirror_depth(hop, link, limits) : mirror_depth(hop, link, limits);
  if (!depth) return tl::make_unexpected(depth.error());
  note_backlog(hop, depth->ready);
  return {};
}

Outcome await_running_shadow(Hop& hop, const Limits& limits) {
  RestoreWatch watch{hop, "watch the restore", "RestoreFailed"};
  for (;;) {
    auto states = watch.look(limits);
    if (!states) return states.error();
    switch (judge(*states)) {
      case Verdict::running:
        return {};
      case Verdict::never_ran:
      case Verdict::unsure:
        return {Event::failed, "RestoreFailed",
                fmt::format("restore on node {}: {}", hop.status().target.node, failure_in(*states))};
      case Verdict::waiting:
        break;
    }
    if (watch.has_changed()) continue;
    auto live = Pods{hop}.live_target(limits);
    if (!live) return live.error();
    if (hop.pause(kShortPause, limits)) continue;
    return hop.interrupted({Event::deadline, "RestoreFailed", not_alive(*live, "in time")});
  }
}

}  // namespace

Outcome shadowing(Hop& hop) {
  Limits limits = hop.before_commit();
  limits.until = std::min(limits.until, hop.world().pacer.now() + kShadowPatience);
  // Of images the Pod may be between placeholder and target: then it is made below.
  if (!hop.is_by_image())
    if (auto live = Pods{hop}.live_target(limits); !live) return live.error();
  auto link = connect_replay(hop, limits);
  if (!link) return link.error();
  if (auto measured = note_growth(hop, *link, limits); !measured) return measured.error();
  // First the word, then the life: a restored application that reconnects must not take from the primary.
  if (auto told = tell_start(hop, *link, limits); !told) return told.error();
  if (hop.is_by_image()) {
    if (auto taken = take_placeholders_room(hop, limits); !taken) return taken.error();
    if (Outcome made = make_target_there(hop, limits); made.event != Event::done) return made;
    return await_running_shadow(hop, limits);
  }
  const agent::ReleaseOrder order{hop.target_ref(), names_of_containers(hop), {}};
  if (auto released = order_release(hop, order, limits); !released) return released.error();
  return await_running_shadow(hop, limits);
}

}  // namespace migrate::controller
