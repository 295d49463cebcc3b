#include "test/e2e/never_again.h"

#include <fmt/format.h>

#include "shared/base/time.h"

namespace harness {
namespace {

using Json = nlohmann::json;

std::string name_in(const Json& migration) {
  return migration.at("metadata").at("name").get<std::string>();
}

// The one that brought it back into its name, after others perhaps that came to nothing; null: it kept its own.
Json way_back_of(const Scene& scene, const std::string& name) {
  const Json all = scene.cluster().get({"migrations.kubectl-migrate.dev", "-n", scene.stage().ns().name()});
  for (const Json& one : all.at("items"))
    if (name_in(one).starts_with(name + "-name-") &&
        one.value(Json::json_pointer{"/status/phase"}, std::string{}) == "Succeeded")
      return one;
  return nullptr;
}

}  // namespace

void check_never_ran_again(const Scene& scene, std::size_t source, const Json& migration) {
  const std::string name = name_in(migration);
  std::int64_t paused = 0;
  for (const Json& step : migration.at("status").at("steps"))
    if (step.at("name") == "Freezing")
      if (const auto end = migrate::parse_rfc3339(step.value("finishedAt", "")))
        paused = end->time_since_epoch().count();
  const std::int64_t last = scene.last_handled(source);
  scene.stage().require(last > 0 && paused > 0, "its log or its record does not say when the source stood still", name);
  scene.stage().require(last <= paused,
                        fmt::format("the source handled an order {} us after it was frozen", last - paused), name);
}

void check_none_ran_again(const Scene& scene, std::size_t source, const Json& migration) {
  check_never_ran_again(scene, source, migration);
  const std::string name = name_in(migration);
  const Json way_back = way_back_of(scene, name);
  if (way_back.is_null()) return;
  scene.stage().require(scene.instances() == source + 3, "its shadow's log was not followed", name);
  check_never_ran_again(scene, source + 1, way_back);
}

}  // namespace harness
