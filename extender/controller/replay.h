// What the steps of a replay share: the broker at hand, the record of its queues, and words to the target.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "extender/controller/backlog_watch.h"
#include "extender/controller/broker_rights.h"
#include "extender/controller/queue.h"
#include "shared/messages/bindings.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {

// `live` and `sequential`: the target replays what came meanwhile.
[[nodiscard]] bool replays(Hop& hop);

struct ReplayLink {
  QueueRef queue;
  std::shared_ptr<broker::Broker> broker;
};
[[nodiscard]] Attempt<ReplayLink> connect_replay(Hop& hop, const Limits& limits);

// The record; made at the first call.
[[nodiscard]] MessagesStatus& messages_of(Hop& hop);

// A broker that does not answer is asked again: it may be starting anew. Before the commit no longer than 20 s, for the
// source works or is frozen meanwhile; after it, where there is only forward, as long as `limits` allow. A right that
// is missing does not come by itself: it is waited for behind the commit alone.
inline constexpr milliseconds kBrokerPatience{20'000};
template <class T>
[[nodiscard]] Attempt<T> ask_broker(Hop& hop, const Limits& limits, const std::function<Result<T>()>& call) {
  Limits tries = limits;
  if (!is_after_commit(hop.status().phase))
    tries.until = std::min(limits.until, hop.world().pacer.now() + kBrokerPatience);
  milliseconds wait{50};
  for (;;) {
    auto answer = call();
    if (answer) {
      if constexpr (std::is_void_v<T>)
        return {};
      else
        return std::move(*answer);
    }
    const bool lacks_right = answer.error().is_missing_right;
    if ((lacks_right && !is_after_commit(hop.status().phase)) || !hop.pause(wait, tries))
      return tl::make_unexpected(
          hop.interrupted({Event::failed, lacks_right ? kBrokerRights : "Broker", answer.error().message}));
    wait = std::min(wait * 2, milliseconds{1'000});
  }
}

// What the broker says of the primary. A consumer that has just come is listed up to 5 s late, while its number is
// known at once: waits until as many are listed, but no longer than 6 s.
[[nodiscard]] Lookup<broker::QueueFacts> look_at_queue(Hop& hop, const ReplayLink& link, const Limits& limits);

// Why the broker's policies would limit the mirror, made or not. Nothing: that cannot be told from the policies,
// because the user may not read them or a pattern is beyond us; then only the mirror itself tells, once it is made.
[[nodiscard]] Lookup<std::vector<messages::Refusal>> limits_of_mirror(Hop& hop, const ReplayLink& link);

// The primary, and all that speaks against a mirror of it, as far as that can be told before it is made, the user's
// rights included. Reason "Broker": it did not answer.
struct MirrorLook {
  std::optional<broker::QueueFacts> facts;
  std::vector<messages::Refusal> against;
};
[[nodiscard]] MirrorLook look_at_mirrorable(Hop& hop, const ReplayLink& link, const Json& source, const Limits& limits);

// Failed when a limit holds for the mirror, which was made: what it drops would be lost. One may be set at any time, so
// it is asked again before the source stops.
[[nodiscard]] Attempt<void> check_limits(Hop& hop, const ReplayLink& link, const Limits& limits);

// How the primary is bound now, beside its mirror.
struct BindingsLook {
  messages::BindingsChange change = {};
  bool is_unbound = false;  // the mirror has no binding at all
};
[[nodiscard]] Attempt<BindingsLook> look_at_bindings(Hop& hop, const ReplayLink& link, const Limits& limits);
// Failed (BindingsChanged) when the primary is bound otherwise than its mirror: what comes by a binding that was added
// the source handles and the copy never sees; by one that was removed the copy alone gets messages. One may come or go
// at any time, so it is asked again before the source stops, and once more in the cut.
[[nodiscard]] Attempt<void> check_bindings(Hop& hop, const ReplayLink& link, const Limits& limits);

// Reason of a copy that does not read its mirror; behind the commit of a doubt that ends by itself when it does.
inline constexpr const char* kReplayNotStarted = "ReplayNotStarted";
inline constexpr const char* kMirrorLost = "MirrorLost";

// The mirror was deleted by somebody else, or lost what nobody was to take yet; or the primary was deleted.
[[nodiscard]] tl::unexpected<Outcome> mirror_lost(Hop& hop, const ReplayLink& link);
[[nodiscard]] tl::unexpected<Outcome> mirror_consumed(Hop& hop, const ReplayLink& link);
[[nodiscard]] tl::unexpected<Outcome> queue_lost(const ReplayLink& link);
// Before a copy is restored from the archives once more: what the one before it took of the mirror, it takes along. It
// counts as lost.
[[nodiscard]] Attempt<void> note_taken(Hop& hop, const ReplayLink& link, const Limits& limits);
// How the mirror stands now; failed when there is none.
[[nodiscard]] Attempt<broker::Depth> mirror_depth(Hop& hop, const ReplayLink& link, const Limits& limits);

// The same while nobody has been told to read it. Failed (MirrorConsumed) when it has lost messages all the same, so
// that the copy would lack them: somebody takes them, they expire, or the broker was started anew, which those that are
// not persistent do not survive. What it held is remembered from reading to reading, also of an earlier controller.
[[nodiscard]] Attempt<broker::Depth> unread_mirror_depth(Hop& hop, const ReplayLink& link, const Limits& limits);

[[nodiscard]] Attempt<broker::Depth> primary_depth(Hop& hop, const ReplayLink& link, const Limits& limits);

// The application's control queue, by its Pod's annotation or by its host name; `pod` under that name.
[[nodiscard]] std::string control_queue_of(const Json& pod, const std::string& name);
// The one its target will have.
[[nodiscard]] std::string target_control_queue(Hop& hop, const Json& source);
// Whether two instances have the same one: the word for a copy would reach the source that works beside it.
[[nodiscard]] bool is_control_queue_shared(const Json& pod);
[[nodiscard]] std::string shared_control_queue(const Json& pod);  // that, for a person
// That there is none, for a person: whoever follows the protocol declares it at each connect.
[[nodiscard]] std::string no_control_queue(const std::string& control);
// That there is one and nobody looks into it, for a person.
[[nodiscard]] std::string unread_control_queue(const std::string& control, milliseconds patience);
// Messages a second, by the annotation that says how long one takes. Nothing: it says nothing usable.
[[nodiscard]] std::optional<double> annotated_rate(const Json& pod);

// The name a Pod's processes see (Kubernetes: spec.hostname or the Pod's name, 63 characters of it).
[[nodiscard]] std::string hostname_of(const Json& pod);

// Makes the target's control queue, which is recorded before, and puts START_REPLAY into it. When it is the source's
// own too, nobody may look into it any more: the source is frozen, and what consumes it is closed first.
[[nodiscard]] Attempt<void> tell_start(Hop& hop, const ReplayLink& link, const Limits& limits);
// START_REPLAY once more, to an application that went back too early.
[[nodiscard]] Attempt<void> tell_again(Hop& hop, const ReplayLink& link, const Limits& limits);
[[nodiscard]] Attempt<void> tell_end(Hop& hop, const ReplayLink& link, const Limits& limits);

// After freeze and close: nobody consumes the primary, the mirror gets nothing more. Counts what then stands in both.
// `is_repeated`: an earlier attempt may have done some of it.
[[nodiscard]] Attempt<void> cut(Hop& hop, const ReplayLink& link, bool is_repeated, const Limits& limits);
// A part of it. The source is frozen and handles nothing any more, so this look is the last that is needed: what comes
// by a binding that is added after it waits in the primary for the target. A mirror without any binding an earlier
// attempt has unbound, behind its own look.
[[nodiscard]] Attempt<void> check_bindings_at_cut(Hop& hop, const ReplayLink& link, bool is_repeated,
                                                  const Limits& limits);
// So many messages more are in the primary as well as in the mirror, or were.
void add_repeats(MessagesStatus& messages, std::uint64_t in_both);
// The mirror gets nothing more: about how many messages came into it, where that is not counted.
void note_mirrored(Hop& hop);
// Takes the mirror from its exchanges: what it holds is all that is left to be replayed.
[[nodiscard]] Attempt<void> unbind_mirror(Hop& hop, const ReplayLink& link, const Limits& limits);

// Whether the target's application lives: its memory holds what was replayed, and a container that was started anew
// has lost it.
[[nodiscard]] Attempt<void> check_target_lives(Hop& hop, const Limits& limits);
// What it says of one that does not; `more` is known besides. A doubt finds the sentence again (news_of_shadow).
[[nodiscard]] tl::unexpected<Outcome> target_died(Hop& hop, const std::string& more = "");

// Way back: what the source must not find when it runs again, in a control queue that is the target's too. Before the
// thaw; and for whoever has its name after a migration that failed. One that is the target's alone is left as it is:
// should the target come to life all the same, it must find the word, or it would take from the primary. A right that
// is missing for it is warned of, and holds up nothing.
[[nodiscard]] Attempt<void> take_back_words(Hop& hop, const Limits& limits);
// The control queue of a target that was given up; its successor has another one, or finds the same empty.
[[nodiscard]] Attempt<void> forget_control_queue(Hop& hop, const ReplayLink& link, const Limits& limits);
// The source's own control queue, which nobody looks into any more. Not when the target has the same. Success, too,
// when it stays because somebody uses it: it is the application's.
[[nodiscard]] Attempt<void> remove_old_control_queue(Hop& hop, const Limits& limits);
// Mirror and control queue go, whatever is in them, when nobody reads the mirror any more (the last of a Pod that was
// taken away may take a moment), or some seconds later.
[[nodiscard]] Attempt<void> remove_queues(Hop& hop, const Limits& limits);

}  // namespace migrate::controller
