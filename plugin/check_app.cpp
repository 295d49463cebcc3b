// check-app: the replay protocol, played to a throw-away copy of an application.
#include <fmt/format.h>

#include <ostream>

#include "plugin/app_trial.h"
#include "plugin/broker_secret.h"
#include "plugin/broker_way.h"
#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/interrupt.h"
#include "plugin/json_path.h"
#include "plugin/migrate.h"
#include "plugin/preflight.h"
#include "shared/broker/listed_queue.h"
#include "shared/kube/known_objects.h"
#include "shared/messages/mirror.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

// A flag, or the Pod's annotation.
Outcome<std::string> named(const std::string& flag_value, const Json& pod, const char* annotation, const char* flag) {
  if (!flag_value.empty()) return flag_value;
  std::string value = text_at(pod, {"metadata", "annotations", annotation});
  if (value.empty())
    return fail(
        fmt::format("Pod {} has no annotation {}: name it with {}", kube::metadata_of(pod, "name"), annotation, flag),
        exit_code::kRefused);
  return value;
}

// All that must be so before a copy is worth making.
struct Prepared {
  std::shared_ptr<broker::Broker> broker;
  TrialPlan plan;
};

Outcome<Prepared> prepare(const Session& session, const Options& options, BrokerWay& way) {
  const auto pod = running_pod(session, options.name);
  if (!pod) return tl::make_unexpected(pod.error());
  const auto queue = named(options.queue, *pod, kQueueAnnotation, "--queue");
  if (!queue) return tl::make_unexpected(queue.error());
  const auto secret = named(options.broker_secrets.empty() ? "" : options.broker_secrets.front(), *pod,
                            kBrokerSecretAnnotation, "--broker-secret");
  if (!secret) return tl::make_unexpected(secret.error());

  Prepared prepared;
  TrialPlan& plan = prepared.plan;
  auto copy = copy_of(*pod, chosen_name(options.name + "-check", [&] { return session.io.pacer.random(); }));
  if (!copy) return tl::make_unexpected(copy.error());
  plan.copy = std::move(*copy);
  plan.queue = messages::queue_name(*queue, options.name);
  plan.mirror = "ms2m.check." + plan.copy.name;
  plan.collect = options.collect;
  plan.may_touch_queue = !options.accept.empty();

  const auto address = broker_address(session, *secret);
  if (!address) return tl::make_unexpected(address.error());
  auto reached = way.reach(*address, session.namespace_);
  if (!reached) return fail(reached.error().message);
  prepared.broker = std::move(*reached);
  return prepared;
}

// Whether the queue can be mirrored at all, as a migration asks.
Outcome<bool> check_queue(Io& io, broker::Broker& broker, TrialPlan& plan, CheckList& checks) {
  checks.group("queue");
  const std::string what = fmt::format("queue {} can be mirrored", plan.queue);
  const auto until = io.pacer.now() + broker::kListingDelay;
  const auto facts = broker::listed_queue(broker, plan.queue, [&] {
    return io.pacer.now() < until && !io.interrupted() && io.pacer.sleep(broker::kBetweenListings, {});
  });
  if (!facts) return fail(facts.error().message);
  std::string why;
  if (!*facts)
    why = fmt::format("there is no queue {}; --queue or annotation {} names the Pod's", plan.queue, kQueueAnnotation);
  else
    for (const messages::Refusal& refusal : messages::mirror_refusals(**facts))
      why += (why.empty() ? "" : "\n") + refusal.message;
  if (!why.empty()) {
    checks.failed(what, why, "docs/strategies.md");
    return false;
  }
  plan.bindings = (*facts)->bindings;
  checks.ok(what);
  return true;
}

}  // namespace

int run_check_app(const Session& session, const Options& options, BrokerWay& way) {
  const Interrupts interrupts;
  auto prepared = prepare(session, options, way);
  if (!prepared) return report(session.io, prepared.error());
  CheckList checks{session.io, options.output};
  const auto can_be = check_queue(session.io, *prepared->broker, prepared->plan, checks);
  if (!can_be) return report(session.io, can_be.error());
  if (*can_be) {
    AppTrial trial{session, *prepared->broker, checks, std::move(prepared->plan)};
    const auto done = trial.run();
    trial.clean_up();
    if (!done) return report(session.io, done.error());
  }
  return checks.conclude() ? exit_code::kDone : exit_code::kFailed;
}

}  // namespace migrate::plugin
