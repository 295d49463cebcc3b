// A status as JSON, and back.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/migration/parts.h"
#include "shared/migration/put.h"

namespace migrate {
namespace {

using Json = nlohmann::json;
using kube::Field;

PodPlace parse_place(const Field& place) {
  return {place["pod"].text(), place["uid"].text(), place["node"].text()};
}

Json place_json(const PodPlace& place) {
  Json json = Json::object();
  put(json, "pod", place.pod);
  put(json, "uid", place.uid);
  put(json, "node", place.node);
  return json;
}

Step parse_step(const Field& step) {
  Step read;
  read.name = required_text(step["name"]);
  read.started = instant_in(step["startedAt"]).value_or(Instant{});
  read.finished = instant_in(step["finishedAt"]);
  read.message = step["message"].text();
  return read;
}

Json step_json(const Step& step) {
  Json json = {{"name", step.name}, {"startedAt", to_rfc3339(step.started)}};
  put(json, "finishedAt", step.finished);
  put(json, "message", step.message);
  return json;
}

Condition parse_condition(const Field& condition) {
  Condition read;
  read.type = required_text(condition["type"]);
  const std::string value = condition["status"].text();
  // Kubernetes' third value says that it is not known, which is not that it holds.
  if (value != "True" && value != "False" && value != "Unknown")
    condition["status"].wrong(fmt::format("'{}', which is none of True, False, Unknown", value));
  read.value = value == "True";
  read.reason = condition["reason"].text();
  read.message = condition["message"].text();
  read.since = instant_in(condition["lastTransitionTime"]).value_or(Instant{});
  return read;
}

Json condition_json(const Condition& condition) {
  return {{"type", condition.type},
          {"status", condition.value ? "True" : "False"},
          {"reason", condition.reason},
          {"message", condition.message},
          {"lastTransitionTime", to_rfc3339(condition.since)}};
}

ArchiveStatus parse_archive(const Field& archive) {
  return {required_text(archive["container"]), Bytes{count_in(archive["bytes"])}, archive["digest"].text()};
}

Json archive_json(const ArchiveStatus& archive) {
  return {{"container", archive.container}, {"bytes", archive.size.count}, {"digest", archive.digest}};
}

std::uint32_t parse_attempt(const Field& attempt) {
  if (!attempt.is_present()) return 1;
  const std::uint64_t number = count_in(attempt);
  if (number <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(number);
  attempt.wrong(fmt::format("{}, which is no number of attempts", number));
  return 1;
}

Json checkpoint_json(const MigrationStatus& status) {
  Json json = Json::object();
  if (status.checkpoint != CheckpointBackend::automatic) json["backend"] = to_string(status.checkpoint);
  if (!status.archives.empty()) {
    json["bytes"] = total_size(status).count;
    json["archives"] = list_of(status.archives, archive_json);
  }
  put(json, "freezeMs", status.freeze);
  put(json, "snapshotFreezeMs", status.snapshot_freeze);
  return json;
}

// Neither rates nor spans are negative.
std::optional<double> amount_in(const Field& field) {
  if (!field.is_present()) return std::nullopt;
  const double amount = field.number();
  if (!(amount < 0)) return amount;
  field.wrong(fmt::format("{} where no negative number can stand", amount));
  return std::nullopt;
}

std::optional<milliseconds> seconds_in(const Field& field) {
  const auto seconds = amount_in(field);
  if (!seconds) return std::nullopt;
  constexpr double kMost = 1e12;  // more than any span, and what milliseconds hold
  if (*seconds > kMost) field.wrong(fmt::format("{}, which is no span of ours", *seconds));
  return milliseconds{std::llround(std::min(*seconds, kMost) * 1000)};
}

std::optional<double> in_seconds(const std::optional<milliseconds>& span) {
  if (!span) return std::nullopt;
  return static_cast<double>(span->count()) / 1000;
}

BacklogPoint parse_point(const Field& point) {
  return {instant_in(point["at"]).value_or(Instant{}), count_in(point["ready"])};
}

Json point_json(const BacklogPoint& point) {
  return {{"at", to_rfc3339(point.at)}, {"ready", point.ready}};
}

std::optional<MessagesStatus> parse_messages(const Field& messages) {
  if (!messages.is_present()) return std::nullopt;
  MessagesStatus read;
  read.queue = messages["queue"].text();
  read.mirror = messages["mirror"].text();
  read.control_queue = messages["controlQueue"].text();
  if (messages["prefetch"].is_present()) read.prefetch = count_in(messages["prefetch"]);
  read.bound_at = instant_in(messages["boundAt"]);
  read.arrival_rate = amount_in(messages["arrivalRate"]);
  read.service_rate = amount_in(messages["serviceRate"]);
  read.service_rate_from =
      word_in(messages["serviceRateFrom"], rate_source_from, RateSource::unknown, "Source, Annotation, Target");
  for (const Field& point : messages["backlogSeries"].items())
    read.backlog.push_back(parse_point(point));
  read.backlog_interval = milliseconds_in(messages["backlogIntervalMs"]);
  read.mirrored = optional_count_in(messages["mirrored"]);
  read.replayed = optional_count_in(messages["replayed"]);
  read.mirrored_estimate = optional_count_in(messages["mirroredEstimate"]);
  read.replayed_estimate = optional_count_in(messages["replayedEstimate"]);
  read.backlog_at_cut = optional_count_in(messages["backlogAtCut"]);
  read.duplicates_bound = optional_count_in(messages["duplicatesBound"]);
  read.lost = optional_count_in(messages["lost"]);
  read.cutoff_planned = seconds_in(messages["cutoffSeconds"]);
  read.cutoff_used = seconds_in(messages["cutoffUsedSeconds"]);
  read.cut_because = messages["cutBecause"].text();
  return read;
}

Json messages_json(const MessagesStatus& messages) {
  Json json = Json::object();
  put(json, "queue", messages.queue);
  put(json, "mirror", messages.mirror);
  put(json, "controlQueue", messages.control_queue);
  if (messages.prefetch > 0) json["prefetch"] = messages.prefetch;
  put(json, "boundAt", messages.bound_at);
  put(json, "arrivalRate", messages.arrival_rate);
  put(json, "serviceRate", messages.service_rate);
  put(json, "serviceRateFrom", std::string(to_string(messages.service_rate_from)));
  // Of now, for who looks with kubectl alone; only the series is read.
  if (!messages.backlog.empty()) json["backlog"] = messages.backlog.back().ready;
  put(json, "backlogSeries", list_of(messages.backlog, point_json));
  put(json, "backlogIntervalMs", messages.backlog_interval);
  put(json, "mirrored", messages.mirrored);
  put(json, "replayed", messages.replayed);
  put(json, "mirroredEstimate", messages.mirrored_estimate);
  put(json, "replayedEstimate", messages.replayed_estimate);
  put(json, "backlogAtCut", messages.backlog_at_cut);
  put(json, "duplicatesBound", messages.duplicates_bound);
  put(json, "lost", messages.lost);
  put(json, "cutoffSeconds", in_seconds(messages.cutoff_planned));
  put(json, "cutoffUsedSeconds", in_seconds(messages.cutoff_used));
  put(json, "cutBecause", messages.cut_because);
  return json;
}

Json volume_json(const MovedVolume& volume) {
  return {{"claim", volume.claim}, {"persistentVolume", volume.volume}};
}

}  // namespace

MigrationStatus parse_status(const Field& status) {
  MigrationStatus read;
  read.phase = word_in(status["phase"], phase_from, Phase::pending, "the phases that this version knows");
  read.reason = status["reason"].text();
  read.message = status["message"].text();
  read.source = parse_place(status["source"]);
  read.target = parse_place(status["target"]);
  if (const Field owner = status["owner"]; owner.is_present())
    read.owner = OwnerRef{owner["kind"].text(), owner["name"].text(), owner["uid"].text()};
  for (const Field& volume : status["volumes"].items())
    read.volumes.push_back({volume["claim"].text(), volume["persistentVolume"].text()});
  read.placeholder = status["placeholder"].text();
  read.strategy = word_in(status["strategy"], strategy_from, Strategy::automatic, "Auto, Live, Sequential, Stop");
  read.restore = word_in(status["restore"], restore_way_from, RestoreWay::automatic, "Auto, Runtime, Image");
  read.messages = parse_messages(status["messages"]);
  const Field checkpoint = status["checkpoint"];
  read.checkpoint = word_in(checkpoint["backend"], backend_from, CheckpointBackend::automatic, "Auto, Kubelet, Direct");
  for (const Field& archive : checkpoint["archives"].items())
    read.archives.push_back(parse_archive(archive));
  read.freeze = milliseconds_in(checkpoint["freezeMs"]);
  read.snapshot_freeze = milliseconds_in(checkpoint["snapshotFreezeMs"]);
  for (const Field& condition : status["conditions"].items())
    read.conditions.push_back(parse_condition(condition));
  for (const Field& step : status["steps"].items())
    read.steps.push_back(parse_step(step));
  read.attempt = parse_attempt(status["attempt"]);
  parse_outlook(status, read);
  read.frozen_at = instant_in(status["frozenAt"]);
  read.running_at = instant_in(status["runningAt"]);
  read.gap = milliseconds_in(status["gapMs"]);
  read.started = instant_in(status["startedAt"]);
  read.finished = instant_in(status["finishedAt"]);
  read.warnings = status["warnings"].texts();
  return read;
}

Json to_json(const MigrationStatus& status) {
  Json json = {{"phase", to_string(status.phase)}, {"attempt", status.attempt}};
  put(json, "reason", status.reason);
  put(json, "message", status.message);
  put(json, "source", place_json(status.source));
  put(json, "target", place_json(status.target));
  if (status.owner)
    json["owner"] = {{"kind", status.owner->kind}, {"name", status.owner->name}, {"uid", status.owner->uid}};
  put(json, "volumes", list_of(status.volumes, volume_json));
  put(json, "placeholder", status.placeholder);
  if (status.strategy != Strategy::automatic) json["strategy"] = to_string(status.strategy);
  if (status.restore != RestoreWay::automatic) json["restore"] = to_string(status.restore);
  if (status.messages) json["messages"] = messages_json(*status.messages);
  put(json, "checkpoint", checkpoint_json(status));
  put(json, "conditions", list_of(status.conditions, condition_json));
  put(json, "steps", list_of(status.steps, step_json));
  put_outlook(status, json);
  put(json, "frozenAt", status.frozen_at);
  put(json, "runningAt", status.running_at);
  put(json, "gapMs", status.gap);
  put(json, "startedAt", status.started);
  put(json, "finishedAt", status.finished);
  if (!status.warnings.empty()) json["warnings"] = status.warnings;
  return json;
}

}  // namespace migrate
