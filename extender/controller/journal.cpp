#include "extender/controller/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

using Kind = kube::ApiError::Kind;

constexpr const char* kSourceAnnotation = "kubectl-migrate.dev/source";
constexpr std::chrono::milliseconds kFirstWait{50};
constexpr std::chrono::milliseconds kLongestWait{2'000};
constexpr unsigned kAttempts = 20;  // of a write that the server refuses by what it says

std::vector<std::string> others_of(const Json& object) {
  std::vector<std::string> others;
  for (const Json& one : list_at(object, {"metadata", "finalizers"}))
    if (one.is_string() && one != kFinalizer) others.push_back(one.get<std::string>());
  return others;
}

bool is_about_the_write(Kind kind) {
  return kind == Kind::invalid || kind == Kind::forbidden || kind == Kind::unauthorized || kind == Kind::malformed;
}

// As the API server will have it: messages quote what others said, which need not be UTF-8.
Json as_kept(const MigrationStatus& status) {
  return Json::parse(to_json(status).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

Json merge_difference(const Json& from, const Json& to) {
  if (!from.is_object() || !to.is_object()) return to;
  Json patch = Json::object();
  for (const auto& [key, value] : from.items())
    if (!to.contains(key)) patch[key] = nullptr;
  for (const auto& [key, value] : to.items()) {
    const auto old = from.find(key);
    if (old == from.end())
      patch[key] = value;
    else if (*old != value)
      patch[key] = merge_difference(*old, value);
  }
  return patch;
}

kube::ResourcePath migration_path(const std::string& namespace_, const std::string& name) {
  return {.group = kGroup,
          .version = kVersion,
          .plural = "migrations",
          .namespace_ = namespace_,
          .name = name,
          .subresource = {}};
}

Journal::Journal(World& world, Signals& signals, const Json& object, Migration migration)
    : world_(world), signals_(signals), migration_(std::move(migration)) {
  written_ = std::make_shared<Json>(as_kept(migration_.status));
  other_finalizers_ = others_of(object);
  Json copy = Json::parse(text_at(object, {"metadata", "annotations", kSourceAnnotation}), nullptr, false);
  source_ = std::make_shared<Json>(copy.is_discarded() ? Json{} : std::move(copy));
}

Json Journal::finalizers(bool with_ours) const {
  Json list = other_finalizers_;
  if (with_ours) list.push_back(kFinalizer);
  return list;
}

Attempt<void> Journal::write() {
  const Json wanted = as_kept(migration_.status);
  if (wanted == *written_) return {};
  auto done = patch(migration_path(migration_.namespace_, migration_.name).sub("status"), [&] {
    return Json{{"status", merge_difference(*written_, wanted)}};
  });
  if (done) written_ = std::make_shared<Json>(wanted);
  return done;
}

Attempt<void> Journal::begin(const Json& source_pod) {
  Json copy = source_pod;
  // Its address stays: by that the broker's consumers are told apart.
  copy["status"] = {{"podIP", text_at(source_pod, {"status", "podIP"})}};
  copy["metadata"].erase("managedFields");
  const std::string text = copy.dump();
  auto done = patch(migration_path(migration_.namespace_, migration_.name), [&] {
    return Json{{"metadata", {{"finalizers", finalizers(true)}, {"annotations", {{kSourceAnnotation, text}}}}}};
  });
  if (!done) return done;
  source_ = std::make_shared<Json>(std::move(copy));
  migration_.has_finalizer = true;
  return {};
}

Attempt<void> Journal::end() {
  // The object may go with this write.
  auto done = patch(migration_path(migration_.namespace_, migration_.name), [&] {
    return Json{{"metadata", {{"finalizers", finalizers(false)}, {"annotations", {{kSourceAnnotation, nullptr}}}}}};
  });
  if (done) migration_.has_finalizer = false;
  return done;
}

Attempt<void> Journal::drop_resolution() {
  const Json body{{"metadata", {{"resourceVersion", migration_.resource_version}}}, {"spec", {{"resolve", ""}}}};
  auto written = world_.client.merge_patch(migration_path(migration_.namespace_, migration_.name), body, {},
                                           {std::chrono::seconds{10}, signals_.leave()});
  if (!written) return leave("the resolution cannot be taken back yet: " + written.error().text());
  migration_.resource_version = text_at(*written, {"metadata", "resourceVersion"});
  migration_.generation = number_at(*written, {"metadata", "generation"});
  migration_.spec.resolve = Resolution::none;
  signals_.tell(migration_);
  return {};
}

Attempt<void> Journal::patch(const kube::ResourcePath& path, const std::function<Json()>& make) {
  auto wait = kFirstWait;
  unsigned refused = 0;
  for (;;) {
    if (signals_.leaving() || !world_.leadership.is_leader()) return leave("this replica does not lead any more");
    Json body = make();
    body["metadata"]["resourceVersion"] = migration_.resource_version;
    auto written = world_.client.merge_patch(path, body, {}, {std::chrono::seconds{10}, signals_.leave()});
    if (written) {
      migration_.resource_version = text_at(*written, {"metadata", "resourceVersion"});
      return {};
    }
    const kube::ApiError& error = written.error();
    if (error.kind == Kind::not_found) return leave("the Migration is gone");
    if (is_about_the_write(error.kind) && ++refused == kAttempts)
      return leave("the API server does not take the record: " + error.text());
    if (error.kind != Kind::conflict) {
      world_.log.warn("cannot write the record of a migration, trying again",
                      {{"migration", migration_.uid}, {"error", error.text()}});
      world_.pacer.sleep(wait, signals_.leave());
      wait = std::min(wait * 2, kLongestWait);
    }
    auto found = look_again();
    if (!found) return tl::make_unexpected(found.error());
    // A finalizer that is there twice is once: only the status tells whether it was written.
    if (*found && path.subresource == "status") return {};
  }
}

Attempt<bool> Journal::look_again() {
  auto found = world_.client.get(migration_path(migration_.namespace_, migration_.name),
                                 {std::chrono::seconds{10}, signals_.leave()});
  if (!found) {
    world_.pacer.sleep(kFirstWait, signals_.leave());  // behind a conflict nothing else has waited
    return false;
  }
  if (!*found || text_at(**found, {"metadata", "uid"}) != migration_.uid) return leave("the Migration is gone");
  auto now = parse_migration(**found);
  if (!now) return leave("the Migration cannot be read any more: " + now.error().message);
  const Json there = to_json(now->status);
  const bool is_written = there == as_kept(migration_.status);
  if (!is_written && there != *written_) return leave("another controller goes on with this migration");
  migration_.resource_version = now->resource_version;
  other_finalizers_ = others_of(**found);
  migration_.generation = now->generation;
  migration_.spec = now->spec;
  migration_.deleting = now->deleting;
  signals_.tell(migration_);
  return is_written;
}

}  // namespace migrate::controller
