#include <nlohmann/json.hpp>

#include "shared/migration/go_duration.h"
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

Json messages_json(const MigrationSpec& spec) {
  Json messages = {{"mode", to_string(spec.messages)}};
  if (!spec.queue.empty()) messages["queue"] = spec.queue;
  if (!spec.broker_secret.empty()) messages["broker"] = {{"secretName", spec.broker_secret}};
  return messages;
}

}  // namespace

MigrationSpec parse_spec(const Field& spec) {
  MigrationSpec read;
  read.pod = required_text(spec["pod"]["name"]);
  read.pod_uid = required_text(spec["pod"]["uid"]);
  read.target_node = spec["target"]["node"].text();
  for (const auto& [key, value] : spec["target"]["nodeSelector"].entries())
    read.target_selector[key] = value.text();
  read.strategy = word_in(spec["strategy"], strategy_from, Strategy::automatic, "Auto, Live, Sequential, Stop");
  read.checkpoint = word_in(spec["checkpoint"], backend_from, CheckpointBackend::automatic, "Auto, Kubelet, Direct");
  read.keep_name = spec["keepName"].flag();
  const Field messages = spec["messages"];
  read.messages = word_in(messages["mode"], message_mode_from, MessageMode::automatic, "Auto, None, Queue");
  read.queue = messages["queue"].text();
  read.broker_secret = messages["broker"]["secretName"].text();
  read.accept = spec["accept"].texts();
  read.timeout = duration_in(spec["timeout"], read.timeout);
  if (read.timeout <= milliseconds{0}) spec["timeout"].wrong("no time at all: it must be longer than 0");
  read.ttl_after_finished =
      std::chrono::duration_cast<std::chrono::seconds>(duration_in(spec["ttlAfterFinished"], read.ttl_after_finished));
  read.abort = spec["abort"].flag();
  read.resolve = word_in(spec["resolve"], resolution_from, Resolution::none, "Source, Target, Checkpoint");
  return read;
}

Json to_json(const MigrationSpec& spec) {
  Json json = {{"pod", {{"name", spec.pod}, {"uid", spec.pod_uid}}},
               {"strategy", to_string(spec.strategy)},
               {"checkpoint", to_string(spec.checkpoint)},
               {"keepName", spec.keep_name},
               {"messages", messages_json(spec)},
               {"timeout", to_go_duration(spec.timeout)},
               {"ttlAfterFinished", to_go_duration(spec.ttl_after_finished)},
               {"abort", spec.abort}};
  Json target = Json::object();
  if (!spec.target_node.empty()) target["node"] = spec.target_node;
  if (!spec.target_selector.empty()) target["nodeSelector"] = spec.target_selector;
  if (!target.empty()) json["target"] = std::move(target);
  if (!spec.accept.empty()) json["accept"] = spec.accept;
  if (spec.resolve != Resolution::none) json["resolve"] = to_string(spec.resolve);
  return json;
}

}  // namespace migrate
