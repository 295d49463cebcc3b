// The work of each phase. Every step may be begun again at any point: it finds what an earlier attempt, perhaps by
// another controller, has done, and goes on. What it learns it puts into the status, which is written with the
// transition that follows.
#pragma once

#include <vector>

#include "extender/controller/hop.h"

namespace migrate::controller {

Outcome preparing(Hop& hop);
Outcome placing(Hop& hop);
Outcome orphaning(Hop& hop);
Outcome mirroring(Hop& hop);
Outcome freezing(Hop& hop);
Outcome checkpointing(Hop& hop);
Outcome transferring(Hop& hop);
Outcome shadowing(Hop& hop);
Outcome replaying(Hop& hop);
Outcome draining(Hop& hop);
Outcome committing(Hop& hop);
Outcome renaming(Hop& hop);
Outcome attaching(Hop& hop);
Outcome restoring(Hop& hop);
Outcome repeating(Hop& hop);
Outcome in_doubt(Hop& hop);  // looks once; `left` when nothing is decided yet
Outcome switching(Hop& hop);
Outcome finishing(Hop& hop);
Outcome returning(Hop& hop);  // looks for some seconds; `left` when the second hop is still under way
Outcome rolling_back(Hop& hop);

// What is left of a migration that has ended: archives, records, the finalizer. False: not all could be done yet.
[[nodiscard]] bool tidy(Hop& hop);

// Restores: the first, two repeats, and one on the source's node.
inline constexpr std::uint32_t kAttempts = 3;

// --- parts that several steps share ---

// Until the scheduler has bound the Pod; what it says meanwhile is shown. A Failed Pod is an answer too.
[[nodiscard]] Attempt<Json> await_bound(Hop& hop, const std::string& name, const Limits& limits);
// Until the target that was placed is as ready as it can be before the memory comes.
[[nodiscard]] Outcome await_target(Hop& hop, const Limits& limits);
// Of a target that no scheduler places: whether its node has room for it, as far as is known before it is there; and,
// once it is bound, its kubelet's word on that. `left`: not yet. It is looked at again, and shown meanwhile.
[[nodiscard]] Outcome await_room(Hop& hop, const Limits& limits);
[[nodiscard]] Outcome await_taken(Hop& hop, const Limits& limits);
// Orders the recorded target to be prepared on its node.
[[nodiscard]] Attempt<void> prepare_target(Hop& hop, const Limits& limits);
// Until the runtime waits in the `create` of the target's first container: by then its volumes are there.
[[nodiscard]] Outcome await_waiting(Hop& hop, const Limits& limits);
// The target agent of `node` fetches what was checkpointed.
[[nodiscard]] Attempt<agent::PullFacts> pull_archives(Hop& hop, const std::string& node, const Limits& limits);
// Removes the placeholder and records the target in its place, to be made on the same node.
[[nodiscard]] Attempt<void> take_placeholders_room(Hop& hop, const Limits& limits);
// Makes the recorded target Pod, which must land on the recorded node, and prepares it.
[[nodiscard]] Outcome make_target_there(Hop& hop, const Limits& limits);
// What follows the making of a target: its volumes, if they move with it.
[[nodiscard]] Outcome with_volumes(const Hop& hop, Outcome made);
// The target's memory may come to life from now on: not while its agent is away and its Pod is deleted meanwhile.
[[nodiscard]] Attempt<void> order_release(Hop& hop, const agent::ReleaseOrder& order, const Limits& limits);
// Whether no memory ran at the target and none will, durably. False: it may have run, or may yet.
[[nodiscard]] Attempt<bool> cancel_target(Hop& hop, const Limits& limits);
// A node that was taken out of the cluster keeps nothing of ours that anybody could reach.
[[nodiscard]] bool node_is_gone(Hop& hop, const std::string& node, const Limits& limits);
// Forgets the migration at that node's agent. Success, too, when there is no such node any more.
[[nodiscard]] Attempt<void> clean_up(Hop& hop, const std::string& node, const Limits& limits);
// The archives of a target that lives, on its node and in a registry. What cannot be is left to tidy().
void drop_archives(Hop& hop);
[[nodiscard]] std::vector<std::string> names_of_containers(Hop& hop);
// Behind the reason of a doubt, for who decides: whether the source's memory is there still. Ends what has lost it.
void say_what_is_left(Hop& hop);
// Whether a doubt was ended before by that decision, and none by another one since.
[[nodiscard]] bool was_decided(const MigrationStatus& status, Resolution resolution);

// What the containers' states mean together. Pure.
enum class Verdict { waiting, running, never_ran, unsure };
[[nodiscard]] Verdict judge(const std::vector<agent::RestoredContainer>& containers);
// The first message of a failed one.
[[nodiscard]] std::string failure_in(const std::vector<agent::RestoredContainer>& containers);

}  // namespace migrate::controller
