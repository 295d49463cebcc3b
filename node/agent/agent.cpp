#include "node/agent/agent.h"

#include <algorithm>

#include "node/agent/failure.h"

namespace migrate::agent {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kTidy{2};    // between two looks for what is left over
constexpr std::chrono::hours kTermAge{24};  // no controller is asleep for longer

}  // namespace

Agent::Agent(AgentParts parts)
    : parts_(std::move(parts)),
      fence_(parts_.places.terms()),
      source_({parts_.places, parts_.boot_id, parts_.runtime, parts_.clock, parts_.log}),
      archives_({parts_.places, parts_.boot_id, parts_.runtime, parts_.clock, parts_.log}, parts_.node, source_,
                parts_.kubelet),
      pushes_({parts_.places, parts_.connect_registry}, source_, archives_),
      target_({parts_.places, parts_.boot_id, parts_.runtime, parts_.clock, parts_.log, parts_.connect,
               parts_.registry_port, parts_.connect_registry, parts_.node,
               [this](const Order& order, const Archive& archive) { return archives_.folder_of(order, archive); }}),
      caretaker_([this](const std::stop_token& stop) { care(stop); }) {}

Agent::~Agent() = default;

void Agent::care(const std::stop_token& stop) {
  auto tidied = Steady::time_point::min();
  while (!stop.stop_requested()) {
    const Instant next = source_.tend();
    if (tidied == Steady::time_point::min() || Steady::now() - tidied >= kTidy) {
      target_.tend();
      fence_.forget_older_than(kTermAge);
      tidied = Steady::now();
    }
    const Microseconds pause = std::clamp<Microseconds>(next - parts_.clock.now(), Microseconds{1}, kTidy);
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, stop, pause, [this] { return deadlines_changed_; });
    deadlines_changed_ = false;
  }
}

void Agent::wake_caretaker() {
  {
    const std::lock_guard lock{mutex_};
    deadlines_changed_ = true;
  }
  changed_.notify_all();
}

AgentResult<void> Agent::admit(const Order& order, Fence::Written written) {
  return fence_.admit(order, written).and_then([&] { return is_readable(order); });
}

AgentResult<void> Agent::is_readable(const Order& order) const {
  return source_.is_readable(order.migration).and_then([&] { return target_.is_readable(order.migration); });
}

std::vector<HeldMigration> Agent::held() {
  std::vector<HeldMigration> all = source_.held();
  for (HeldMigration& one : target_.held())
    if (std::none_of(all.begin(), all.end(),
                     [&](const HeldMigration& known) { return known.migration == one.migration; }))
      all.push_back(std::move(one));
  if (all.size() > kMostHeld) all.resize(kMostHeld);
  return all;
}

void Agent::forget(const std::vector<std::string>& gone) {
  for (const HeldMigration& one : held()) {
    if (std::find(gone.begin(), gone.end(), one.migration) == gone.end()) continue;
    const LogFields fields{{"migration", one.migration}, {"name", one.name}};
    if (!source_.is_settled(one.migration)) {
      parts_.log.warn("its Migration is gone, but its source is frozen still or its record cannot be read: it is kept",
                      fields);
      continue;
    }
    const Order order{one.migration, one.name, 0};
    auto done = source_.clean_up(order).and_then([&] { return target_.clean_up(order); });
    if (done)
      parts_.log.info("forgotten, as its Migration is gone", fields);
    else
      parts_.log.warn("cannot be forgotten: " + done.error().message, fields);
  }
}

AgentResult<SourceRecord> Agent::timed(AgentResult<SourceRecord> record) const {
  if (record) record->clock = parts_.clock.now();
  return record;
}

AgentResult<SourceFacts> Agent::inspect(const Order& order, const PodRef& pod,
                                        const std::vector<std::string>& containers,
                                        const std::vector<std::string>& volumes, const Call&) {
  return admit(order).and_then([&] { return agent::inspect(parts_.places, parts_.runtime, pod, containers, volumes); });
}

AgentResult<void> Agent::check_kubelet(const Order& order, const PodRef& pod, const Call& call) {
  return admit(order).and_then([&]() -> AgentResult<void> {
    auto checked = parts_.kubelet.check(pod, call.timeout, call.stop);
    if (!checked) return failed(checked.error());
    return {};
  });
}

AgentResult<SourceRecord> Agent::freeze(const Order& order, const FreezeOrder& freeze, const Call&) {
  auto record = timed(admit(order).and_then([&] { return source_.freeze(order, freeze); }));
  wake_caretaker();
  return record;
}

AgentResult<std::vector<Archive>> Agent::checkpoint(const Order& order, const CheckpointOrder& checkpoint,
                                                    const Call& call) {
  return admit(order).and_then([&] { return archives_.checkpoint(order, checkpoint, call); });
}

AgentResult<Snapshot> Agent::snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call) {
  return admit(order).and_then([&] { return archives_.snapshot(order, snapshot, call, [this] { wake_caretaker(); }); });
}

AgentResult<void> Agent::read_archive(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                      const Call& call) {
  return fence_.check(order).and_then([&] { return is_readable(order); }).and_then([&] {
    return archives_.read(order, archive, sink, call);
  });
}

AgentResult<void> Agent::check_registry(const Order& order, const RegistryAccess& registry, const Call& call) {
  return admit(order).and_then([&] { return pushes_.check(registry, call); });
}

AgentResult<std::vector<PushedImage>> Agent::push(const Order& order, const PushOrder& push, const Call& call) {
  return admit(order).and_then([&] { return pushes_.push(order, push, call); });
}

AgentResult<std::vector<std::string>> Agent::withdraw(const Order& order, const RegistryAccess& registry,
                                                      const Call& call) {
  return admit(order).and_then([&] { return pushes_.withdraw(order, registry, call); });
}

AgentResult<SourceRecord> Agent::commit(const Order& order, const Call&) {
  return timed(admit(order).and_then([&] { return source_.commit(order); }));
}

AgentResult<SourceRecord> Agent::thaw(const Order& order, bool target_never_ran, const Call&) {
  return timed(admit(order, Fence::Written::may).and_then([&] { return source_.thaw(order, target_never_ran); }));
}

AgentResult<SourceRecord> Agent::source_record(const Order& order, const Call&) {
  return timed(admit(order, Fence::Written::may).map([&] { return source_.record(order); }));
}

AgentResult<bool> Agent::source_is_gone(const Order& order, const Call&) {
  return admit(order).and_then([&] { return source_.is_gone(order); });
}

AgentResult<void> Agent::prepare(const Order& order, const PrepareOrder& prepare, const Call&) {
  return admit(order).and_then([&] { return target_.prepare(order, prepare); });
}

AgentResult<PullFacts> Agent::pull(const Order& order, const PullOrder& pull, const Call& call) {
  return admit(order).and_then([&] { return target_.pull(order, pull, call); });
}

AgentResult<void> Agent::release(const Order& order, const ReleaseOrder& release, const Call&) {
  return admit(order).and_then([&] { return target_.release(order, release); });
}

AgentResult<std::vector<RestoredContainer>> Agent::restore_states(const Order& order, const PodRef& pod,
                                                                  const std::vector<std::string>& containers,
                                                                  const std::vector<RestoreState>& known,
                                                                  const Call& call) {
  return admit(order).and_then([&] { return target_.states(pod, containers, known, call); });
}

AgentResult<bool> Agent::cancel(const Order& order, const PodRef& pod, const Call& call) {
  return admit(order).and_then([&] { return target_.cancel(order, pod, call); });
}

AgentResult<void> Agent::clean_up(const Order& order, const Call&) {
  return admit(order, Fence::Written::may).and_then([&] { return source_.clean_up(order); }).and_then([&] {
    return target_.clean_up(order);
  });
}

}  // namespace migrate::agent
