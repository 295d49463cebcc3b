#include "node/runtime/create.h"

#include <fmt/format.h>

#include <algorithm>

namespace migrate::runtime {
namespace {

// Waits until the decision is another one.
Decision settle(const Request& request, Observation& seen, RestoreWorld& world) {
  bool waited = false;
  for (;;) {
    seen = world.observe();
    const milliseconds elapsed = world.elapsed();
    const Decision decision = decide(request, seen, elapsed);
    if (decision.action != Action::wait) {
      if (waited) world.note(fmt::format("waited {} ms for the checkpoint", elapsed.count()));
      if (waited && decision.action == Action::refuse) world.withdraw_waiting();
      return decision;
    }
    if (!waited) world.announce_waiting();
    waited = true;
    world.wait_for_change(kPatience - elapsed);
  }
}

// After the claim: whatever fails now is reported, for the agent to decide by; nothing is tried twice.
tl::unexpected<Error> failed_after_claim(const Error& error, std::optional<bool> resumed, RestoreWorld& world) {
  world.report_failure({error.message, resumed});
  return tl::make_unexpected(error);
}

}  // namespace

Result<Outcome> create_container(const Request& request, RestoreWorld& world) {
  // Nothing of the folder is looked at for all the containers that are none of ours.
  if (decide(request, {}, milliseconds{0}).action == Action::exec_runc) return Outcome::exec_runc;
  Observation seen;
  const auto refused = [&](Refusal why) { return failure(explain(why, request, seen)); };
  if (request.identity.kind == Identity::Kind::unknown) return refused(Refusal::identity);

  Decision decision = settle(request, seen, world);
  if (decision.action == Action::exec_runc) return Outcome::exec_runc;
  if (decision.action == Action::refuse) return refused(decision.refusal);

  // Before the claim: a failure here leaves nothing in doubt, and the kubelet may try again.
  if (auto prepared = world.prepare(); !prepared) return tl::make_unexpected(prepared.error());

  // The files took their time: the answer may be another one by now.
  seen = world.observe();
  decision = decide(request, seen, world.elapsed());
  if (decision.action != Action::restore)
    return refused(decision.action == Action::refuse ? decision.refusal : Refusal::aborted);

  if (auto claimed = world.claim(); !claimed) return tl::make_unexpected(claimed.error());

  // Our mark first, then a look at the other side's: either we see its `abort`, or it sees our `claimed`.
  if (seen = world.observe(); seen.folder != Observation::Folder::prepared || seen.abort)
    return failed_after_claim({explain(Refusal::aborted, request, seen)}, false, world);

  const milliseconds began = world.elapsed();
  if (auto restored = world.restore(); !restored)
    return failed_after_claim(restored.error(), world.tasks_resumed(), world);
  world.note(fmt::format("restored in {} ms", (world.elapsed() - began).count()));

  // Without an answer to `start` the runtime takes the container down again, although its memory has run.
  if (auto answered = world.answer_start(); !answered) return failed_after_claim(answered.error(), true, world);
  if (auto used = world.mark_used(); !used)
    world.note(fmt::format("the container runs, but its next start will be refused: {}", used.error().message));
  return Outcome::restored;
}

}  // namespace migrate::runtime
