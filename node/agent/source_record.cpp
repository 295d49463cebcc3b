#include "node/agent/source_record.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"

namespace migrate::agent {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<SourceState, std::string_view>, 5> kStates{{{SourceState::none, "none"},
                                                                           {SourceState::snapshotted, "snapshotted"},
                                                                           {SourceState::frozen, "frozen"},
                                                                           {SourceState::committed, "committed"},
                                                                           {SourceState::thawed, "thawed"}}};

std::string_view word(SourceOrder order) {
  switch (order) {
    case SourceOrder::snapshot:
      return "snapshot";
    case SourceOrder::freeze:
      return "freeze";
    case SourceOrder::checkpoint:
      return "checkpoint";
    case SourceOrder::read:
      return "read an archive of";
    case SourceOrder::commit:
      return "commit";
    case SourceOrder::thaw:
    case SourceOrder::thaw_never_ran:
      return "thaw";
    case SourceOrder::clean_up:
      return "clean up after";
  }
  return "";
}

std::optional<Instant> instant_at(const Json& json, const char* field) {
  const auto found = json.find(field);
  if (found == json.end() || found->is_null()) return std::nullopt;
  auto parsed = parse_rfc3339(found->get<std::string>());
  if (!parsed) throw Fatal(fmt::format("{}: {}", field, parsed.error().message));
  return *parsed;
}

Json or_null(const std::optional<Instant>& instant) {
  return instant ? Json(to_rfc3339(*instant)) : Json(nullptr);
}

StoredSource from_json(const Json& json) {
  StoredSource stored;
  const auto state = json.at("state").get<std::string>();
  bool known = false;
  for (const auto& [value, text] : kStates)
    if (text == state) {
      stored.state = value;
      known = true;
    }
  if (!known) throw Fatal(fmt::format("its state '{}' is unknown", state));
  stored.term = json.at("term").get<std::int64_t>();
  stored.name = json.at("name").get<std::string>();
  const Json& pod = json.at("pod");
  stored.pod = {pod.at("namespace").get<std::string>(), pod.at("name").get<std::string>(),
                pod.at("uid").get<std::string>()};
  for (const Json& container : json.at("containers"))
    stored.containers.push_back({container.at("name").get<std::string>(), container.at("id").get<std::string>()});
  stored.target_node = json.at("targetNode").get<std::string>();
  const auto deadline = instant_at(json, "deadline");
  if (!deadline) throw Fatal("it has no deadline");
  stored.deadline = *deadline;
  stored.boot_id = json.at("bootId").get<std::string>();
  stored.frozen_at = instant_at(json, "frozenAt");
  stored.ended_at = instant_at(json, "endedAt");
  stored.message = json.at("message").get<std::string>();
  stored.settled = json.at("settled").get<bool>();
  for (const Json& archive : json.at("archives"))
    stored.archives.push_back({archive.at("name").get<std::string>(), Bytes{archive.at("size").get<std::uint64_t>()},
                               archive.at("digest").get<std::string>()});
  // Records of agents that did not know them yet lack these.
  if (const auto lost = json.find("lost"); lost != json.end()) stored.lost = lost->get<std::vector<std::string>>();
  if (const auto mark = json.find("forSnapshot"); mark != json.end()) stored.for_snapshot = mark->get<bool>();
  if (const auto taken = json.find("snapshot"); taken != json.end() && !taken->is_null()) {
    const auto frozen_at = instant_at(*taken, "frozenAt");
    if (!frozen_at) throw Fatal("its snapshot has no time");
    stored.snapshot = {*frozen_at, milliseconds{taken->at("frozenMs").get<std::int64_t>()}};
  }
  return stored;
}

}  // namespace

std::string_view to_string(SourceState state) {
  for (const auto& [value, text] : kStates)
    if (value == state) return text;
  return "";
}

std::string to_text(const StoredSource& stored) {
  Json json = {{"state", to_string(stored.state)},
               {"term", stored.term},
               {"name", stored.name},
               {"pod", {{"namespace", stored.pod.namespace_}, {"name", stored.pod.name}, {"uid", stored.pod.uid}}},
               {"containers", Json::array()},
               {"targetNode", stored.target_node},
               {"deadline", to_rfc3339(stored.deadline)},
               {"bootId", stored.boot_id},
               {"frozenAt", or_null(stored.frozen_at)},
               {"endedAt", or_null(stored.ended_at)},
               {"message", stored.message},
               {"settled", stored.settled},
               {"lost", stored.lost},
               {"archives", Json::array()},
               {"forSnapshot", stored.for_snapshot},
               {"snapshot", nullptr}};
  if (stored.snapshot)
    json["snapshot"] = {{"frozenAt", to_rfc3339(stored.snapshot->frozen_at)},
                        {"frozenMs", stored.snapshot->frozen.count()}};
  for (const FrozenContainer& container : stored.containers)
    json["containers"].push_back({{"name", container.name}, {"id", container.id}});
  for (const Archive& archive : stored.archives)
    json["archives"].push_back({{"name", archive.name}, {"size", archive.size.count}, {"digest", archive.digest}});
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<StoredSource> parse_source(const std::string& text) {
  try {
    return from_json(Json::parse(text));
  } catch (const std::exception& error) {  // a missing field, a wrong type, no JSON at all
    return failure(error.what());
  }
}

SourceRecord to_answer(const StoredSource& stored) {
  return {stored.state, stored.frozen_at, stored.ended_at, stored.message, stored.lost};
}

bool is_overdue(const StoredSource& stored, Instant now) {
  return stored.state == SourceState::frozen && !stored.runs_on && now >= stored.deadline;
}

SourceAct decide(SourceOrder order, const StoredSource& stored, Instant now) {
  const bool never_ran = order == SourceOrder::thaw_never_ran;
  const bool is_thaw = never_ran || order == SourceOrder::thaw;
  if (order == SourceOrder::snapshot && stored.snapshot && stored.state != SourceState::thawed && !stored.for_snapshot)
    return SourceAct::answer;
  switch (stored.state) {
    case SourceState::none:
      if (order == SourceOrder::snapshot || order == SourceOrder::freeze || order == SourceOrder::clean_up)
        return SourceAct::go_on;
      return is_thaw ? SourceAct::answer : SourceAct::precondition;
    case SourceState::snapshotted:
      if (order == SourceOrder::snapshot) return SourceAct::answer;
      return order == SourceOrder::checkpoint || order == SourceOrder::commit ? SourceAct::precondition
                                                                              : SourceAct::go_on;
    case SourceState::frozen:
      if (order == SourceOrder::clean_up) return SourceAct::refuse;
      if (order == SourceOrder::read || is_thaw) return SourceAct::go_on;
      if (is_overdue(stored, now)) return SourceAct::thaw;
      if (stored.for_snapshot || order == SourceOrder::snapshot) return SourceAct::precondition;
      if (order == SourceOrder::checkpoint && stored.snapshot) return SourceAct::precondition;
      return order == SourceOrder::freeze && stored.settled ? SourceAct::answer : SourceAct::go_on;
    case SourceState::committed:
      if (order == SourceOrder::checkpoint || order == SourceOrder::snapshot) return SourceAct::precondition;
      if (order == SourceOrder::thaw) return SourceAct::refuse;
      return never_ran || order == SourceOrder::read || order == SourceOrder::clean_up ? SourceAct::go_on
                                                                                       : SourceAct::answer;
    case SourceState::thawed:
      if (order == SourceOrder::clean_up) return SourceAct::go_on;
      return order == SourceOrder::checkpoint || order == SourceOrder::read || order == SourceOrder::snapshot
                 ? SourceAct::precondition
                 : SourceAct::answer;
  }
  return SourceAct::refuse;
}

std::string explain(SourceOrder order, const StoredSource& stored) {
  const std::string pod = stored.pod.name.empty() ? "the source" : stored.pod.namespace_ + "/" + stored.pod.name;
  std::string attempt = fmt::format("{} {}", word(order), pod);
  switch (stored.state) {
    case SourceState::none:
      return attempt + ": it was not frozen by this node's agent";
    case SourceState::snapshotted:
      return attempt + ": it was snapshotted and runs; freeze it first";
    case SourceState::frozen:
      if (stored.for_snapshot) return attempt + ": it is being snapshotted; wait for its end, or thaw it";
      if (order == SourceOrder::checkpoint && stored.snapshot)
        return attempt + ": it was snapshotted, and that is its checkpoint";
      return attempt + ": it is frozen; commit or thaw it first";
    case SourceState::committed:
      return attempt + ": it is committed, so its memory may run elsewhere and never runs again here";
    case SourceState::thawed:
      return fmt::format("{}: it was thawed and runs{}{}", attempt, stored.message.empty() ? "" : ": ", stored.message);
  }
  return attempt;
}

}  // namespace migrate::agent
