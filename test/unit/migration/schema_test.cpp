// The schemas in manifests/base/crds against what shared/migration writes: a field or word that only one of the two
// knows would be dropped or refused by the API server.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "shared/kube/document.h"
#include "shared/migration/go_duration.h"
#include "shared/migration/migration.h"
#include "shared/migration/node_facts.h"

namespace {

using namespace migrate;
using Json = nlohmann::json;

Json definition_of(const std::string& file) {
  const char* source = std::getenv("MIGRATE_SOURCE");
  BOOST_REQUIRE_MESSAGE(source != nullptr, "MIGRATE_SOURCE is not set: run by ctest");
  std::ifstream stream{std::string(source) + "/manifests/base/crds/" + file};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  return value_or_fatal(kube::parse_document(text));
}

Json schema_of(const std::string& file) {
  return definition_of(file).at("/spec/versions/0/schema/openAPIV3Schema"_json_pointer);
}

// Every field of `value` is in the schema, with its type, and every field of the schema is in `value`.
void check_same(const Json& schema, const Json& value, const std::string& path) {
  const std::string type = schema.at("type").get<std::string>();
  BOOST_TEST_CONTEXT(path) {
    if (schema.contains("additionalProperties")) return;
    if (type == "object") {
      BOOST_REQUIRE(value.is_object());
      std::set<std::string> known;
      for (const auto& [key, part] : schema.at("properties").items())
        known.insert(key);
      std::set<std::string> written;
      for (const auto& [key, part] : value.items())
        written.insert(key);
      BOOST_TEST(known == written, boost::test_tools::per_element());
      for (const std::string& key : written)
        if (known.count(key) > 0)
          check_same(schema.at("properties").at(key), value.at(key), std::string(path).append(".").append(key));
    } else if (type == "array") {
      BOOST_REQUIRE(value.is_array());
      for (const Json& item : value)
        check_same(schema.at("items"), item, path + "[]");
    } else {
      BOOST_TEST(value.is_string() == (type == "string"));
      BOOST_TEST(value.is_boolean() == (type == "boolean"));
      BOOST_TEST(value.is_number_integer() == (type == "integer"));
      BOOST_TEST(value.is_number() == (type == "integer" || type == "number"));
    }
  }
}

template <class Enum>
std::set<std::string> words_of(Enum last, int from = 0) {
  std::set<std::string> words;
  for (int i = from; i <= static_cast<int>(last); ++i)
    words.emplace(to_string(static_cast<Enum>(i)));
  return words;
}

std::set<std::string> enum_at(const Json& schema, const char* pointer) {
  return schema.at(Json::json_pointer{pointer}).at("enum").get<std::set<std::string>>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schemas)

BOOST_AUTO_TEST_CASE(the_schema_of_Migrations_has_the_fields_that_are_written_and_no_others) {
  const Json schema = schema_of("migrations.yaml").at("properties");
  MigrationSpec spec;
  spec.pod = spec.pod_uid = spec.target_node = spec.target_name = spec.queue = spec.broker_secret = "x";
  spec.target_selector["disk"] = "fast";
  spec.accept = {"post-start"};
  spec.resolve = Resolution::keep_source;
  spec.transfer = TransferWay::registry;
  spec.registry = spec.registry_secret = "x";
  spec.cutoff = spec.gap_budget = spec.max_total = milliseconds{1};
  spec.dry_run = true;
  check_same(schema.at("spec"), to_json(spec), "spec");

  const Instant now{Microseconds{1}};
  MigrationStatus status;
  status.reason = status.message = status.placeholder = "x";
  status.owner = OwnerRef{"StatefulSet", "x", "x"};
  status.volumes = {{"x", "x"}};
  status.source = status.target = {"p", "u", "n"};
  status.strategy = Strategy::stop;
  status.checkpoint = CheckpointBackend::direct;
  status.conditions = {{"Succeeded", true, "R", "m", now}};
  status.steps = {{"Placing", now, now, "m"}};
  status.archives = {{"app", Bytes{1}, "sha256:aa"}};
  status.restore = RestoreWay::image;
  status.messages.emplace();
  MessagesStatus& messages = *status.messages;
  messages.queue = messages.mirror = messages.control_queue = messages.cut_because = "x";
  messages.prefetch = 1;
  messages.bound_at = now;
  messages.arrival_rate = messages.service_rate = 0.5;
  messages.service_rate_from = RateSource::annotation;
  messages.backlog = {{now, 1}};
  messages.mirrored = messages.replayed = messages.backlog_at_cut = messages.duplicates_bound = messages.lost = 1;
  messages.backlog_interval = milliseconds{1};
  messages.mirrored_estimate = messages.replayed_estimate = 1;
  messages.cutoff_planned = messages.cutoff_used = milliseconds{1};
  status.forecast_freeze = status.forecast_gap = status.forecast_total = status.forecast_restore = milliseconds{1};
  status.forecast_freeze_range = status.forecast_gap_range = status.forecast_total_range = Range{};
  status.forecast_cutoff = milliseconds{1};
  status.forecast_backlog = 1;
  status.forecast_size = Bytes{1};
  status.refusals = {{"R", "m", "post-start"}};
  status.plan = Plan{"b", {{"Placing", "t"}}, "[]"};
  status.alternatives = {{Strategy::stop, milliseconds{1}, milliseconds{1}, milliseconds{1}, {"a"}}};
  status.freeze = status.gap = status.snapshot_freeze = milliseconds{1};
  status.frozen_at = status.running_at = status.started = status.finished = now;
  status.warnings = {"w"};
  check_same(schema.at("status"), to_json(status), "status");
}

BOOST_AUTO_TEST_CASE(the_schema_of_Migrations_has_our_words_and_defaults) {
  const Json schema = schema_of("migrations.yaml").at("properties");
  BOOST_TEST(enum_at(schema, "/status/properties/phase") == words_of(Phase::failed), boost::test_tools::per_element());
  BOOST_TEST(enum_at(schema, "/spec/properties/strategy") == words_of(Strategy::stop),
             boost::test_tools::per_element());
  BOOST_TEST(enum_at(schema, "/spec/properties/checkpoint") == words_of(CheckpointBackend::direct),
             boost::test_tools::per_element());
  BOOST_TEST(enum_at(schema, "/spec/properties/messages/properties/mode") == words_of(MessageMode::queue),
             boost::test_tools::per_element());
  BOOST_TEST(enum_at(schema, "/spec/properties/restore") == words_of(RestoreWay::image),
             boost::test_tools::per_element());
  BOOST_TEST(enum_at(schema, "/spec/properties/transfer/properties/via") == words_of(TransferWay::registry),
             boost::test_tools::per_element());
  BOOST_TEST(enum_at(schema, "/spec/properties/resolve") == words_of(Resolution::from_checkpoint),
             boost::test_tools::per_element());
  // What was chosen is never Auto.
  BOOST_TEST(enum_at(schema, "/status/properties/strategy") == words_of(Strategy::stop, 1),
             boost::test_tools::per_element());
  BOOST_TEST(
      enum_at(schema, "/status/properties/checkpoint/properties/backend") == words_of(CheckpointBackend::direct, 1),
      boost::test_tools::per_element());
  BOOST_TEST(
      enum_at(schema, "/status/properties/alternatives/items/properties/strategy") == words_of(Strategy::stop, 1),
      boost::test_tools::per_element());
  BOOST_TEST(enum_at(schema, "/status/properties/restore") == words_of(RestoreWay::image, 1),
             boost::test_tools::per_element());
  // What is unknown is left out.
  BOOST_TEST(
      enum_at(schema, "/status/properties/messages/properties/serviceRateFrom") == words_of(RateSource::target, 1),
      boost::test_tools::per_element());
  const Json& spec = schema.at("spec").at("properties");
  BOOST_TEST(spec.at("timeout").at("default") == to_go_duration(MigrationSpec{}.timeout));
  BOOST_TEST(spec.at("ttlAfterFinished").at("default") == to_go_duration(MigrationSpec{}.ttl_after_finished));
  // A rule about change does not apply to a field that appears or goes, so none may.
  for (const auto& [key, field] : spec.items())
    BOOST_TEST((key == "pod" || field.contains("default")), key);
  const Json& messages = spec.at("messages").at("properties");
  for (const auto& [key, field] : messages.items())
    BOOST_TEST(field.contains("default"), key);
  for (const auto& [key, field] : spec.at("transfer").at("properties").items())
    BOOST_TEST(field.contains("default"), key);
  BOOST_TEST(messages.at("maxReplay").at("default") == to_go_duration(MigrationSpec{}.max_replay));
  // Only what is asked for is written.
  BOOST_TEST(spec.at("dryRun").at("default") == MigrationSpec{}.dry_run);
  for (const char* key : {"gapBudget", "maxTotal"})
    BOOST_TEST(spec.at(key).at("default") == "", key);
  const Json defaults = to_json(MigrationSpec{});
  for (const char* key : {"strategy", "checkpoint", "restore", "keepName", "abort"})
    BOOST_TEST(spec.at(key).at("default") == defaults.at(key), key);
  for (const char* key : {"mode", "maxReplay", "cutoff", "purgePrimary"})
    BOOST_TEST(messages.at(key).at("default") == defaults.at("messages").at(key), key);
  BOOST_TEST(spec.at("transfer").at("properties").at("via").at("default") == defaults.at("transfer").at("via"));
}

BOOST_AUTO_TEST_CASE(both_kinds_have_a_short_name) {
  for (const auto& [file, name] : {std::pair{"migrations.yaml", "mig"}, std::pair{"migrationnodes.yaml", "mignode"}})
    BOOST_TEST(definition_of(file).at("/spec/names/shortNames"_json_pointer) == Json::array({name}));
}

BOOST_AUTO_TEST_CASE(the_schema_of_MigrationNodes_has_the_fields_that_are_written_and_no_others) {
  NodeFacts facts;
  facts.cpu_features = {"avx"};
  facts.restore_via_create = true;
  facts.criu_check = {true, "Looks good."};
  facts.criu_options_missing = {"tcp-close"};
  facts.kubelet_checkpoint = {KubeletCheckpoint::kAllowed, ""};
  facts.held = {{"u", "shop/orders", kHeldCommitted, "p"}};
  const Json schema = schema_of("migrationnodes.yaml").at("properties").at("facts");
  check_same(schema, to_json(facts).at("facts"), "facts");
  using Kubelet = KubeletCheckpoint;
  BOOST_TEST(
      enum_at(schema, "/properties/kubeletCheckpoint/properties/state") ==
          (std::set<std::string>{Kubelet::kAllowed, Kubelet::kForbidden, Kubelet::kGateClosed, Kubelet::kUnknown}),
      boost::test_tools::per_element());
  BOOST_TEST(schema.at("properties").at("held").at("maxItems") == kMostHeld);
}

BOOST_AUTO_TEST_SUITE_END()
