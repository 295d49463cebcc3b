#include "node/agent/pushes.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "node/agent/archive_host_name.h"
#include "node/agent/disk.h"
#include "node/agent/facts.h"
#include "node/agent/failure.h"
#include "shared/image/checkpoint_manifest.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Kind = AgentError::Kind;
using registry::Blob;

constexpr int kTries = 3;
constexpr milliseconds kPause{500};
constexpr milliseconds kWithdrawing{15'000};

bool is_volume(const std::string& archive) {
  return archive.find('/') != std::string::npos;
}

image::CheckpointManifest manifest_of(const std::string& archive, const Blob& layer) {
  // A volume's is no checkpoint to any runtime.
  return image::checkpoint_manifest(is_volume(archive) ? "" : archive, layer.digest, layer.size, own_architecture());
}

}  // namespace

fs::path Pushes::record_of(const std::string& migration) const {
  return parts_.places.source(migration) / "pushed.json";
}

AgentResult<std::vector<Pushes::Pushed>> Pushes::read(const std::string& migration) const {
  const fs::path file = record_of(migration);
  std::ifstream in{file, std::ios::binary};
  std::vector<Pushed> all;
  if (!in) return all;
  try {
    const Json json = Json::parse(std::string{std::istreambuf_iterator<char>{in}, {}});
    for (const Json& one : json)
      all.push_back({one.at("repository").get<std::string>(), one.at("archive").get<std::string>(),
                     one.at("digest").get<std::string>(), one.at("hostName").get<std::string>(),
                     Blob{one.at("layer").get<std::string>(), Bytes{one.at("size").get<std::uint64_t>()}},
                     one.at("config").get<std::string>(), one.at("manifest").get<std::string>()});
  } catch (const Json::exception& error) {  // a missing field, a wrong type, no JSON at all
    return agent_failure(Kind::failed, fmt::format("read {}: {}", file.string(), error.what()));
  }
  return all;
}

AgentResult<void> Pushes::write(const std::string& migration, const std::vector<Pushed>& all) const {
  Json json = Json::array();
  for (const Pushed& one : all)
    json.push_back({{"repository", one.repository},
                    {"archive", one.archive},
                    {"digest", one.digest},
                    {"hostName", one.host_name},
                    {"layer", one.layer.digest},
                    {"size", one.layer.size.count},
                    {"config", one.config},
                    {"manifest", one.manifest}});
  if (auto written = write_durably(record_of(migration), json.dump() + "\n"); !written) return failed(written.error());
  return {};
}

AgentResult<void> Pushes::check(const RegistryAccess& registry, const Call& call) const {
  auto checked = open_repository(parts_.connect, registry, call).check_push();
  if (!checked) return tl::make_unexpected(agent_error_of(checked.error(), registry));
  return {};
}

AgentResult<Blob> Pushes::push_layer(const Order& order, const PushOrder& push, const Archive& archive,
                                     const std::optional<Blob>& known, const Call& call) {
  Call own = call;
  own.peer.clear();
  std::optional<AgentError> unreadable;
  const auto produce = [&](const image::ByteSink& sink) -> Result<void> {
    const auto read = [&](const ArchiveSink& into) -> Result<void> {
      auto done = archives_.read(order, archive.name, into, own);
      if (!done) unreadable = done.error();
      if (!done) return failure(done.error().message);
      return {};
    };
    if (!push.as_image) return read([&](std::string_view piece) { return sink({piece.data(), piece.size()}); });
    HostNameFilter filter{push.host_name, sink};
    if (auto done = read([&](std::string_view piece) { return filter.feed({piece.data(), piece.size()}); }); !done)
      return done;
    return filter.finish();
  };
  // Only what the network did to it is tried again, from its beginning.
  for (int i = 1;; ++i) {
    auto repository = open_repository(parts_.connect, push.registry, call);
    auto pushed = repository.push_blob(produce, known);
    if (unreadable) return tl::make_unexpected(*unreadable);
    if (pushed) return std::move(*pushed);
    if (pushed.error().kind != registry::RegistryError::Kind::unreachable || i == kTries)
      return tl::make_unexpected(agent_error_of(pushed.error(), push.registry));
    std::this_thread::sleep_for(kPause);
  }
}

AgentResult<std::vector<PushedImage>> Pushes::push(const Order& order, const PushOrder& push, const Call& call) {
  const auto turn = turns_.take(order.migration, call.stop, call.timeout);
  if (!turn) return agent_failure(Kind::cancelled, "another order pushes the archives of this migration already");
  const auto stored = source_.permitted(order, SourceOrder::read);
  if (!stored) return tl::make_unexpected(stored.error());
  auto record = read(order.migration);
  if (!record) return tl::make_unexpected(record.error());
  const std::string host_name = push.as_image ? push.host_name : "";
  auto repository = open_repository(parts_.connect, push.registry, call);
  std::vector<PushedImage> images;
  images.reserve(stored->archives.size());
  for (const Archive& archive : stored->archives) {
    if (push.as_image && is_volume(archive.name)) continue;
    const auto before = std::find_if(record->begin(), record->end(), [&](const Pushed& one) {
      return one.repository == push.registry.repository && one.archive == archive.name &&
             one.digest == archive.digest && one.host_name == host_name;
    });
    std::optional<Blob> known;
    if (!push.as_image) known = Blob{archive.digest, archive.size};
    if (before != record->end()) known = before->layer;
    const auto layer = push_layer(order, push, archive, known, call);
    if (!layer) return tl::make_unexpected(layer.error());
    const auto made = manifest_of(archive.name, *layer);
    const auto refused = [&](const registry::RegistryError& error) {
      return tl::make_unexpected(agent_error_of(error, push.registry));
    };
    // Before anything else can fail: the layer holds memory, and only what is recorded is ever taken back.
    if (before == record->end()) {
      record->push_back({push.registry.repository, archive.name, archive.digest, host_name, *layer, made.config_digest,
                         made.manifest_digest});
      if (auto written = write(order.migration, *record); !written) return tl::make_unexpected(written.error());
    }
    if (auto config = repository.push_text(made.config, made.config_digest); !config) return refused(config.error());
    if (auto manifest = repository.push_manifest(made.manifest, made.manifest_digest); !manifest)
      return refused(manifest.error());
    images.push_back({archive.name, fmt::format("{}@{}", push.registry.repository, made.manifest_digest),
                      made.config_digest, layer->size});
  }
  return images;
}

AgentResult<std::vector<std::string>> Pushes::withdraw(const Order& order, const RegistryAccess& access,
                                                       const Call& call) {
  const auto turn = turns_.take(order.migration, call.stop, call.timeout);
  if (!turn) return agent_failure(Kind::cancelled, "another order pushes the archives of this migration still");
  auto record = read(order.migration);
  if (!record) return tl::make_unexpected(record.error());
  if (record->empty()) return std::vector<std::string>{};
  Call short_call = call;
  // What is left has to be told while somebody still listens.
  short_call.timeout = std::min(call.timeout * 3 / 4, kWithdrawing);
  auto repository = open_repository(parts_.connect, access, short_call);
  std::vector<std::string> left;
  for (const Pushed& one : *record) {
    const std::string reference = fmt::format("{}@{}", one.repository, one.manifest);
    const auto removed = one.repository == access.repository
                             ? repository.remove_manifest(one.manifest)
                             : registry::RegistryResult<std::string>{"it was pushed to another repository"};
    const std::string why = removed ? *removed : removed.error().message;
    if (!why.empty()) {
      left.push_back(fmt::format("{} is left in the registry, with memory in it: {}", reference, why));
      continue;
    }
    // Most registries do that by themselves some time after, and some only so.
    (void)repository.remove_blob(one.layer.digest);
    (void)repository.remove_blob(one.config);
  }
  if (auto forgotten = remove_tree(record_of(order.migration)); !forgotten) return failed(forgotten.error());
  return left;
}

}  // namespace migrate::agent
