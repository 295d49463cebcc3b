#include "node/agent/archives.h"

#include <fmt/format.h>

#include <algorithm>

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
  auto stored = source_.permitted(order, SourceOrder::checkpoint);
  auto made = stored ? make(order, *stored, checkpoint, call)
                     : AgentResult<std::vector<Archive>>(tl::make_unexpected(stored.error()));
  if (!made && made.error().kind == Kind::failed)
    if (const auto free = free_disk(parts_.places.state); free && *free < kFullDisk) made.error().kind = Kind::no_space;
  return made;
}

AgentResult<std::vector<Archive>> Archives::make(const Order& order, const StoredSource& stored,
                                                 const CheckpointOrder& checkpoint, const Call& call) {
  if (!stored.archives.empty()) return stored.archives;
  const auto attempt = fmt::format("checkpoint {}/{}", stored.pod.namespace_, stored.pod.name);
  const fs::path source = parts_.places.source(order.migration);
  for (const char* part : {"containers", "volumes", "work"}) {
    if (auto removed = remove_tree(source / part); !removed) return failed(removed.error(), attempt);
    if (auto folder = make_private_folder(source, part); !folder) return failed(folder.error(), attempt);
  }
  std::vector<Archive> archives;
  archives.reserve(stored.containers.size() + checkpoint.volumes.size());
  const auto add = [&](const std::string& name) -> AgentResult<void> {
    auto archive = digested(name, stream_of(place_of(source, name)));
    if (!archive) return failed(archive.error(), attempt);
    archives.push_back(std::move(*archive));
    return {};
  };
  for (const FrozenContainer& container : stored.containers) {
    if (call.stop.stop_requested()) return agent_failure(Kind::cancelled, attempt + ": cancelled");
    const auto left = std::chrono::ceil<milliseconds>(stored.deadline - parts_.clock.now());
    if (checkpoint.backend == Backend::direct) {
      if (auto dumped = dump(source, container, left); !dumped) return tl::make_unexpected(dumped.error());
    } else {
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
    if (auto added = add(container.name); !added) return tl::make_unexpected(added.error());
  }
  for (const std::string& volume : checkpoint.volumes) {
    if (!is_plain_name(volume))
      return agent_failure(Kind::precondition, fmt::format("{}: '{}' names no volume", attempt, volume));
    const std::string name = kVolume + volume;
    const fs::path content = parts_.places.empty_dir(stored.pod.uid, volume);
    if (auto written = write_tree_file(content, Whiteouts::none, place_of(source, name).file); !written)
      return failed(written.error(), fmt::format("{}, its emptyDir {}", attempt, volume));
    if (auto added = add(name); !added) return tl::make_unexpected(added.error());
  }
  if (auto kept = source_.keep_archives(order, archives); !kept) return tl::make_unexpected(kept.error());
  return archives;
}

AgentResult<void> Archives::dump(const fs::path& source, const FrozenContainer& container, milliseconds limit) {
  const auto attempt = fmt::format("checkpoint container {}", container.name);
  const auto upper = parts_.runtime.upper_folder(container.id);
  if (!upper) return failed(upper.error(), attempt);
  if (!*upper)
    return agent_failure(Kind::precondition,
                         attempt +
                             ": its root is no overlay, so its changed files cannot be found; use the backend "
                             "kubelet");
  const fs::path work = fs::path("work") / container.name;
  const fs::path parts = fs::path("containers") / container.name;
  if (auto made = make_private_folder(source, work); !made) return failed(made.error(), attempt);
  if (auto made = make_private_folder(source, parts / "checkpoint"); !made) return failed(made.error(), attempt);
  auto dumped = parts_.runtime.checkpoint(container.id, source / parts / "checkpoint", source / work, limit);
  if (!dumped) return failed(dumped.error(), attempt);
  // Still frozen: files and memory are of one instant.
  if (auto written = write_tree_file(**upper, Whiteouts::overlay, source / parts / "rootfs-diff.tar"); !written)
    return failed(written.error(), attempt + ", its changed files");
  const auto documents = parts_.runtime.documents(container.id, parts_.clock.now());
  if (!documents) return failed(documents.error(), attempt);
  auto written = write_file(source / parts / "spec.dump", documents->spec);
  if (written) written = write_file(source / parts / "config.dump", documents->config);
  if (written) written = write_file(source / parts / "status.dump", documents->status);
  if (!written) return failed(written.error(), attempt);
  return {};
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

}  // namespace migrate::agent
