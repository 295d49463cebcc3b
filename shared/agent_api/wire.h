// agent_api.h's values to and from the messages of agent.proto. Pure; internal to shared/agent_api.
//
// Absent parts read as empty, an unknown state as `none`: whoever decides by a state asks is_known first.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/agent_api/agent.pb.h"
#include "shared/agent_api/agent_api.h"

namespace migrate::agent::wire {

using Strings = google::protobuf::RepeatedPtrField<std::string>;
using Known = google::protobuf::RepeatedField<int>;

// The trailing metadata's key, and the words in it.
inline constexpr const char* kErrorKey = "migrate-error";
inline constexpr const char* kTermKey = "migrate-term";  // of a stale order: the newest term seen
[[nodiscard]] std::string_view word_of(AgentError::Kind kind);
[[nodiscard]] std::optional<AgentError::Kind> kind_of(std::string_view word);
[[nodiscard]] std::int64_t term_of(std::string_view text);  // 0: it is none

void put(v1::Order& out, const Order& order, milliseconds timeout);
void put(v1::PodRef& out, const PodRef& pod);
void put(Strings& out, const std::vector<std::string>& texts);
void put(v1::SourceFacts& out, const SourceFacts& facts);
void put(v1::FreezeRequest& out, const FreezeOrder& freeze);
void put(v1::CheckpointRequest& out, const CheckpointOrder& checkpoint);
void put(v1::Archives& out, const std::vector<Archive>& archives);
void put(v1::SnapshotRequest& out, const SnapshotOrder& snapshot);
void put(v1::SnapshotAnswer& out, const Snapshot& snapshot);
void put(v1::RegistryAccess& out, const RegistryAccess& registry);
void put(v1::PushRequest& out, const PushOrder& push);
void put(v1::PushedImages& out, const std::vector<PushedImage>& images);
void put(v1::Lines& out, const std::vector<std::string>& lines);
void put(v1::SourceRecord& out, const SourceRecord& record);
void put(v1::PrepareRequest& out, const PrepareOrder& prepare);
void put(v1::PullRequest& out, const PullOrder& pull);
void put(v1::PullFacts& out, const PullFacts& facts);
void put(v1::ReleaseRequest& out, const ReleaseOrder& release);
void put(Known& out, const std::vector<RestoreState>& known);
void put(v1::RestoredContainers& out, const std::vector<RestoredContainer>& containers);
void put(v1::Answer& out, bool yes);

[[nodiscard]] Order taken(const v1::Order& in);
[[nodiscard]] PodRef taken(const v1::PodRef& in);
[[nodiscard]] std::vector<std::string> taken(const Strings& in);
[[nodiscard]] SourceFacts taken(const v1::SourceFacts& in);
[[nodiscard]] FreezeOrder taken(const v1::FreezeRequest& in);
[[nodiscard]] CheckpointOrder taken(const v1::CheckpointRequest& in);
[[nodiscard]] std::vector<Archive> taken(const v1::Archives& in);
[[nodiscard]] SnapshotOrder taken(const v1::SnapshotRequest& in);
[[nodiscard]] Snapshot taken(const v1::SnapshotAnswer& in);
[[nodiscard]] RegistryAccess taken(const v1::RegistryAccess& in);
[[nodiscard]] PushOrder taken(const v1::PushRequest& in);
[[nodiscard]] std::vector<PushedImage> taken(const v1::PushedImages& in);
[[nodiscard]] std::vector<std::string> taken(const v1::Lines& in);
[[nodiscard]] SourceRecord taken(const v1::SourceRecord& in);
[[nodiscard]] PrepareOrder taken(const v1::PrepareRequest& in);
[[nodiscard]] PullOrder taken(const v1::PullRequest& in);
[[nodiscard]] PullFacts taken(const v1::PullFacts& in);
[[nodiscard]] ReleaseOrder taken(const v1::ReleaseRequest& in);
[[nodiscard]] std::vector<RestoreState> taken(const Known& in);
[[nodiscard]] std::vector<RestoredContainer> taken(const v1::RestoredContainers& in);
[[nodiscard]] bool taken(const v1::Answer& in);
inline void taken(const v1::Done& /*in*/) {}

// Whether every state in it is one of ours: an agent of a later version may know more.
[[nodiscard]] bool is_known(const v1::SourceRecord& in);
[[nodiscard]] bool is_known(const v1::RestoredContainers& in);
template <class Message>
[[nodiscard]] bool is_known(const Message& /*has no states*/) {
  return true;
}

}  // namespace migrate::agent::wire
