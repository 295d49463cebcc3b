#include "extender/controller/backlog_watch.h"

#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "extender/controller/replay.h"
#include "shared/kube/known_objects.h"
#include "shared/messages/account.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kPeriod{150};  // and the time a reading takes: 200 ms are promised
constexpr std::chrono::seconds kSecretPatience{5};

// Whether the mirror is there, or may be in a moment.
bool is_mirrored(Hop& hop, Phase phase) {
  // In doubt somebody looks every few seconds, and no longer than a moment.
  if (phase == Phase::in_doubt || !replays(hop)) return false;
  if (phase == Phase::mirroring) return true;
  const auto& messages = hop.status().messages;
  return messages && messages->bound_at && !messages->lost;
}

}  // namespace

// All that the background uses, so that a reading which takes long need not be waited for.
struct BacklogWatch::Reader {
  Reader(World& of, const Migration& watched, const std::string& secret_name)
      : world(of),
        migration(watched.uid),
        mirror(messages::mirror_name(watched.uid)),
        secret(kube::core("secrets", watched.namespace_, secret_name)) {}

  World& world;  // outlives its ticker's work
  const std::string migration;
  const std::string mirror;
  const kube::ResourcePath secret;
  std::shared_ptr<broker::Broker> broker;  // the background's alone

  std::mutex mutex;
  bool has_ended = false;
  std::vector<BacklogPoint> read;
  std::uint64_t last_ready = 0;
  bool has_shrunk = false;

  void connect(const std::stop_token& stop) {
    const auto found = world.client.get(secret, {kSecretPatience, stop});
    if (!found) return;
    if (auto connected = connect_with(world.brokers, secret, *found)) broker = std::move(*connected);
  }

  void look(const std::stop_token& stop) {
    if (!broker) connect(stop);
    if (!broker || stop.stop_requested()) return;
    const auto depth = broker->depth(mirror);
    if (!depth || !*depth) return;
    const std::lock_guard lock{mutex};
    if (has_ended) return;
    read.push_back({world.clock.now(), (*depth)->ready});
    world.metrics.mirror_holds(migration, (*depth)->ready);
    // A quorum queue whose leader is away for a moment is told as empty. One that is will be seen when it fills again.
    if ((*depth)->ready == 0) return;
    if ((*depth)->ready < last_ready) has_shrunk = true;
    last_ready = (*depth)->ready;
  }
};

BacklogWatch::~BacklogWatch() {
  end();
}

void BacklogWatch::begin(Hop& hop) {
  if (reader_) return;
  const auto queue = queue_of(hop.migration(), hop.source_view());
  if (!queue) return;
  reader_ = std::make_shared<Reader>(hop.world(), hop.migration(), queue->secret);
  ticking_ = hop.world().ticker.every(kPeriod, [reader = reader_](const std::stop_token& stop) { reader->look(stop); });
}

void BacklogWatch::end() {
  if (!reader_) return;
  {
    const std::lock_guard lock{reader_->mutex};
    reader_->has_ended = true;
  }
  ticking_.reset();
  reader_.reset();
}

std::vector<BacklogPoint> BacklogWatch::take() {
  if (!reader_) return {};
  const std::lock_guard lock{reader_->mutex};
  return std::exchange(reader_->read, {});
}

bool BacklogWatch::has_shrunk() const {
  if (!reader_) return false;
  const std::lock_guard lock{reader_->mutex};
  return reader_->has_shrunk;
}

void watch_backlog(Hop& hop, Phase phase) {
  if (is_mirrored(hop, phase))
    hop.backlog().begin(hop);
  else
    hop.backlog().end();
}

void note_watched(Hop& hop) {
  const std::vector<BacklogPoint> read = hop.backlog().take();
  // The first point is the fence's, whose reading must come a moment after the binding.
  if (!hop.status().messages || hop.status().messages->backlog.empty()) return;
  MessagesStatus& messages = *hop.status().messages;
  for (const BacklogPoint& one : read)
    if (one.at > messages.backlog.back().at) messages::add_reading(messages, one.at, one.ready);
}

void note_backlog(Hop& hop, std::uint64_t ready) {
  note_watched(hop);
  messages::add_reading(messages_of(hop), hop.world().clock.now(), ready);
  hop.world().metrics.mirror_holds(hop.migration().uid, ready);
}

}  // namespace migrate::controller
