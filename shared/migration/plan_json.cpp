// What a status tells before anything happens: refusals, the plan, what every strategy would take, the forecast.
#include <nlohmann/json.hpp>

#include "shared/migration/parts.h"
#include "shared/migration/put.h"

namespace migrate {
namespace {

using Json = nlohmann::json;
using kube::Field;

RefusalNote parse_refusal(const Field& refusal) {
  return {required_text(refusal["reason"]), refusal["message"].text(), refusal["accept"].text()};
}

Json refusal_json(const RefusalNote& refusal) {
  Json json = {{"reason", refusal.reason}, {"message", refusal.message}};
  put(json, "accept", refusal.accept);
  return json;
}

Json step_json(const PlannedStep& step) {
  return {{"name", step.name}, {"text", step.text}};
}

std::optional<Plan> parse_plan(const Field& plan) {
  if (!plan.is_present()) return std::nullopt;
  Plan read;
  read.because = plan["because"].text();
  for (const Field& step : plan["steps"].items())
    read.steps.push_back({required_text(step["name"]), step["text"].text()});
  read.target = plan["target"].text();
  return read;
}

Json plan_json(const Plan& plan) {
  Json json = Json::object();
  put(json, "because", plan.because);
  put(json, "steps", list_of(plan.steps, step_json));
  put(json, "target", plan.target);
  return json;
}

Alternative parse_alternative(const Field& alternative) {
  Alternative read;
  read.strategy = word_in(alternative["strategy"], strategy_from, Strategy::automatic, "Live, Sequential, Stop");
  read.freeze = milliseconds_in(alternative["freeze"]);
  read.gap = milliseconds_in(alternative["gap"]);
  read.total = milliseconds_in(alternative["total"]);
  read.against = alternative["against"].texts();
  return read;
}

Json alternative_json(const Alternative& alternative) {
  Json json = {{"strategy", to_string(alternative.strategy)}};
  put(json, "freeze", alternative.freeze);
  put(json, "gap", alternative.gap);
  put(json, "total", alternative.total);
  if (!alternative.against.empty()) json["against"] = alternative.against;
  return json;
}

std::optional<Range> range_in(const Field& range) {
  if (!range.is_present()) return std::nullopt;
  return Range{milliseconds{count_in(range["low"])}, milliseconds{count_in(range["high"])}};
}

void put_range(Json& json, const char* key, const std::optional<Range>& range) {
  if (range) json[key] = {{"low", range->low.count()}, {"high", range->high.count()}};
}

Json forecast_json(const MigrationStatus& status) {
  Json json = Json::object();
  put(json, "freezeMs", status.forecast_freeze);
  put(json, "gapMs", status.forecast_gap);
  put(json, "totalMs", status.forecast_total);
  put(json, "restoreMs", status.forecast_restore);
  put_range(json, "freezeRange", status.forecast_freeze_range);
  put_range(json, "gapRange", status.forecast_gap_range);
  put_range(json, "totalRange", status.forecast_total_range);
  put(json, "cutoff", status.forecast_cutoff);
  put(json, "backlogAtCut", status.forecast_backlog);
  if (status.forecast_size > Bytes{}) json["bytes"] = status.forecast_size.count;
  return json;
}

}  // namespace

void parse_outlook(const Field& status, MigrationStatus& read) {
  for (const Field& refusal : status["refusals"].items())
    read.refusals.push_back(parse_refusal(refusal));
  read.plan = parse_plan(status["plan"]);
  for (const Field& alternative : status["alternatives"].items())
    read.alternatives.push_back(parse_alternative(alternative));
  const Field forecast = status["forecast"];
  read.forecast_freeze = milliseconds_in(forecast["freezeMs"]);
  read.forecast_gap = milliseconds_in(forecast["gapMs"]);
  read.forecast_total = milliseconds_in(forecast["totalMs"]);
  read.forecast_restore = milliseconds_in(forecast["restoreMs"]);
  read.forecast_freeze_range = range_in(forecast["freezeRange"]);
  read.forecast_gap_range = range_in(forecast["gapRange"]);
  read.forecast_total_range = range_in(forecast["totalRange"]);
  read.forecast_cutoff = milliseconds_in(forecast["cutoff"]);
  read.forecast_backlog = optional_count_in(forecast["backlogAtCut"]);
  read.forecast_size = Bytes{count_in(forecast["bytes"])};
}

void put_outlook(const MigrationStatus& status, Json& json) {
  put(json, "refusals", list_of(status.refusals, refusal_json));
  if (status.plan) json["plan"] = plan_json(*status.plan);
  put(json, "alternatives", list_of(status.alternatives, alternative_json));
  put(json, "forecast", forecast_json(status));
}

}  // namespace migrate
