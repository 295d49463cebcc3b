#include <limits>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/migration/parts.h"

namespace migrate {
namespace {

using Json = nlohmann::json;
using kube::Field;

// What is empty is left out: absent and empty read the same.
void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
void put(Json& json, const char* key, const std::optional<Instant>& instant) {
  if (instant) json[key] = to_rfc3339(*instant);
}
void put(Json& json, const char* key, const std::optional<milliseconds>& span) {
  if (span) json[key] = span->count();
}
void put(Json& json, const char* key, Json part) {
  if (!part.empty()) json[key] = std::move(part);
}

template <class T>
Json list_of(const std::vector<T>& values, Json (*one)(const T&)) {
  Json list = Json::array();
  for (const T& value : values)
    list.push_back(one(value));
  return list;
}

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
  return json;
}

Json forecast_json(const MigrationStatus& status) {
  Json json = Json::object();
  put(json, "freezeMs", status.forecast_freeze);
  put(json, "gapMs", status.forecast_gap);
  return json;
}

}  // namespace

MigrationStatus parse_status(const Field& status) {
  MigrationStatus read;
  read.phase = word_in(status["phase"], phase_from, Phase::pending, "the phases that this version knows");
  read.reason = status["reason"].text();
  read.message = status["message"].text();
  read.source = parse_place(status["source"]);
  read.target = parse_place(status["target"]);
  read.placeholder = status["placeholder"].text();
  read.strategy = word_in(status["strategy"], strategy_from, Strategy::automatic, "Auto, Live, Sequential, Stop");
  const Field checkpoint = status["checkpoint"];
  read.checkpoint = word_in(checkpoint["backend"], backend_from, CheckpointBackend::automatic, "Auto, Kubelet, Direct");
  for (const Field& archive : checkpoint["archives"].items())
    read.archives.push_back(parse_archive(archive));
  read.freeze = milliseconds_in(checkpoint["freezeMs"]);
  for (const Field& condition : status["conditions"].items())
    read.conditions.push_back(parse_condition(condition));
  for (const Field& step : status["steps"].items())
    read.steps.push_back(parse_step(step));
  read.attempt = parse_attempt(status["attempt"]);
  read.forecast_freeze = milliseconds_in(status["forecast"]["freezeMs"]);
  read.forecast_gap = milliseconds_in(status["forecast"]["gapMs"]);
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
  put(json, "placeholder", status.placeholder);
  if (status.strategy != Strategy::automatic) json["strategy"] = to_string(status.strategy);
  put(json, "checkpoint", checkpoint_json(status));
  put(json, "conditions", list_of(status.conditions, condition_json));
  put(json, "steps", list_of(status.steps, step_json));
  put(json, "forecast", forecast_json(status));
  put(json, "frozenAt", status.frozen_at);
  put(json, "runningAt", status.running_at);
  put(json, "gapMs", status.gap);
  put(json, "startedAt", status.started);
  put(json, "finishedAt", status.finished);
  if (!status.warnings.empty()) json["warnings"] = status.warnings;
  return json;
}

}  // namespace migrate
