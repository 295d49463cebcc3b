// The looks at the queue: that its broker can be asked is found out now, not while the source is frozen; and, with
// replay, what it says of the queue.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/choice.h"
#include "extender/controller/inquiry.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kReaderPatience{10'000};  // the protocol asks for a look each second, whatever is worked on
constexpr milliseconds kReaderPoll{20};

Refusal no_queue(const PodView& view) {
  return {"NoQueue",
          fmt::format("Pod {}/{} names no queue or no broker: set the annotations kubectl-migrate.dev/queue and "
                      "kubectl-migrate.dev/broker-secret, or --queue and --broker-secret; or use --strategy stop",
                      view.namespace_, view.name),
          ""};
}

// Once for all looks. False: there is no queue, or no broker.
Attempt<bool> connect(Inquiry& asked) {
  QueueLook& look = asked.queue;
  if (look.link || look.no_link) return look.link.has_value();
  const auto queue = queue_of(asked.hop.migration(), asked.view());
  if (!queue) return false;
  auto broker = connect_to(asked.hop, *queue, asked.limits);
  if (broker) {
    look.link = ReplayLink{*queue, *broker};
    return true;
  }
  if (broker.error().event != Event::failed) return tl::make_unexpected(broker.error());
  look.no_link = broker.error();
  return false;
}

// Where a volume speaks against a replay the queue need not be asked; nor where nobody is to choose or to be told.
bool may_replay(const Inquiry& asked) {
  const MigrationSpec& spec = asked.hop.migration().spec;
  if (is_local(asked.hop.migration())) return false;
  if (spec.strategy == Strategy::live || spec.strategy == Strategy::sequential) return true;
  const bool is_open = spec.strategy == Strategy::automatic || spec.dry_run;
  return is_open && asked.around.moved_volumes.empty() &&
         without_accepted(replay_refusals(*asked.pod), spec.accept).empty();
}

// Whether somebody looks into the control queue. It outlives who declared it, so that there is one says little: the
// copy of an application that looks elsewhere would take from the primary, and with `sequential` be found out behind
// the commit. A consumer shows by itself; who fetches word by word is asked by one that says nothing to an application
// that reads its own queue. Nobody else is told it: who consumes nothing may be replaying still.
Result<bool> is_looked_into(Inquiry& asked, const std::string& control) {
  broker::Broker& broker = *asked.queue.link->broker;
  const Limits patience{std::min(asked.limits.until, asked.hop.world().pacer.now() + kReaderPatience),
                        asked.limits.stop};
  bool is_asked = false;
  for (;;) {
    const auto depth = broker.depth(control);
    if (!depth) return tl::make_unexpected(depth.error());
    if (!*depth || (*depth)->consumers > 0 || ((*depth)->ready == 0 && is_asked)) return true;
    // What an earlier migration has left there asks as well.
    if ((*depth)->ready == 0) {
      const auto primary = broker.depth(asked.queue.link->queue.queue);
      if (!primary) return tl::make_unexpected(primary.error());
      if (!*primary || (*primary)->consumers == 0) return true;
      if (asked.hop.migration().spec.dry_run) return true;  // which leaves nothing behind, no word either
      if (auto told = broker.publish(control, messages::end_replay()); !told) return tl::make_unexpected(told.error());
      is_asked = true;
    }
    if (!asked.hop.pause(kReaderPoll, patience)) break;
  }
  const bool is_cut_short = asked.limits.stop.stop_requested() || asked.hop.left_of(asked.limits) == milliseconds{0};
  // A right that is missing for it leaves a word that says nothing.
  if (is_asked) (void)broker.purge(control);
  return is_cut_short;  // then nobody knows
}

void look_at_mirror(Inquiry& asked, QueueLook& look) {
  const Json& pod = *asked.pod;
  const PodView view = asked.view();
  const auto against = [&](const char* reason, const std::string& message) {
    look.against_replay.push_back({reason, message, ""});
  };
  const std::string control = control_queue_of(pod, view.name);
  const auto follows = look.link->broker->depth(control);
  if (!follows)
    against("Broker", follows.error().message);
  else if (!*follows)
    against("NoControlQueue", no_control_queue(control));
  MirrorLook mirror = look_at_mirrorable(asked.hop, *look.link, pod, asked.limits);
  for (const messages::Refusal& one : mirror.against)
    against(one.reason.c_str(), one.message);
  look.facts = std::move(mirror.facts);
  // Last, as it may take a while.
  if (look.against_replay.empty() && look.facts && view.phase == "Running") {
    const auto looks = is_looked_into(asked, control);
    if (!looks)
      against("Broker", looks.error().message);
    else if (!*looks)
      against("ControlQueueUnread", unread_control_queue(control, kReaderPatience));
  }
  if (look.against_replay.empty() && look.facts) look.outlook = queue_outlook(*look.link, *look.facts, pod);
}

// What counts for every strategy: each closes the source's connections.
void judge_deliveries(Inquiry& asked, const broker::QueueFacts& facts) {
  if (const auto refused = messages::delivery_refusal(facts)) asked.add({refused->reason, refused->message, ""});
  if (std::string warning = messages::delivery_warning(facts); !warning.empty())
    asked.warnings.push_back(std::move(warning));
}

// Likewise; and may its user? Where the broker has not told yet whose they are it is asked again before the freeze.
Attempt<void> judge_closing(Inquiry& asked, const std::vector<broker::Consumer>& consumers) {
  const ReplayLink& link = *asked.queue.link;
  const auto trouble = closing_trouble(*link.broker, link.queue, consumers, asked.view());
  if (!trouble) return give_up(Event::refused, "Broker", trouble.error().message);
  if (!trouble->empty()) asked.add({kBrokerRights, *trouble, ""});
  return {};
}

}  // namespace

Attempt<void> look_at_replay(Inquiry& asked) {
  asked.hop.status().strategy = asked.hop.migration().spec.strategy;
  if (!asked.pod) return {};
  QueueLook& look = asked.queue;
  if (!may_replay(asked)) {
    look.why_none = "its queue was not looked at";
    return {};
  }
  auto connected = connect(asked);
  if (!connected) return tl::make_unexpected(connected.error());
  if (*connected) {
    look_at_mirror(asked, look);
    for (const Refusal& one : look.against_replay)
      look.why_none += (look.why_none.empty() ? "" : " and ") + one.message;
  } else if (look.no_link) {
    look.why_none = look.no_link->message;
  } else {
    look.against_replay.push_back(no_queue(asked.view()));
    look.why_none = "the Pod names no queue and broker";
  }
  return {};
}

Attempt<void> judge_queue(Inquiry& asked) {
  if (!asked.pod) return {};
  auto connected = connect(asked);
  if (!connected) return tl::make_unexpected(connected.error());
  const QueueLook& look = asked.queue;
  if (look.no_link) return give_up(Event::refused, look.no_link->reason, look.no_link->message);
  if (replays(asked.hop)) {
    asked.add(look.against_replay);
    if (asked.hop.status().strategy == Strategy::live && is_control_queue_shared(*asked.pod))
      asked.add({"SharedControlQueue",
                 fmt::format("Pod {}/{}: {}, or use --strategy sequential or stop", asked.view().namespace_,
                             asked.view().name, shared_control_queue(*asked.pod)),
                 ""});
    if (!look.facts) return {};
    judge_deliveries(asked, *look.facts);
    if (std::string warning = messages::feed_warning(*look.facts); !warning.empty())
      asked.warnings.push_back(std::move(warning));
    return judge_closing(asked, look.facts->consumers);
  }
  if (!*connected) {
    if (asked.hop.migration().spec.messages == MessageMode::queue) asked.add(no_queue(asked.view()));
    return {};
  }
  const auto listed = look.link->broker->consumers(look.link->queue.queue);
  if (!listed) return give_up(Event::refused, "Broker", listed.error().message);
  std::optional<broker::QueueFacts> facts = look.facts;
  // Nothing else of it matters here, and a broker that does not tell it is no hindrance.
  if (!facts) facts = look.link->broker->queue(look.link->queue.queue).value_or(std::nullopt);
  if (facts) judge_deliveries(asked, *facts);
  // The list may be of the user's own alone.
  const std::vector<broker::Consumer>& consumers = facts ? facts->consumers : *listed;
  if (const auto refused = messages::auto_ack_refusal(look.link->queue.queue, consumers))
    asked.add({refused->reason, refused->message, ""});
  return judge_closing(asked, consumers);
}

}  // namespace migrate::controller
