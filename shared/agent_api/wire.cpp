#include "shared/agent_api/wire.h"

#include <array>
#include <charconv>
#include <utility>

namespace migrate::agent::wire {
namespace {

using Kind = AgentError::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 7> kKinds{{{Kind::unreachable, "unreachable"},
                                                                   {Kind::stale, "stale"},
                                                                   {Kind::refused, "refused"},
                                                                   {Kind::precondition, "precondition"},
                                                                   {Kind::failed, "failed"},
                                                                   {Kind::no_space, "no-space"},
                                                                   {Kind::cancelled, "cancelled"}}};
constexpr std::array<std::pair<SourceState, v1::SourceRecord::State>, 5> kSourceStates{
    {{SourceState::none, v1::SourceRecord::NONE},
     {SourceState::snapshotted, v1::SourceRecord::SNAPSHOTTED},
     {SourceState::frozen, v1::SourceRecord::FROZEN},
     {SourceState::committed, v1::SourceRecord::COMMITTED},
     {SourceState::thawed, v1::SourceRecord::THAWED}}};
constexpr std::array<std::pair<RestoreState, v1::RestoreState>, 6> kRestoreStates{
    {{RestoreState::none, v1::RESTORE_NONE},
     {RestoreState::prepared, v1::RESTORE_PREPARED},
     {RestoreState::waiting, v1::RESTORE_WAITING},
     {RestoreState::claimed, v1::RESTORE_CLAIMED},
     {RestoreState::used, v1::RESTORE_USED},
     {RestoreState::failed, v1::RESTORE_FAILED}}};

// The first pair stands for whatever is not in the table.
template <class A, class B, std::size_t N>
B second_of(const std::array<std::pair<A, B>, N>& table, A first) {
  for (const auto& [a, b] : table)
    if (a == first) return b;
  return table.front().second;
}
template <class A, class B, std::size_t N>
A first_of(const std::array<std::pair<A, B>, N>& table, B second) {
  for (const auto& [a, b] : table)
    if (b == second) return a;
  return table.front().first;
}

std::int64_t microseconds(Instant instant) {
  return instant.time_since_epoch().count();
}
Instant instant(std::int64_t microseconds) {
  return Instant{Microseconds{microseconds}};
}

void put_one(v1::Archive& out, const Archive& archive) {
  out.set_name(archive.name);
  out.set_size(archive.size.count);
  out.set_digest(archive.digest);
}
template <class Archives>
std::vector<Archive> taken_archives(const Archives& in) {
  std::vector<Archive> archives;
  archives.reserve(static_cast<std::size_t>(in.size()));
  for (const v1::Archive& archive : in)
    archives.push_back({archive.name(), Bytes{archive.size()}, archive.digest()});
  return archives;
}

void put_one(v1::PushedImage& out, const PushedImage& image) {
  out.set_archive(image.archive);
  out.set_reference(image.reference);
  out.set_id(image.id);
  out.set_size(image.size.count);
}
template <class Images>
std::vector<PushedImage> taken_images(const Images& in) {
  std::vector<PushedImage> images;
  images.reserve(static_cast<std::size_t>(in.size()));
  for (const v1::PushedImage& one : in)
    images.push_back({one.archive(), one.reference(), one.id(), Bytes{one.size()}});
  return images;
}

}  // namespace

std::string_view word_of(Kind kind) {
  return second_of(kKinds, kind);
}

std::optional<Kind> kind_of(std::string_view word) {
  for (const auto& [kind, text] : kKinds)
    if (text == word) return kind;
  return std::nullopt;
}

std::int64_t term_of(std::string_view text) {
  std::int64_t term = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), term);
  return code == std::errc{} && end == text.data() + text.size() && term > 0 ? term : 0;
}

void put(v1::Order& out, const Order& order, milliseconds timeout) {
  out.set_migration(order.migration);
  out.set_name(order.name);
  out.set_term(order.term);
  out.set_timeout_ms(timeout.count());
}
Order taken(const v1::Order& in) {
  return {in.migration(), in.name(), in.term()};
}

void put(v1::PodRef& out, const PodRef& pod) {
  out.set_namespace_(pod.namespace_);
  out.set_name(pod.name);
  out.set_uid(pod.uid);
}
PodRef taken(const v1::PodRef& in) {
  return {in.namespace_(), in.name(), in.uid()};
}

void put(Strings& out, const std::vector<std::string>& texts) {
  out.Assign(texts.begin(), texts.end());
}
std::vector<std::string> taken(const Strings& in) {
  return {in.begin(), in.end()};
}

void put(v1::SourceFacts& out, const SourceFacts& facts) {
  for (const ContainerFacts& container : facts.containers) {
    auto& one = *out.add_containers();
    one.set_name(container.name);
    one.set_id(container.id);
    one.set_runtime(container.runtime);
    one.set_memory(container.memory.count);
    one.set_paused(container.paused);
    one.set_image(container.image.count);
    one.set_shm(container.shm.count);
    one.set_shm_entries(container.shm_entries);
  }
  for (const VolumeFacts& volume : facts.volumes) {
    auto& one = *out.add_volumes();
    one.set_name(volume.name);
    one.set_size(volume.size.count);
  }
  out.set_free_disk(facts.free_disk.count);
}
SourceFacts taken(const v1::SourceFacts& in) {
  SourceFacts facts;
  facts.containers.reserve(static_cast<std::size_t>(in.containers_size()));
  for (const auto& one : in.containers())
    facts.containers.push_back({one.name(), one.id(), one.runtime(), Bytes{one.memory()}, one.paused(),
                                Bytes{one.image()}, Bytes{one.shm()}, one.shm_entries()});
  facts.volumes.reserve(static_cast<std::size_t>(in.volumes_size()));
  for (const auto& one : in.volumes())
    facts.volumes.push_back({one.name(), Bytes{one.size()}});
  facts.free_disk = Bytes{in.free_disk()};
  return facts;
}

void put(v1::FreezeRequest& out, const FreezeOrder& freeze) {
  put(*out.mutable_pod(), freeze.pod);
  put(*out.mutable_containers(), freeze.containers);
  out.set_target_node(freeze.target_node);
  out.set_limit_ms(freeze.limit.count());
}
FreezeOrder taken(const v1::FreezeRequest& in) {
  return {taken(in.pod()), taken(in.containers()), in.target_node(), milliseconds{in.limit_ms()}};
}

void put(v1::CheckpointRequest& out, const CheckpointOrder& checkpoint) {
  out.set_backend(checkpoint.backend == Backend::kubelet ? v1::CheckpointRequest::KUBELET
                                                         : v1::CheckpointRequest::DIRECT);
  put(*out.mutable_volumes(), checkpoint.volumes);
}
CheckpointOrder taken(const v1::CheckpointRequest& in) {
  return {in.backend() == v1::CheckpointRequest::KUBELET ? Backend::kubelet : Backend::direct, taken(in.volumes())};
}

void put(v1::Archives& out, const std::vector<Archive>& archives) {
  for (const Archive& archive : archives)
    put_one(*out.add_archives(), archive);
}
std::vector<Archive> taken(const v1::Archives& in) {
  return taken_archives(in.archives());
}

void put(v1::SnapshotRequest& out, const SnapshotOrder& snapshot) {
  put(*out.mutable_freeze(), snapshot.freeze);
  put(*out.mutable_checkpoint(), snapshot.checkpoint);
}
SnapshotOrder taken(const v1::SnapshotRequest& in) {
  return {taken(in.freeze()), taken(in.checkpoint())};
}

void put(v1::SnapshotAnswer& out, const Snapshot& snapshot) {
  for (const Archive& archive : snapshot.archives)
    put_one(*out.add_archives(), archive);
  out.set_frozen_at_us(microseconds(snapshot.frozen_at));
  out.set_frozen_ms(snapshot.frozen.count());
}
Snapshot taken(const v1::SnapshotAnswer& in) {
  return {taken_archives(in.archives()), instant(in.frozen_at_us()), milliseconds{in.frozen_ms()}};
}

void put(v1::RegistryAccess& out, const RegistryAccess& registry) {
  out.set_repository(registry.repository);
  out.set_user(registry.user);
  out.set_password(registry.password);
  out.set_ca_pem(registry.ca_pem);
}
RegistryAccess taken(const v1::RegistryAccess& in) {
  return {in.repository(), in.user(), in.password(), in.ca_pem()};
}

void put(v1::PushRequest& out, const PushOrder& push) {
  put(*out.mutable_registry(), push.registry);
  out.set_as_image(push.as_image);
  out.set_host_name(push.host_name);
}
PushOrder taken(const v1::PushRequest& in) {
  return {taken(in.registry()), in.as_image(), in.host_name()};
}

void put(v1::PushedImages& out, const std::vector<PushedImage>& images) {
  for (const PushedImage& image : images)
    put_one(*out.add_images(), image);
}
std::vector<PushedImage> taken(const v1::PushedImages& in) {
  return taken_images(in.images());
}

void put(v1::Lines& out, const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    out.add_lines(line);
}
std::vector<std::string> taken(const v1::Lines& in) {
  return {in.lines().begin(), in.lines().end()};
}

void put(v1::SourceRecord& out, const SourceRecord& record) {
  out.set_state(second_of(kSourceStates, record.state));
  if (record.frozen_at) out.set_frozen_at_us(microseconds(*record.frozen_at));
  if (record.ended_at) out.set_ended_at_us(microseconds(*record.ended_at));
  out.set_message(record.message);
  put(*out.mutable_lost(), record.lost);
  if (record.clock) out.set_clock_us(microseconds(*record.clock));
}
SourceRecord taken(const v1::SourceRecord& in) {
  SourceRecord record;
  record.state = first_of(kSourceStates, in.state());
  if (in.has_frozen_at_us()) record.frozen_at = instant(in.frozen_at_us());
  if (in.has_ended_at_us()) record.ended_at = instant(in.ended_at_us());
  record.message = in.message();
  record.lost = taken(in.lost());
  if (in.has_clock_us()) record.clock = instant(in.clock_us());
  return record;
}

void put(v1::PrepareRequest& out, const PrepareOrder& prepare) {
  put(*out.mutable_pod(), prepare.pod);
  put(*out.mutable_containers(), prepare.containers);
  out.set_forecast_ms(prepare.forecast.count());
  out.set_as_image(prepare.as_image);
}
PrepareOrder taken(const v1::PrepareRequest& in) {
  return {taken(in.pod()), taken(in.containers()), milliseconds{in.forecast_ms()}, in.as_image()};
}

void put(v1::PullRequest& out, const PullOrder& pull) {
  out.set_source_node(pull.source_node);
  out.set_source_address(pull.source_address);
  for (const Archive& archive : pull.archives)
    put_one(*out.add_archives(), archive);
  out.set_as_image(pull.as_image);
  out.set_host_name(pull.host_name);
  if (pull.registry) put(*out.mutable_registry(), *pull.registry);
  for (const PushedImage& image : pull.images)
    put_one(*out.add_images(), image);
}
PullOrder taken(const v1::PullRequest& in) {
  PullOrder pull{in.source_node(), in.source_address(), taken_archives(in.archives()), in.as_image(), in.host_name()};
  if (in.has_registry()) pull.registry = taken(in.registry());
  pull.images = taken_images(in.images());
  return pull;
}

void put(v1::PullFacts& out, const PullFacts& facts) {
  out.set_bytes(facts.bytes.count);
  out.set_duration_ms(facts.duration.count());
  if (!facts.offer) return;
  v1::ImageOffer& offer = *out.mutable_offer();
  offer.set_repository(facts.offer->repository);
  offer.set_user(facts.offer->user);
  offer.set_password(facts.offer->password);
  for (const ImageOffer::Image& image : facts.offer->images) {
    auto& one = *offer.add_images();
    one.set_container(image.container);
    one.set_reference(image.reference);
  }
}
PullFacts taken(const v1::PullFacts& in) {
  PullFacts facts{Bytes{in.bytes()}, milliseconds{in.duration_ms()}};
  if (!in.has_offer()) return facts;
  facts.offer = {in.offer().repository(), in.offer().user(), in.offer().password(), {}};
  facts.offer->images.reserve(static_cast<std::size_t>(in.offer().images_size()));
  for (const auto& one : in.offer().images())
    facts.offer->images.push_back({one.container(), one.reference()});
  return facts;
}

void put(v1::ReleaseRequest& out, const ReleaseOrder& release) {
  put(*out.mutable_pod(), release.pod);
  put(*out.mutable_containers(), release.containers);
  put(*out.mutable_volumes(), release.volumes);
}
ReleaseOrder taken(const v1::ReleaseRequest& in) {
  return {taken(in.pod()), taken(in.containers()), taken(in.volumes())};
}

void put(Known& out, const std::vector<RestoreState>& known) {
  for (const RestoreState state : known)
    out.Add(second_of(kRestoreStates, state));
}
std::vector<RestoreState> taken(const Known& in) {
  std::vector<RestoreState> known;
  known.reserve(static_cast<std::size_t>(in.size()));
  for (const int state : in)
    known.push_back(first_of(kRestoreStates, static_cast<v1::RestoreState>(state)));
  return known;
}

void put(v1::RestoredContainers& out, const std::vector<RestoredContainer>& containers) {
  for (const RestoredContainer& container : containers) {
    auto& one = *out.add_containers();
    one.set_name(container.name);
    one.set_state(second_of(kRestoreStates, container.state));
    one.set_message(container.message);
    if (container.resumed) one.set_resumed(*container.resumed);
    one.set_container_id(container.container_id);
  }
}
std::vector<RestoredContainer> taken(const v1::RestoredContainers& in) {
  std::vector<RestoredContainer> containers;
  containers.reserve(static_cast<std::size_t>(in.containers_size()));
  for (const auto& one : in.containers()) {
    RestoredContainer& container = containers.emplace_back();
    container.name = one.name();
    container.state = first_of(kRestoreStates, one.state());
    container.message = one.message();
    if (one.has_resumed()) container.resumed = one.resumed();
    container.container_id = one.container_id();
  }
  return containers;
}

void put(v1::Answer& out, bool yes) {
  out.set_yes(yes);
}
bool taken(const v1::Answer& in) {
  return in.yes();
}

bool is_known(const v1::SourceRecord& in) {
  return v1::SourceRecord::State_IsValid(in.state());
}
bool is_known(const v1::RestoredContainers& in) {
  for (const auto& one : in.containers())
    if (!v1::RestoreState_IsValid(one.state())) return false;
  return true;
}

}  // namespace migrate::agent::wire
