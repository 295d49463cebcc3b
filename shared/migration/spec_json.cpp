#include <nlohmann/json.hpp>
#include <vector>

#include "shared/migration/go_duration.h"
#include "shared/migration/names.h"
#include "shared/migration/parts.h"

namespace migrate {
namespace {

using Json = nlohmann::json;
using kube::Field;

// The span; `fallback` when absent.
milliseconds duration_in(const Field& field, milliseconds fallback) {
  const std::string text = field.text();
  if (!field.is_present()) return fallback;
  const auto span = parse_go_duration(text);
  if (!span) field.wrong(span.error().message);
  return span.value_or(fallback);
}

// As duration_in(), but longer than nothing.
milliseconds span_in(const Field& field, milliseconds fallback) {
  const milliseconds span = duration_in(field, fallback);
  if (span <= milliseconds{0}) field.wrong("no time at all: it must be longer than 0");
  return span;
}

// "Auto" is a cutoff that is computed.
constexpr const char* kComputed = "Auto";

std::optional<milliseconds> cutoff_in(const Field& field) {
  if (!field.is_present() || field.text() == kComputed) return std::nullopt;
  return span_in(field, milliseconds{1});
}

// As span_in(); nothing where there is none, or no word.
std::optional<milliseconds> budget_in(const Field& field) {
  if (field.text().empty()) return std::nullopt;
  return span_in(field, milliseconds{1});
}

void parse_messages(const Field& messages, MigrationSpec& read) {
  read.messages = word_in(messages["mode"], message_mode_from, MessageMode::automatic, "Auto, None, Queue");
  read.queue = messages["queue"].text();
  read.broker_secret = messages["broker"]["secretName"].text();
  read.max_replay = span_in(messages["maxReplay"], read.max_replay);
  read.cutoff = cutoff_in(messages["cutoff"]);
  read.purge_primary = messages["purgePrimary"].flag();
}

void parse_transfer(const Field& transfer, MigrationSpec& read) {
  read.transfer = word_in(transfer["via"], transfer_way_from, TransferWay::direct, "Direct, Registry");
  read.registry = transfer["repository"].text();
  read.registry_secret = transfer["secretName"].text();
  if (read.transfer == TransferWay::registry && read.registry.empty())
    transfer["repository"].wrong("is missing: a transfer by way of a registry needs one");
}

Json messages_json(const MigrationSpec& spec) {
  Json messages = {{"mode", to_string(spec.messages)},
                   {"maxReplay", to_go_duration(spec.max_replay)},
                   {"cutoff", spec.cutoff ? to_go_duration(*spec.cutoff) : kComputed},
                   {"purgePrimary", spec.purge_primary}};
  if (!spec.queue.empty()) messages["queue"] = spec.queue;
  if (!spec.broker_secret.empty()) messages["broker"] = {{"secretName", spec.broker_secret}};
  return messages;
}

Json transfer_json(const MigrationSpec& spec) {
  Json transfer = {{"via", to_string(spec.transfer)}};
  if (!spec.registry.empty()) transfer["repository"] = spec.registry;
  if (!spec.registry_secret.empty()) transfer["secretName"] = spec.registry_secret;
  return transfer;
}

}  // namespace

MigrationSpec parse_spec(const Field& spec) {
  MigrationSpec read;
  read.pod = required_text(spec["pod"]["name"]);
  read.pod_uid = required_text(spec["pod"]["uid"]);
  read.target_node = spec["target"]["node"].text();
  read.target_name = spec["target"]["name"].text();
  for (const auto& [key, value] : spec["target"]["nodeSelector"].entries())
    read.target_selector[key] = value.text();
  read.strategy = word_in(spec["strategy"], strategy_from, Strategy::automatic, "Auto, Live, Sequential, Stop");
  read.checkpoint = word_in(spec["checkpoint"], backend_from, CheckpointBackend::automatic, "Auto, Kubelet, Direct");
  read.keep_name = spec["keepName"].flag();
  read.restore = word_in(spec["restore"], restore_way_from, RestoreWay::automatic, "Auto, Runtime, Image");
  parse_transfer(spec["transfer"], read);
  parse_messages(spec["messages"], read);
  read.gap_budget = budget_in(spec["gapBudget"]);
  read.max_total = budget_in(spec["maxTotal"]);
  read.accept = spec["accept"].texts();
  read.timeout = span_in(spec["timeout"], read.timeout);
  read.ttl_after_finished =
      std::chrono::duration_cast<std::chrono::seconds>(duration_in(spec["ttlAfterFinished"], read.ttl_after_finished));
  read.dry_run = spec["dryRun"].flag();
  if (read.dry_run) std::erase(read.accept, kDryRunWord);
  read.abort = spec["abort"].flag();
  read.resolve = word_in(spec["resolve"], resolution_from, Resolution::none, "Source, Target, Checkpoint");
  return read;
}

Json to_json(const MigrationSpec& spec) {
  Json json = {{"pod", {{"name", spec.pod}, {"uid", spec.pod_uid}}},
               {"strategy", to_string(spec.strategy)},
               {"checkpoint", to_string(spec.checkpoint)},
               {"restore", to_string(spec.restore)},
               {"transfer", transfer_json(spec)},
               {"keepName", spec.keep_name},
               {"messages", messages_json(spec)},
               {"timeout", to_go_duration(spec.timeout)},
               {"ttlAfterFinished", to_go_duration(spec.ttl_after_finished)},
               {"abort", spec.abort}};
  Json target = Json::object();
  if (!spec.target_node.empty()) target["node"] = spec.target_node;
  if (!spec.target_name.empty()) target["name"] = spec.target_name;
  if (!spec.target_selector.empty()) target["nodeSelector"] = spec.target_selector;
  if (!target.empty()) json["target"] = std::move(target);
  if (spec.gap_budget) json["gapBudget"] = to_go_duration(*spec.gap_budget);
  if (spec.max_total) json["maxTotal"] = to_go_duration(*spec.max_total);
  if (!spec.accept.empty()) json["accept"] = spec.accept;
  if (spec.dry_run) {
    json["dryRun"] = true;
    json["accept"].push_back(kDryRunWord);
  }
  if (spec.resolve != Resolution::none) json["resolve"] = to_string(spec.resolve);
  return json;
}

}  // namespace migrate
