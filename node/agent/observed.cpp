#include "node/agent/observed.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "node/agent/source_record.h"

namespace migrate::agent {
namespace {

using Steady = std::chrono::steady_clock;

std::string word_of(Backend backend) {
  return backend == Backend::direct ? "direct" : "kubelet";
}

// What an answer adds to its line.
LogFields told(const SourceRecord& record) {
  LogFields fields{{"state", std::string(to_string(record.state))}};
  if (!record.message.empty()) fields.emplace_back("reason", record.message);
  if (!record.lost.empty()) fields.emplace_back("lost", fmt::format("{}", fmt::join(record.lost, ",")));
  return fields;
}
LogFields told(const SourceFacts& facts) {
  Bytes memory;
  for (const ContainerFacts& container : facts.containers)
    memory = memory + container.memory;
  return {{"memory", std::to_string(memory.count)}};
}
LogFields told(const std::vector<Archive>& archives) {
  Bytes total;
  for (const Archive& archive : archives)
    total = total + archive.size;
  return {{"archives", std::to_string(archives.size())}, {"bytes", std::to_string(total.count)}};
}
LogFields told(const Snapshot& snapshot) {
  LogFields fields = told(snapshot.archives);
  fields.emplace_back("frozenMs", std::to_string(snapshot.frozen.count()));
  return fields;
}
LogFields told(const std::vector<PushedImage>& images) {
  LogFields fields;
  fields.reserve(images.size());
  for (const PushedImage& image : images)
    fields.emplace_back("image." + image.archive, image.reference);
  return fields;
}
LogFields told(const std::vector<std::string>& left) {
  LogFields fields;
  fields.reserve(left.size());
  for (const std::string& line : left)
    fields.emplace_back("left", line);
  return fields;
}
LogFields told(const PullFacts& facts) {
  return {{"bytes", std::to_string(facts.bytes.count)}};
}
LogFields told(const std::vector<RestoredContainer>& containers) {
  LogFields fields;
  fields.reserve(containers.size());
  for (const RestoredContainer& container : containers)
    fields.emplace_back("container." + container.name, std::string(to_string(container.state)) +
                                                           (container.message.empty() ? "" : ": " + container.message));
  return fields;
}
LogFields told(bool answer) {
  return {{"answer", answer ? "yes" : "no"}};
}

template <class T>
LogFields told_of(const AgentResult<T>& result) {
  if (!result) return {{"error", result.error().message}};
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return told(*result);
}

}  // namespace

std::string_view to_string(AgentError::Kind kind) {
  switch (kind) {
    case AgentError::Kind::unreachable:
      return "unreachable";
    case AgentError::Kind::stale:
      return "stale";
    case AgentError::Kind::refused:
      return "refused";
    case AgentError::Kind::precondition:
      return "precondition";
    case AgentError::Kind::failed:
      return "failed";
    case AgentError::Kind::no_space:
      return "no_space";
    case AgentError::Kind::cancelled:
      return "cancelled";
  }
  return "";
}

std::string_view to_string(RestoreState state) {
  switch (state) {
    case RestoreState::none:
      return "none";
    case RestoreState::prepared:
      return "prepared";
    case RestoreState::waiting:
      return "waiting";
    case RestoreState::claimed:
      return "claimed";
    case RestoreState::used:
      return "used";
    case RestoreState::failed:
      return "failed";
  }
  return "";
}

template <class Carry>
auto ObservedAgent::observe(const char* what, const Order& order, const Call& call, LogFields fields,
                            const Carry& carry) {
  ++running_;
  const auto began = Steady::now();
  auto result = carry();
  const auto took = std::chrono::duration_cast<Microseconds>(Steady::now() - began);
  --running_;
  const std::string outcome{result ? "done" : to_string(result.error().kind)};
  metrics_.order(what, outcome, took);
  fields.insert(fields.begin(), {{"migration", order.migration},
                                 {"name", order.name},
                                 {"term", std::to_string(order.term)},
                                 {"peer", call.peer},
                                 {"outcome", outcome},
                                 {"ms", fmt::format("{:.1f}", static_cast<double>(took.count()) / 1000)}});
  const LogFields more = told_of(result);
  fields.insert(fields.end(), more.begin(), more.end());
  log_.write(result ? LogLevel::info : LogLevel::warning, what, fields);
  return result;
}

AgentResult<SourceFacts> ObservedAgent::inspect(const Order& order, const PodRef& pod,
                                                const std::vector<std::string>& containers,
                                                const std::vector<std::string>& volumes, const Call& call) {
  return observe("inspect", order, call, {{"pod", pod.name}},
                 [&] { return agent_.inspect(order, pod, containers, volumes, call); });
}

AgentResult<void> ObservedAgent::check_kubelet(const Order& order, const PodRef& pod, const Call& call) {
  return observe("check_kubelet", order, call, {{"pod", pod.name}},
                 [&] { return agent_.check_kubelet(order, pod, call); });
}

AgentResult<SourceRecord> ObservedAgent::freeze(const Order& order, const FreezeOrder& freeze, const Call& call) {
  return observe("freeze", order, call, {{"pod", freeze.pod.name}, {"target", freeze.target_node}},
                 [&] { return agent_.freeze(order, freeze, call); });
}

AgentResult<std::vector<Archive>> ObservedAgent::checkpoint(const Order& order, const CheckpointOrder& checkpoint,
                                                            const Call& call) {
  return observe("checkpoint", order, call, {{"backend", word_of(checkpoint.backend)}},
                 [&] { return agent_.checkpoint(order, checkpoint, call); });
}

AgentResult<Snapshot> ObservedAgent::snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call) {
  return observe("snapshot", order, call,
                 {{"pod", snapshot.freeze.pod.name},
                  {"target", snapshot.freeze.target_node},
                  {"backend", word_of(snapshot.checkpoint.backend)}},
                 [&] { return agent_.snapshot(order, snapshot, call); });
}

AgentResult<void> ObservedAgent::read_archive(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                              const Call& call) {
  Bytes sent;
  auto result = observe("read_archive", order, call, {{"archive", archive}}, [&] {
    return agent_.read_archive(
        order, archive,
        [&](std::string_view piece) {
          sent.count += piece.size();
          return sink(piece);
        },
        call);
  });
  metrics_.archive_bytes("out", sent);
  return result;
}

AgentResult<void> ObservedAgent::check_registry(const Order& order, const RegistryAccess& registry, const Call& call) {
  return observe("check_registry", order, call, {{"repository", registry.repository}},
                 [&] { return agent_.check_registry(order, registry, call); });
}

AgentResult<std::vector<PushedImage>> ObservedAgent::push(const Order& order, const PushOrder& push, const Call& call) {
  auto result = observe("push", order, call, {{"repository", push.registry.repository}},
                        [&] { return agent_.push(order, push, call); });
  Bytes pushed;
  for (const PushedImage& image : result ? *result : std::vector<PushedImage>{})
    pushed = pushed + image.size;
  metrics_.archive_bytes("out", pushed);
  return result;
}

AgentResult<std::vector<std::string>> ObservedAgent::withdraw(const Order& order, const RegistryAccess& registry,
                                                              const Call& call) {
  return observe("withdraw", order, call, {{"repository", registry.repository}},
                 [&] { return agent_.withdraw(order, registry, call); });
}

AgentResult<SourceRecord> ObservedAgent::commit(const Order& order, const Call& call) {
  return observe("commit", order, call, {}, [&] { return agent_.commit(order, call); });
}

AgentResult<SourceRecord> ObservedAgent::thaw(const Order& order, bool target_never_ran, const Call& call) {
  return observe("thaw", order, call, {{"targetNeverRan", target_never_ran ? "yes" : "no"}},
                 [&] { return agent_.thaw(order, target_never_ran, call); });
}

AgentResult<SourceRecord> ObservedAgent::source_record(const Order& order, const Call& call) {
  return observe("source_record", order, call, {}, [&] { return agent_.source_record(order, call); });
}

AgentResult<bool> ObservedAgent::source_is_gone(const Order& order, const Call& call) {
  return observe("source_is_gone", order, call, {}, [&] { return agent_.source_is_gone(order, call); });
}

AgentResult<void> ObservedAgent::prepare(const Order& order, const PrepareOrder& prepare, const Call& call) {
  return observe("prepare", order, call, {{"pod", prepare.pod.name}},
                 [&] { return agent_.prepare(order, prepare, call); });
}

AgentResult<PullFacts> ObservedAgent::pull(const Order& order, const PullOrder& pull, const Call& call) {
  auto result =
      observe("pull", order, call, {{"source", pull.source_node}}, [&] { return agent_.pull(order, pull, call); });
  if (result) metrics_.archive_bytes("in", result->bytes);
  return result;
}

AgentResult<void> ObservedAgent::release(const Order& order, const ReleaseOrder& release, const Call& call) {
  return observe("release", order, call, {{"pod", release.pod.name}},
                 [&] { return agent_.release(order, release, call); });
}

AgentResult<std::vector<RestoredContainer>> ObservedAgent::restore_states(const Order& order, const PodRef& pod,
                                                                          const std::vector<std::string>& containers,
                                                                          const std::vector<RestoreState>& known,
                                                                          const Call& call) {
  return observe("restore_states", order, call, {{"pod", pod.name}},
                 [&] { return agent_.restore_states(order, pod, containers, known, call); });
}

AgentResult<bool> ObservedAgent::cancel(const Order& order, const PodRef& pod, const Call& call) {
  return observe("cancel", order, call, {{"pod", pod.name}}, [&] { return agent_.cancel(order, pod, call); });
}

AgentResult<void> ObservedAgent::clean_up(const Order& order, const Call& call) {
  return observe("clean_up", order, call, {}, [&] { return agent_.clean_up(order, call); });
}

}  // namespace migrate::agent
