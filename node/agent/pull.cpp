#include <fmt/format.h>

#include <algorithm>

#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/agent/target.h"
#include "node/agent/untar.h"
#include "shared/image/digest.h"
#include "shared/image/tar_stream.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;
using Steady = std::chrono::steady_clock;

constexpr std::string_view kVolume = "volume/";
constexpr Bytes kSpare = 64_MiB;  // room that is left to others

bool is_volume(const std::string& archive) {
  return archive.rfind(kVolume, 0) == 0;
}

std::string volume_of(const std::string& archive) {
  return archive.substr(kVolume.size());
}

// Counts and digests what comes, and passes it on to one of two places.
struct Arrival {
  image::Sha256 digest;
  Bytes size;
  Bytes expected;

  // False: more than was announced.
  bool take(std::string_view piece) {
    size.count += piece.size();
    digest.update(piece.data(), piece.size());
    return size <= expected;
  }
};

AgentResult<void> whole(Arrival& arrival, const Archive& archive, const std::string& attempt) {
  if (arrival.size != archive.size)
    return agent_failure(Kind::failed, fmt::format("{}: the digest cannot be right: {} bytes came, {} were announced",
                                                   attempt, arrival.size.count, archive.size.count));
  if (const std::string digest = arrival.digest.finish(); digest != archive.digest)
    return agent_failure(Kind::failed, fmt::format("{}: its digest is {}, announced was {}: it was altered on its way",
                                                   attempt, digest, archive.digest));
  return {};
}

}  // namespace

AgentResult<Target::ReadArchive> Target::reader_of(const Order& order, const PullOrder& pull, const Call& call) const {
  if (pull.registry)
    return ReadArchive{
        [this, access = *pull.registry, call](const Archive& archive, const ArchiveSink& sink) -> AgentResult<void> {
          auto fetched = open_repository(parts_.connect_registry, access, call).fetch_blob(archive.digest, sink);
          if (!fetched) return tl::make_unexpected(agent_error_of(fetched.error(), access));
          return {};
        }};
  auto source = parts_.connect(pull.source_address, pull.source_node);
  if (!source) return agent_failure(Kind::failed, "pull the archives: this node's agent has no certificate yet");
  return ReadArchive{[source, order, call](const Archive& archive, const ArchiveSink& sink) {
    return source->read_archive(order, archive.name, sink, call);
  }};
}

AgentResult<PullFacts> Target::pull(const Order& order, const PullOrder& pull, const Call& call) {
  if (pull.registry && pull.as_image) return offer_from_registry(order, pull, call);
  const auto began = Steady::now();
  const auto turn = turns_.take(order.migration, call.stop, call.timeout);
  if (!turn) return agent_failure(Kind::cancelled, "another order pulls the archives of this migration already");
  StoredTarget stored;
  {
    const std::lock_guard lock{mutex_};
    stored = known(order.migration);
  }
  stored.name = order.name;
  if (stored.boot_id != parts_.boot_id) stored.archives.clear();  // not synced before the node was started anew
  stored.boot_id = parts_.boot_id;

  PullFacts facts;
  std::vector<Archive> missing;
  Bytes needed = kSpare;
  for (const Archive& archive : pull.archives) {
    if (!is_plain_name(is_volume(archive.name) ? volume_of(archive.name) : archive.name))
      return agent_failure(Kind::precondition, fmt::format("'{}' names no archive", archive.name));
    facts.bytes = facts.bytes + archive.size;
    if (has(order, stored, archive, pull.as_image)) continue;
    needed = needed + archive.size;
    missing.push_back(archive);
  }
  for (const char* part : {"archives", "images", "volumes"})
    if (auto made = make_private_folder(parts_.places.state, fs::path("targets") / order.migration / part); !made)
      return failed(made.error());
  const auto free = free_disk(parts_.places.state);
  if (!free) return failed(free.error());
  if (!missing.empty() && *free < needed)
    return agent_failure(Kind::no_space,
                         fmt::format("pull the archives of {}: {} has {} MiB free, {} are needed", order.name,
                                     parts_.places.state.string(), free->count >> 20, needed.count >> 20));
  const auto read = missing.empty() ? AgentResult<ReadArchive>{} : reader_of(order, pull, call);
  if (!read) return tl::make_unexpected(read.error());
  const bool is_ours = !pull.registry && !pull.as_image && pull.source_node == parts_.node && parts_.own_archive;
  for (const Archive& archive : missing) {
    const auto linked = is_ours ? link_own(order, archive) : AgentResult<bool>{false};
    if (!linked) return tl::make_unexpected(linked.error());
    if (!*linked)
      if (auto fetched = fetch(*read, order, archive, pull.as_image, call); !fetched)
        return tl::make_unexpected(fetched.error());
    std::erase_if(stored.archives, [&](const Archive& old) { return old.name == archive.name; });
    stored.archives.push_back(archive);
  }
  if (pull.as_image)
    if (auto made = make_offer(order, pull, stored); !made) return tl::make_unexpected(made.error());
  {
    const std::lock_guard lock{mutex_};
    const StoredTarget now = known(order.migration);
    stored.pods = now.pods;  // a prepare may have come meanwhile
    if (pull.as_image && now.offer && now.offer->repository == stored.offer->repository) {
      if (now.offer->closed) return agent_failure(Kind::cancelled, "offer the archives as images: cancelled meanwhile");
      stored.offer->asked = now.offer->asked;
      stored.offer->pods = now.offer->pods;
    }
    if (auto kept = put(order.migration, stored); !kept) return tl::make_unexpected(kept.error());
    if (pull.as_image) {
      open_registry(order.migration, *stored.offer);
      facts.offer = told(*stored.offer);
    }
  }
  facts.duration = std::chrono::duration_cast<milliseconds>(Steady::now() - began);
  return facts;
}

// The very files that were digested: there is no way on which they might be altered. Neither side writes into one of
// them: migrate-runc replaces the image that it changes.
AgentResult<bool> Target::link_own(const Order& order, const Archive& archive) const {
  if (is_volume(archive.name)) return false;
  const auto folder = parts_.own_archive(order, archive);
  if (!folder) return tl::make_unexpected(folder.error());
  if (!*folder) return false;
  const auto attempt = fmt::format("take archive {} of {}", archive.name, order.name);
  const fs::path target = parts_.places.target(order.migration);
  const fs::path there = target / "archives" / archive.name;
  const fs::path part = target / "part";
  for (const fs::path& old : {part, there})
    if (auto removed = remove_tree(old); !removed) return failed(removed.error(), attempt);
  if (auto linked = link_tree(**folder, part); !linked) {
    parts_.log.warn(fmt::format("{}: {}; it is copied", attempt, linked.error().message),
                    {{"migration", order.migration}, {"name", order.name}});
    return false;
  }
  std::error_code code;
  fs::rename(part, there, code);
  if (code) return failed(Error{code.message()}, attempt);
  return true;
}

bool Target::has(const Order& order, const StoredTarget& stored, const Archive& archive, bool as_image) const {
  const bool pulled = std::any_of(stored.archives.begin(), stored.archives.end(), [&](const Archive& old) {
    return old.name == archive.name && old.digest == archive.digest;
  });
  if (!pulled) return false;
  const fs::path target = parts_.places.target(order.migration);
  std::error_code code;
  if (is_volume(archive.name)) return fs::exists(target / "volumes" / (volume_of(archive.name) + ".tar"), code);
  if (as_image) return fs::exists(target / "images" / (archive.name + ".tar"), code);
  if (fs::exists(target / "archives" / archive.name, code)) return true;
  // Out of a folder whose memory may have run none is taken for another Pod: who orders it again wants another one.
  return std::any_of(stored.pods.begin(), stored.pods.end(), [&](const std::string& pod) {
    return fs::exists(parts_.places.restore(pod) / archive.name / "archive", code) &&
           !may_have_run(marks_of(pod, archive.name));
  });
}

AgentResult<Bytes> Target::fetch(const ReadArchive& read_archive, const Order& order, const Archive& archive,
                                 bool as_image, const Call& call) const {
  const auto attempt = fmt::format("pull archive {} of {}", archive.name, order.name);
  const fs::path target = parts_.places.target(order.migration);
  const bool volume = is_volume(archive.name);
  const bool stays_tar = volume || as_image;
  const fs::path there = volume     ? target / "volumes" / (volume_of(archive.name) + ".tar")
                         : as_image ? target / "images" / (archive.name + ".tar")
                                    : target / "archives" / archive.name;
  const fs::path part = target / (stays_tar ? "part.tar" : "part");
  for (const fs::path& old : {part, there})
    if (auto removed = remove_tree(old); !removed) return failed(removed.error(), attempt);

  Arrival arrival;
  arrival.expected = archive.size;
  AgentResult<void> read;
  Result<void> written;
  // What cannot be stored is digested all the same: an archive that was altered says so, not what tar makes of it.
  if (stays_tar) {
    image::FileWriter file{part.string()};
    read = read_archive(archive, [&](std::string_view piece) {
      (void)file.write({piece.data(), piece.size()});  // finish tells
      return arrival.take(piece);
    });
    written = file.finish();
  } else {
    if (auto made = make_private_folder(part); !made) return failed(made.error(), attempt);
    Untar untar{part};
    read = read_archive(archive, [&](std::string_view piece) {
      (void)untar.feed(piece);  // finish tells
      return arrival.take(piece);
    });
    written = untar.finish();
  }
  if (!read) return tl::make_unexpected(AgentError{read.error().kind, attempt + ": " + read.error().message});
  if (call.stop.stop_requested()) return agent_failure(Kind::cancelled, attempt + ": cancelled");
  if (auto complete = whole(arrival, archive, attempt); !complete) return tl::make_unexpected(complete.error());
  if (!written) {
    const auto free = free_disk(target);
    return agent_failure(free && *free < 1_MiB ? Kind::no_space : Kind::failed,
                         attempt + ": unpack it: " + written.error().message);
  }
  std::error_code code;
  fs::rename(part, there, code);
  if (code) return failed(Error{code.message()}, attempt);
  return arrival.size;
}

}  // namespace migrate::agent
