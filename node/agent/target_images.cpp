// The way of images: archives are kept as the tar streams they came as, and this node's own container runtime pulls
// them from the registry on the loopback. It restores by itself as it creates a container from one, so there is no mark
// to write and nothing to let go; what is left to see to is that an image is given away once, and that a container once
// restored never restores the old checkpoint again.
#include <fmt/format.h>

#include <algorithm>

#include "node/agent/archive_host_name.h"
#include "node/agent/disk.h"
#include "node/agent/facts.h"
#include "node/agent/failure.h"
#include "node/agent/target.h"
#include "shared/image/checkpoint_manifest.h"
#include "shared/image/digest.h"
#include "shared/image/tar_stream.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;
using Image = StoredOffer::Image;

image::CheckpointManifest manifest_of(const Image& image) {
  return image::checkpoint_manifest(image.container, image.layer, image.size, own_architecture());
}

Result<std::string> digest_of_file(const fs::path& file) {
  image::Sha256 digest;
  auto read = image::read_file(file.string(), [&](std::span<const char> piece) {
    digest.update(piece.data(), piece.size());
    return true;
  });
  if (!read) return tl::make_unexpected(read.error());
  return digest.finish();
}

bool is_for(const StoredOffer& offer, const std::string& pod_uid) {
  return std::find(offer.pods.begin(), offer.pods.end(), pod_uid) != offer.pods.end();
}

bool all_cold(const StoredOffer& offer) {
  return std::all_of(offer.images.begin(), offer.images.end(), [](const Image& one) { return one.cold; });
}

}  // namespace

AgentResult<void> Target::make_offer(const Order& order, const PullOrder& pull, StoredTarget& stored) const {
  const auto attempt = "offer the archives of " + order.name + " as images";
  const StoredOffer before = stored.offer.value_or(StoredOffer{});
  // What was cancelled is not known any more to whoever knew it.
  // Nor is what was restored already, which a person wants once more: its name restores nothing now.
  const bool begins_anew = before.repository.empty() || before.closed || all_cold(before);
  StoredOffer offer = before;
  if (begins_anew) {
    offer = {};
    offer.repository = unguessable();
    offer.password = unguessable();
    offer.asked = before.asked;  // that memory may have run stays true
  }
  offer.host_name = pull.host_name;
  offer.images.clear();
  for (const Archive& archive : pull.archives) {
    if (archive.name.find('/') != std::string::npos) continue;  // a volume's
    const fs::path tar = parts_.places.target(order.migration) / "images" / (archive.name + ".tar");
    const auto known = std::find_if(before.images.begin(), before.images.end(),
                                    [&](const Image& one) { return one.container == archive.name; });
    const bool is_known = known != before.images.end();
    Image image{archive.name, is_known ? known->layer : archive.digest, {}, {}, archive.size, false};
    if (is_known && !begins_anew) image.cold = known->cold;
    const auto changed = set_host_name(tar, pull.host_name);
    if (!changed) return failed(changed.error(), attempt);
    if (*changed || (is_known && before.host_name != pull.host_name)) {
      auto digest = digest_of_file(tar);
      if (!digest) return failed(digest.error(), attempt);
      image.layer = std::move(*digest);
    }
    const auto made = manifest_of(image);
    image.id = made.config_digest;
    image.manifest = made.manifest_digest;
    offer.images.push_back(std::move(image));
  }
  stored.offer = std::move(offer);
  return {};
}

// A registry outside gives the images to whoever has its credentials, and nobody here sees it do so: from now on memory
// may run at any time.
AgentResult<PullFacts> Target::offer_from_registry(const Order& order, const PullOrder& pull, const Call& call) {
  const auto began = std::chrono::steady_clock::now();
  const auto turn = turns_.take(order.migration, call.stop, call.timeout);
  if (!turn) return agent_failure(Kind::cancelled, "another order pulls the archives of this migration already");
  PullFacts facts;
  StoredOffer offer;
  offer.repository = pull.registry->repository;
  offer.host_name = pull.host_name;
  if (pull.images.empty()) {
    const std::lock_guard lock{mutex_};
    const StoredOffer before = known(order.migration).offer.value_or(StoredOffer{});
    if (!before.is_external || before.closed || all_cold(before) || before.repository != offer.repository ||
        before.host_name != offer.host_name)
      return agent_failure(Kind::precondition,
                           fmt::format("no images of {} are offered here from {}", order.name, offer.repository));
    facts.offer = told(before);
    return facts;
  }
  offer.is_external = true;
  offer.asked = true;
  offer.images.reserve(pull.images.size());
  auto repository = open_repository(parts_.connect_registry, *pull.registry, call, /*by_runtime=*/true);
  for (const PushedImage& image : pull.images) {
    const auto at = image.reference.find('@');
    if (at == std::string::npos || image.reference.substr(0, at) != offer.repository)
      return agent_failure(Kind::precondition,
                           fmt::format("'{}' names no image in {}", image.reference, offer.repository));
    offer.images.push_back({image.archive, "", image.id, image.reference.substr(at + 1), image.size, false});
    // This node's runtime is to pull it, perhaps when there is no way back: so it is looked for now.
    if (const auto there = repository.check_manifest(offer.images.back().manifest); !there)
      return tl::make_unexpected(agent_error_of(there.error(), *pull.registry));
    facts.bytes = facts.bytes + image.size;
  }
  const std::lock_guard lock{mutex_};
  StoredTarget stored = known(order.migration);
  stored.name = order.name;
  if (const StoredOffer before = stored.offer.value_or(StoredOffer{}); stored.offer) {
    offer.pods = before.pods;
    // What was cancelled or restored already is wanted once more: its name has to be the checkpoint's again.
    const bool begins_anew = before.closed || all_cold(before);
    if (begins_anew) forget_images(before, /*also_cold=*/true);
    for (Image& image : offer.images)
      for (const Image& old : before.images)
        if (!begins_anew && old.manifest == image.manifest) image.cold = old.cold;
  }
  stored.boot_id = parts_.boot_id;
  stored.offer = std::move(offer);
  if (auto kept = put(order.migration, stored); !kept) return tl::make_unexpected(kept.error());
  facts.offer = told(*stored.offer);
  facts.duration = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  return facts;
}

node::CheckpointImageNames Target::names_of(const StoredOffer& offer, const Image& image) const {
  if (offer.is_external) return {fmt::format("{}@{}", offer.repository, image.manifest), image.id};
  return {fmt::format("{}:{}/{}@{}", kRegistryAddress, parts_.registry_port, offer.repository, image.manifest),
          image.id};
}

ImageOffer Target::told(const StoredOffer& offer) const {
  ImageOffer told{fmt::format("{}:{}/{}", kRegistryAddress, parts_.registry_port, offer.repository),
                  kRegistryUser,
                  offer.password,
                  {}};
  told.images.reserve(offer.images.size());
  if (offer.is_external) told = {offer.repository, "", "", {}};
  for (const Image& image : offer.images)
    told.images.push_back({image.container, names_of(offer, image).reference});
  return told;
}

void Target::open_registry(const std::string& migration, const StoredOffer& offer) {
  if (offer.is_external || offer.closed || all_cold(offer)) return registry_.close(migration);
  Offer open{offer.repository, offer.password, {}};
  open.images.reserve(offer.images.size());
  for (const Image& image : offer.images) {
    const auto made = manifest_of(image);
    open.images.push_back({image.container, made.manifest, made.manifest_digest, made.config, made.config_digest,
                           image.layer, parts_.places.target(migration) / "images" / (image.container + ".tar")});
  }
  registry_.open(migration, std::move(open));
}

// Durable before the first byte: whoever cancels afterwards is told that memory may have run.
bool Target::may_give(const std::string& migration, const std::string& repository) {
  const std::lock_guard lock{mutex_};
  StoredTarget stored = known(migration);
  if (!stored.offer || stored.offer->closed || stored.offer->repository != repository) return false;
  if (stored.offer->asked) return true;
  stored.offer->asked = true;
  const auto kept = put(migration, stored);
  if (!kept) parts_.log.error("an image is not given away: " + kept.error().message, {{"migration", migration}});
  return kept.has_value();
}

AgentResult<void> Target::prepare_images(const Order& order, const PrepareOrder& prepare) {
  const std::lock_guard lock{mutex_};
  StoredTarget stored = known(order.migration);
  if (!stored.offer)
    return agent_failure(Kind::precondition, fmt::format("prepare {}/{}: no archive was pulled here as an image",
                                                         prepare.pod.namespace_, prepare.pod.name));
  if (is_for(*stored.offer, prepare.pod.uid)) return {};
  stored.offer->pods.push_back(prepare.pod.uid);
  return put(order.migration, stored);
}

std::optional<std::string> Target::migration_of_images(const std::string& pod_uid) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [migration, stored] : records_)
    if (stored.offer && is_for(*stored.offer, pod_uid)) return migration;
  return std::nullopt;
}

RestoredContainer Target::image_state(const std::string& migration, const std::string& pod_uid,
                                      const std::string& container) {
  StoredOffer offer;
  {
    const std::lock_guard lock{mutex_};
    offer = known(migration).offer.value_or(StoredOffer{});
  }
  const auto image = std::find_if(offer.images.begin(), offer.images.end(),
                                  [&](const Image& one) { return one.container == container; });
  RestoredContainer state;
  state.name = container;
  if (image == offer.images.end()) return state;
  state.state = offer.asked ? RestoreState::waiting : RestoreState::prepared;
  if (image->cold) state.state = RestoreState::used;
  if (image->cold) return state;
  const auto found = parts_.runtime.find(pod_uid, container);
  if (!found) state.message = found.error().message;
  if (!found || !*found) return state;
  state.state = RestoreState::claimed;
  if (const auto made = parts_.runtime.make_cold((*found)->id, names_of(offer, *image)); !made) {
    state.message = made.error().message;
    return state;
  }
  const std::lock_guard lock{mutex_};
  StoredTarget stored = known(migration);
  if (!stored.offer) return state;
  for (Image& one : stored.offer->images)
    if (one.container == container) one.cold = true;
  if (const auto kept = put(migration, stored); !kept) {
    state.message = kept.error().message;
    return state;
  }
  if (all_cold(*stored.offer)) registry_.close(migration);
  parts_.log.info("restored from its image, which starts cold from now on",
                  {{"migration", migration}, {"name", stored.name}, {"container", container}});
  state.state = RestoreState::used;
  return state;
}

void Target::tend_images() {
  struct Expected {
    std::string migration;
    std::string pod;
    std::string container;
  };
  std::vector<Expected> all;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [migration, stored] : records_) {
      if (!stored.offer || !stored.offer->asked) continue;
      for (const std::string& pod : stored.offer->pods)
        for (const Image& image : stored.offer->images)
          if (!image.cold) all.push_back({migration, pod, image.container});
    }
  }
  for (const Expected& one : all)
    (void)image_state(one.migration, one.pod, one.container);
}

AgentResult<bool> Target::cancel_images(const Order& order, StoredTarget stored) {
  stored.offer->closed = true;
  if (auto kept = put(order.migration, stored); !kept) return tl::make_unexpected(kept.error());
  registry_.close(order.migration);
  forget_images(*stored.offer);
  return !stored.offer->asked;
}

void Target::forget_images(const StoredOffer& offer, bool also_cold) const {
  for (const Image& image : offer.images) {
    if (image.cold && !also_cold) continue;
    if (const auto gone = parts_.runtime.forget_image(names_of(offer, image)); !gone)
      parts_.log.warn("a checkpoint's image may be left in the runtime: " + gone.error().message);
  }
}

}  // namespace migrate::agent
