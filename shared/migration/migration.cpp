#include "shared/migration/migration.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/migration/names.h"
#include "shared/migration/parts.h"

namespace migrate {

using kube::Field;
using Json = nlohmann::json;

std::optional<Instant> instant_in(const Field& field) {
  const std::string text = field.text();
  if (text.empty()) return std::nullopt;
  const auto instant = parse_rfc3339(text);
  if (instant) return *instant;
  field.wrong(instant.error().message);
  return std::nullopt;
}

std::uint64_t count_in(const Field& field) {
  const std::int64_t number = field.integer();
  if (number >= 0) return static_cast<std::uint64_t>(number);
  field.wrong(fmt::format("{} where no negative number can stand", number));
  return 0;
}

std::optional<std::uint64_t> optional_count_in(const Field& field) {
  if (!field.is_present()) return std::nullopt;
  return count_in(field);
}

std::optional<milliseconds> milliseconds_in(const Field& field) {
  if (!field.is_present()) return std::nullopt;
  return milliseconds{count_in(field)};
}

std::string required_text(const Field& field) {
  std::string text = field.text();
  if (text.empty()) field.wrong("is missing");
  return text;
}

Result<Migration> parse_migration(const Json& object) {
  kube::FirstProblem problem;
  const Field root{object, problem};
  const Field metadata = root["metadata"];
  Migration read;
  read.namespace_ = metadata["namespace"].text();
  read.name = required_text(metadata["name"]);
  read.uid = metadata["uid"].text();
  read.resource_version = metadata["resourceVersion"].text();
  read.generation = metadata["generation"].integer();
  read.created = instant_in(metadata["creationTimestamp"]).value_or(Instant{});
  read.deleting = metadata["deletionTimestamp"].is_present();
  const auto finalizers = metadata["finalizers"].texts();
  read.has_finalizer = std::find(finalizers.begin(), finalizers.end(), kFinalizer) != finalizers.end();
  read.requested_by = metadata["annotations"][kRequestedByAnnotation].text();
  read.spec = parse_spec(root["spec"]);
  read.status = parse_status(root["status"]);
  if (problem.error())
    return tl::make_unexpected(problem.error()->within(fmt::format("Migration {}/{}", read.namespace_, read.name)));
  return read;
}

Json to_json(const Migration& migration) {
  Json metadata = {{"name", migration.name}, {"namespace", migration.namespace_}};
  if (migration.has_finalizer) metadata["finalizers"] = {kFinalizer};
  if (!migration.requested_by.empty()) metadata["annotations"] = {{kRequestedByAnnotation, migration.requested_by}};
  return {{"apiVersion", kApiVersion},
          {"kind", "Migration"},
          {"metadata", std::move(metadata)},
          {"spec", to_json(migration.spec)}};
}

Strategy strategy_of(const Migration& migration) {
  const Strategy chosen = migration.status.strategy;
  return chosen != Strategy::automatic ? chosen : migration.spec.strategy;
}

bool is_owned_by(const Migration& migration, std::string_view kind) {
  return migration.status.owner && migration.status.owner->kind == kind;
}

bool keeps_name(const Migration& migration) {
  return migration.spec.keep_name || (is_owned_by(migration, kStatefulSet) && !is_local(migration));
}

bool takes_name(const Migration& migration) {
  return keeps_name(migration) && strategy_of(migration) != Strategy::live;
}

bool is_local(const Migration& migration) {
  return !migration.spec.target_name.empty();
}

const Condition* find_condition(const MigrationStatus& status, std::string_view type) {
  const auto found = std::find_if(status.conditions.begin(), status.conditions.end(),
                                  [type](const Condition& condition) { return condition.type == type; });
  return found == status.conditions.end() ? nullptr : &*found;
}

void set_condition(MigrationStatus& status, Condition condition) {
  const auto found = std::find_if(status.conditions.begin(), status.conditions.end(),
                                  [&](const Condition& known) { return known.type == condition.type; });
  if (found == status.conditions.end()) {
    status.conditions.push_back(std::move(condition));
    return;
  }
  if (found->value == condition.value) condition.since = found->since;
  *found = std::move(condition);
}

void note_gap(MigrationStatus& status, milliseconds silent) {
  status.gap = std::max(status.gap.value_or(milliseconds{0}), silent);
}

Bytes total_size(const MigrationStatus& status) {
  Bytes sum;
  for (const ArchiveStatus& archive : status.archives)
    sum = sum + archive.size;
  return sum;
}

Bytes expected_size(const MigrationStatus& status) {
  return status.archives.empty() ? status.forecast_size : total_size(status);
}

}  // namespace migrate
