#include "node/agent/archives.h"

#include <fmt/format.h>

#include <algorithm>

#include "node/agent/criu_log.h"
#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/agent/tree_tar.h"
#include "shared/image/digest.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;
using Producer = std::function<Result<void>(const image::ByteSink&)>;

constexpr const char* kVolume = "volume/";
constexpr Bytes kFullDisk = 16_MiB;  // less free than that explains why something failed

Result<Archive> digested(const std::string& name, const Producer& produce) {
  image::Sha256 digest;
  Archive archive{name, {}, {}};
  auto produced = produce([&](std::span<const char> piece) {
    digest.update(piece.data(), piece.size());
    archive.size.count += piece.size();
    return true;
  });
  if (!produced) return tl::make_unexpected(produced.error());
  archive.digest = digest.finish();
  return archive;
}

Result<void> write_tree_file(const fs::path& folder, Whiteouts whiteouts, const fs::path& file) {
  image::FileWriter writer{file.string()};
  auto written = write_tree(folder, whiteouts, [&](std::span<const char> piece) { return writer.write(piece); });
  // What the disk said comes first: it is the cause of what the writer above it reports.
  if (auto finished = writer.finish(); !finished) return finished;
  return written;
}

Result<void> write_file(const fs::path& file, const std::string& content) {
  image::FileWriter writer{file.string()};
  (void)writer.write({content.data(), content.size()});  // finish tells
  return writer.finish();
}

// Where an archive of that name lies, if it were there.
struct Laid {
  fs::path folder;  // of its parts
  fs::path file;    // or all of it
};
Laid place_of(const fs::path& source, const std::string& archive) {
  if (archive.rfind(kVolume, 0) == 0)
    return {{}, source / "volumes" / (archive.substr(std::string_view(kVolume).size()) + ".tar")};
  return {source / "containers" / archive, source / "containers" / (archive + ".tar")};
}

Producer stream_of(const Laid& laid) {
  std::error_code code;
  if (!laid.folder.empty() && fs::is_directory(laid.folder, code))
    return [folder = laid.folder](const image::ByteSink& sink) { return write_tree(folder, Whiteouts::none, sink); };
  return [file = laid.file](const image::ByteSink& sink) -> Result<void> {
    auto read = image::read_file(file.string(), sink);
    if (!read) return tl::make_unexpected(read.error());
    return {};
  };
}

}  // namespace

AgentResult<std::vector<Archive>> Archives::checkpoint(const Order& order, const CheckpointOrder& checkpoint,
                                                       const Call& call) {
  const auto turn = turns_.take(order.migration, call.stop, call.timeout);
  if (!turn) return agent_failure(Kind::cancelled, "another order checkpoints this source already");
  const auto at_work = source_.checkpoint_at_work(order.migration);
  return source_.permitted(order, SourceOrder::checkpoint)
      .and_then([&](const StoredSource& stored) { return make(order, stored, checkpoint, call); })
      .map_error([&](AgentError error) { return with_cause(std::move(error)); });
}

AgentResult<Snapshot> Archives::snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call,
                                         const std::function<void()>& when_frozen) {
  const auto turn = turns_.take(order.migration, call.stop, call.timeout);
  if (!turn) return agent_failure(Kind::cancelled, "another order checkpoints this source already");
  auto made = source_.made_snapshot(order, snapshot.freeze);
  if (!made) return tl::make_unexpected(made.error());
  if (*made) return std::move(**made);
  Call whole = call;
  whole.stop = {};
  return make_snapshot(order, snapshot, whole, when_frozen).map_error([&](AgentError error) {
    return with_cause(std::move(error));
  });
}

AgentError Archives::with_cause(AgentError error) const {
  if (error.kind == Kind::failed)
    if (const auto free = free_disk(parts_.places.state); free && *free < kFullDisk) error.kind = Kind::no_space;
  return error;
}

AgentResult<std::vector<Archive>> Archives::make(const Order& order, const StoredSource& stored,
                                                 const CheckpointOrder& checkpoint, const Call& call) {
  if (!stored.archives.empty()) return stored.archives;
  return prepare(order, stored.containers, checkpoint)
      .and_then([&](const Uppers& uppers) { return take(order, stored, checkpoint, uppers, call); })
      .and_then([&] { return pack(order, stored, checkpoint); })
      .and_then([&](std::vector<Archive> archives) -> AgentResult<std::vector<Archive>> {
        if (auto kept = source_.keep_archives(order, archives); !kept) return tl::make_unexpected(kept.error());
        return archives;
      });
}

AgentResult<Snapshot> Archives::make_snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call,
                                              const std::function<void()>& when_frozen) {
  // From here on nothing is cleaned up under it, and a thaw keeps it from beginning.
  auto at_work = source_.checkpoint_at_work(order.migration);
  const auto containers = source_.find_containers(snapshot.freeze);
  if (!containers) return tl::make_unexpected(containers.error());
  const auto uppers = prepare(order, *containers, snapshot.checkpoint);
  if (!uppers) return tl::make_unexpected(uppers.error());
  const auto stored = source_.begin_snapshot(order, snapshot.freeze);
  if (!stored) return tl::make_unexpected(stored.error());
  when_frozen();
  const auto taken = take(order, *stored, snapshot.checkpoint, *uppers, call);
  at_work.reset();
  auto made =
      taken.and_then([&] { return source_.run_on(order); })
          .and_then([&] { return pack(order, *stored, snapshot.checkpoint); })
          .and_then([&](const std::vector<Archive>& archives) { return source_.end_snapshot(order, archives); });
  if (!made) source_.fail_snapshot(order, made.error().message);
  return made;
}

AgentResult<Archives::Uppers> Archives::prepare(const Order& order, const std::vector<FrozenContainer>& containers,
                                                const CheckpointOrder& checkpoint) {
  const auto attempt = "checkpoint " + order.name;
  const fs::path source = parts_.places.source(order.migration);
  for (const char* part : {"containers", "volumes", "work"}) {
    if (auto removed = remove_tree(source / part); !removed) return failed(removed.error(), attempt);
    if (auto folder = make_private_folder(source, part); !folder) return failed(folder.error(), attempt);
  }
  for (const std::string& volume : checkpoint.volumes)
    if (!is_plain_name(volume))
      return agent_failure(Kind::precondition, fmt::format("{}: '{}' names no volume", attempt, volume));
  Uppers uppers;
  if (checkpoint.backend != Backend::direct) return uppers;
  for (const FrozenContainer& container : containers) {
    const auto upper = parts_.runtime.upper_folder(container.id);
    if (!upper) return failed(upper.error(), "checkpoint container " + container.name);
    if (!*upper)
      return agent_failure(Kind::precondition,
                           fmt::format("checkpoint container {}: its root is no overlay, so its changed files cannot "
                                       "be found; use the backend kubelet",
                                       container.name));
    uppers[container.id] = **upper;
  }
  return uppers;
}

AgentResult<void> Archives::take(const Order& order, const StoredSource& stored, const CheckpointOrder& checkpoint,
                                 const Uppers& uppers, const Call& call) {
  const auto attempt = fmt::format("checkpoint {}/{}", stored.pod.namespace_, stored.pod.name);
  const fs::path source = parts_.places.source(order.migration);
  for (const FrozenContainer& container : stored.containers) {
    if (call.stop.stop_requested()) return agent_failure(Kind::cancelled, attempt + ": cancelled");
    const auto left = std::chrono::ceil<milliseconds>(stored.deadline - parts_.clock.now());
    if (checkpoint.backend == Backend::direct) {
      const auto upper = uppers.find(container.id);
      if (upper == uppers.end())
        return agent_failure(Kind::failed,
                             fmt::format("{}: its container {} was started anew meanwhile", attempt, container.name));
      auto dumped = dump(source, container, upper->second, left);
      if (!dumped)
        tell_criu_log(parts_.log, source / "work" / container.name / "dump.log",
                      {{"migration", order.migration},
                       {"name", order.name},
                       {"container", container.name},
                       {"pod", stored.pod.name}});
      if (!dumped) return dumped;
      continue;
    }
    auto done = kubelet_.checkpoint(stored.pod, container.name, source / "containers" / (container.name + ".tar"),
                                    std::min(left, call.timeout), call.stop);
    if (!done) return failed(done.error());
    const auto after = parts_.runtime.find(stored.pod.uid, container.name);
    if (!after) return failed(after.error(), attempt);
    if (!*after || (*after)->id != container.id || !(*after)->paused)
      return agent_failure(Kind::failed, fmt::format("{}: the kubelet's checkpoint of container {} ended its "
                                                     "freeze; use the backend direct on this runtime",
                                                     attempt, container.name));
  }
  for (const std::string& volume : checkpoint.volumes) {
    const fs::path content = parts_.places.empty_dir(stored.pod.uid, volume);
    if (auto written = write_tree_file(content, Whiteouts::none, place_of(source, kVolume + volume).file); !written)
      return failed(written.error(), fmt::format("{}, its emptyDir {}", attempt, volume));
  }
  return {};
}

AgentResult<void> Archives::dump(const fs::path& source, const FrozenContainer& container, const fs::path& upper,
                                 milliseconds limit) {
  const auto attempt = fmt::format("checkpoint container {}", container.name);
  const fs::path work = fs::path("work") / container.name;
  const fs::path parts = fs::path("containers") / container.name;
  if (auto made = make_private_folder(source, work); !made) return failed(made.error(), attempt);
  if (auto made = make_private_folder(source, parts / "checkpoint"); !made) return failed(made.error(), attempt);
  auto dumped = parts_.runtime.checkpoint(container.id, source / parts / "checkpoint", source / work, limit);
  if (!dumped) return failed(dumped.error(), attempt);
  // Still frozen: files and memory are of one instant.
  if (auto written = write_tree_file(upper, Whiteouts::overlay, source / parts / "rootfs-diff.tar"); !written)
    return failed(written.error(), attempt + ", its changed files");
  return {};
}

AgentResult<std::vector<Archive>> Archives::pack(const Order& order, const StoredSource& stored,
                                                 const CheckpointOrder& checkpoint) {
  const auto attempt = fmt::format("checkpoint {}/{}", stored.pod.namespace_, stored.pod.name);
  const fs::path source = parts_.places.source(order.migration);
  std::vector<std::string> names;
  names.reserve(stored.containers.size() + checkpoint.volumes.size());
  for (const FrozenContainer& container : stored.containers) {
    names.push_back(container.name);
    if (checkpoint.backend != Backend::direct) continue;
    const auto documents = parts_.runtime.documents(container.id, stored.frozen_at.value_or(parts_.clock.now()));
    if (!documents) return failed(documents.error(), attempt);
    const fs::path parts = source / "containers" / container.name;
    auto written = write_file(parts / "spec.dump", documents->spec);
    if (written) written = write_file(parts / "config.dump", documents->config);
    if (written) written = write_file(parts / "status.dump", documents->status);
    if (!written) return failed(written.error(), attempt);
  }
  for (const std::string& volume : checkpoint.volumes)
    names.push_back(kVolume + volume);
  std::vector<Archive> archives;
  archives.reserve(names.size());
  for (const std::string& name : names) {
    auto archive = digested(name, stream_of(place_of(source, name)));
    if (!archive) return failed(archive.error(), attempt);
    archives.push_back(std::move(*archive));
  }
  return archives;
}

AgentResult<void> Archives::read(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                 const Call& call) {
  const auto stored = source_.permitted(order, SourceOrder::read);
  if (!stored) return tl::make_unexpected(stored.error());
  // Empty: the caller is in this process.
  if (!call.peer.empty() && call.peer != "agent/" + stored->target_node && call.peer != "agent/" + node_)
    return agent_failure(Kind::refused,
                         fmt::format("read archive {} of {}: it is for the agent of node {}, and {} asked", archive,
                                     stored->name, stored->target_node, call.peer));
  const auto known = std::any_of(stored->archives.begin(), stored->archives.end(),
                                 [&](const Archive& made) { return made.name == archive; });
  if (!known)
    return agent_failure(Kind::precondition,
                         fmt::format("read archive {} of {}: there is none of that name", archive, stored->name));
  bool enough = false;
  const auto sent =
      stream_of(place_of(parts_.places.source(order.migration), archive))([&](std::span<const char> piece) {
        enough = call.stop.stop_requested() || !sink({piece.data(), piece.size()});
        return !enough;
      });
  if (call.stop.stop_requested()) return agent_failure(Kind::cancelled, "read archive " + archive + ": cancelled");
  if (!sent && !enough) return failed(sent.error(), "read archive " + archive);
  return {};
}

AgentResult<std::optional<fs::path>> Archives::folder_of(const Order& order, const Archive& archive) {
  const auto stored = source_.permitted(order, SourceOrder::read);
  if (!stored) return tl::make_unexpected(stored.error());
  const auto is_it = [&](const Archive& made) { return made.name == archive.name && made.digest == archive.digest; };
  const bool is_known = std::any_of(stored->archives.begin(), stored->archives.end(), is_it);
  const fs::path folder = place_of(parts_.places.source(order.migration), archive.name).folder;
  std::error_code code;
  if (!is_known || stored->boot_id != parts_.boot_id || folder.empty() || !fs::is_directory(folder, code))
    return std::optional<fs::path>{};
  return std::optional{folder};
}

}  // namespace migrate::agent
