// An API server in memory: objects with uid and resourceVersion, merge patches, preconditions, watches. What a kubelet,
// a scheduler or a broken network would do is a test's to script.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/kube/client.h"
#include "shared/kube/known_objects.h"
#include "test/unit/controller/fake_time.h"

namespace migrate::controller::fakes {

class Cluster final : public kube::Client {
 public:
  using Json = nlohmann::json;
  using Path = kube::ResourcePath;
  explicit Cluster(Time& time) : time_(time) {}

  // --- for tests ---
  // Called for a created object before it is kept; may change it (the scheduler, the kubelet).
  std::function<void(const Path& path, Json& object)> on_create;
  // Admission: called for an object to be created, in dry runs too.
  std::function<void(const Path& path, Json& object)> on_admit;
  // Admission that refuses: before anybody looks whether the name is taken, in dry runs too.
  std::function<std::optional<kube::ApiError>(const Path& path, const Json& object)> deny;
  // Before every write: an error is answered in its place. `verb` is create, patch or delete.
  std::function<std::optional<kube::ApiError>(const std::string& verb, const Path& path)> before_write;
  // The same of reading one object.
  std::function<std::optional<kube::ApiError>(const Path& path)> before_read;
  std::function<std::optional<kube::ApiError>(const Path& path)> before_list;
  // When somebody watches and nothing happens: here a test lets something happen.
  std::function<void()> on_wait;
  // Watches wait for real, for tests with threads.
  bool patient = false;

  void put(const Path& path, Json object) {
    const std::lock_guard lock{mutex_};
    keep(path, std::move(object));
  }
  [[nodiscard]] std::optional<Json> look(const Path& path) const {
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end()) return std::nullopt;
    return found->second;
  }
  void change(const Path& path, const std::function<void(Json&)>& how) {
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end()) return;
    Json object = found->second;
    how(object);
    keep(path, std::move(object));
  }
  void drop(const Path& path) {
    const std::lock_guard lock{mutex_};
    forget(path);
  }
  // "create pods/orders-mig-hold", in their order; dry runs are not in it.
  [[nodiscard]] std::vector<std::string> writes() const {
    const std::lock_guard lock{mutex_};
    return writes_;
  }
  [[nodiscard]] std::vector<std::string> names(const std::string& plural) const {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> found;
    for (const auto& [name, object] : objects_)
      if (name.starts_with(plural + "/")) found.push_back(object.at("metadata").at("name").get<std::string>());
    return found;
  }
  static kube::ApiError error(kube::ApiError::Kind kind, const std::string& message) {
    return kube::local_error(message, kind);
  }

  // --- the client ---
  Lookup<Json, kube::ApiError> get(const Path& path, const kube::CallOptions&) override {
    if (before_read)
      if (auto refused = before_read(path)) return tl::make_unexpected(*refused);
    return look(path);
  }
  kube::ApiResult<Json> list(const Path& path, const kube::ListOptions& options, const kube::CallOptions&) override {
    if (before_list)
      if (auto refused = before_list(path)) return tl::make_unexpected(*refused);
    const std::lock_guard lock{mutex_};
    Json items = Json::array();
    for (const auto& [name, object] : objects_)
      if (in(path, "", name) && is_selected(object, options.field_selector)) items.push_back(object);
    return Json{{"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", std::move(items)}};
  }
  kube::ApiResult<Json> create(const Path& path, const Json& object, const kube::WriteOptions& write,
                               const kube::CallOptions&) override {
    if (path.subresource == "binding") return bind(path, object);
    const Path whole = path.named(object.at("metadata").at("name").get<std::string>());
    if (auto refused = asked("create", whole, write.dry_run)) return tl::make_unexpected(*refused);
    if (deny)
      if (auto denied = deny(whole, object)) return tl::make_unexpected(*denied);
    const std::lock_guard lock{mutex_};
    if (objects_.contains(key(whole)))
      return tl::make_unexpected(error(kube::ApiError::Kind::already_exists, key(whole) + " already exists"));
    Json made = object;
    made["metadata"]["uid"] = "uid-" + std::to_string(++uids_);
    if (on_admit) on_admit(whole, made);
    if (write.dry_run != kube::DryRun::no) return made;
    if (on_create) on_create(whole, made);
    return keep(whole, std::move(made));
  }
  kube::ApiResult<Json> apply(const Path&, const Json&, const kube::WriteOptions&, const kube::CallOptions&) override {
    return tl::make_unexpected(kube::local_error("apply is not faked"));
  }
  kube::ApiResult<Json> json_patch(const Path& where, const Json& patch, const kube::WriteOptions&,
                                   const kube::CallOptions&) override {
    if (auto refused = asked("patch", where, kube::DryRun::no)) return tl::make_unexpected(*refused);
    Path path = where;
    path.subresource.clear();
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end())
      return tl::make_unexpected(error(kube::ApiError::Kind::not_found, key(path) + " not found"));
    try {
      return keep(path, found->second.patch(patch));
    } catch (const Json::exception& wrong) {
      return tl::make_unexpected(error(kube::ApiError::Kind::conflict, wrong.what()));
    }
  }
  kube::ApiResult<Json> merge_patch(const Path& path, const Json& patch, const kube::WriteOptions&,
                                    const kube::CallOptions&) override {
    if (auto refused = asked("patch", path, kube::DryRun::no)) return tl::make_unexpected(*refused);
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end())
      return tl::make_unexpected(error(kube::ApiError::Kind::not_found, key(path) + " not found"));
    const auto differs = [&](const char* field) {
      const std::string wanted = kube::metadata_of(patch, field);
      return !wanted.empty() && wanted != kube::metadata_of(found->second, field);
    };
    if (differs("resourceVersion"))
      return tl::make_unexpected(error(kube::ApiError::Kind::conflict, key(path) + " has changed"));
    if (differs("uid"))
      return tl::make_unexpected(error(kube::ApiError::Kind::invalid, "metadata.uid: field is immutable"));
    Json object = found->second;
    object.merge_patch(patch);
    return keep(path, std::move(object));
  }
  Lookup<Json, kube::ApiError> remove(const Path& path, const kube::DeleteOptions& options,
                                      const kube::CallOptions&) override {
    if (auto refused = asked("delete", path, kube::DryRun::no)) return tl::make_unexpected(*refused);
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end()) return std::nullopt;
    if (!options.uid.empty() && options.uid != kube::metadata_of(found->second, "uid"))
      return tl::make_unexpected(error(kube::ApiError::Kind::conflict, "another uid"));
    Json last = found->second;
    forget(path);
    return last;
  }
  kube::ApiResult<void> logs(const Path&, const kube::LogOptions&, const http::BodySink&,
                             const kube::CallOptions&) override {
    return {};
  }
  kube::ApiResult<std::string> raw_get(const std::string&, const kube::CallOptions&) override { return std::string{}; }
  kube::ApiResult<std::string> raw_post(const std::string&, const kube::CallOptions&) override { return std::string{}; }
  kube::ApiResult<void> events(const Path& path, const kube::EventQuery& query, const kube::EventSink& sink,
                               const kube::CallOptions& call) override {
    unsigned long seen = std::stoul(query.resource_version);
    for (;;) {
      for (const Event& one : events_after(seen, path, query.field_selector)) {
        seen = one.version;
        if (!sink(one.type, one.object)) return {};
      }
      if (call.stop.stop_requested()) return tl::make_unexpected(error(kube::ApiError::Kind::cancelled, "cancelled"));
      if (patient) {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, std::chrono::milliseconds{5});
        continue;
      }
      const unsigned long before = version();
      if (on_wait) on_wait();
      if (version() != before) continue;
      time_.pass(call.timeout == http::kNoTimeout ? std::chrono::milliseconds{1000} : call.timeout);
      return tl::make_unexpected(error(kube::ApiError::Kind::deadline, "nothing happened"));
    }
  }

 private:
  struct Event {
    unsigned long version;
    std::string key;
    std::string type;
    Json object;
  };
  static std::string key(const Path& path) { return path.plural + "/" + path.namespace_ + "/" + path.name; }
  static bool in(const Path& path, const std::string& field_selector, const std::string& key) {
    const std::string prefix = path.plural + "/" + (path.namespace_.empty() ? "" : path.namespace_ + "/");
    if (!key.starts_with(prefix)) return false;
    const std::string by_name = "metadata.name=";
    return field_selector.empty() || key.ends_with("/" + field_selector.substr(by_name.size()));
  }
  // "spec.nodeName=node-a", all of which must be texts.
  static bool is_selected(const Json& object, const std::string& field_selector) {
    const std::size_t end = field_selector.find('=');
    if (end == std::string::npos) return true;
    std::string field = "/" + field_selector.substr(0, end);
    std::replace(field.begin(), field.end(), '.', '/');
    return object.value(Json::json_pointer{field}, std::string{}) == field_selector.substr(end + 1);
  }
  std::optional<kube::ApiError> asked(const std::string& verb, const Path& path, kube::DryRun dry) {
    if (before_write)
      if (auto refused = before_write(verb, path)) return refused;
    if (dry != kube::DryRun::no) return std::nullopt;
    const std::lock_guard lock{mutex_};
    writes_.push_back(verb + " " + path.plural + "/" + path.name +
                      (path.subresource.empty() ? "" : "/" + path.subresource));
    return std::nullopt;
  }
  kube::ApiResult<Json> bind(Path path, const Json& binding) {
    if (auto refused = asked("create", path, kube::DryRun::no)) return tl::make_unexpected(*refused);
    path.subresource.clear();
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end())
      return tl::make_unexpected(error(kube::ApiError::Kind::not_found, key(path) + " not found"));
    Json object = found->second;
    if (!object["spec"].value("nodeName", "").empty())
      return tl::make_unexpected(error(kube::ApiError::Kind::conflict, key(path) + " is bound already"));
    object["spec"]["nodeName"] = binding.at("target").at("name");
    return keep(path, std::move(object));
  }
  Json keep(const Path& path, Json object) {
    const bool is_new = !objects_.contains(key(path));
    Json& metadata = object["metadata"];
    metadata["name"] = path.name;
    if (!path.namespace_.empty()) metadata["namespace"] = path.namespace_;
    if (!metadata.contains("uid")) metadata["uid"] = "uid-" + std::to_string(++uids_);
    metadata["resourceVersion"] = std::to_string(++version_);
    // What is being deleted goes with its last finalizer.
    if (!is_new && metadata.contains("deletionTimestamp") && metadata.value("finalizers", Json::array()).empty()) {
      forget(path);
      return object;
    }
    events_.push_back({version_, key(path), is_new ? "ADDED" : "MODIFIED", object});
    objects_[key(path)] = object;
    changed_.notify_all();
    return object;
  }
  void forget(const Path& path) {
    const auto found = objects_.find(key(path));
    if (found == objects_.end()) return;
    Json last = found->second;
    last["metadata"]["resourceVersion"] = std::to_string(++version_);
    events_.push_back({version_, key(path), "DELETED", std::move(last)});
    objects_.erase(found);
    changed_.notify_all();
  }
  std::vector<Event> events_after(unsigned long version, const Path& path, const std::string& field_selector) const {
    const std::lock_guard lock{mutex_};
    std::vector<Event> found;
    for (const Event& one : events_)
      if (one.version > version && in(path, field_selector, one.key)) found.push_back(one);
    return found;
  }
  unsigned long version() const {
    const std::lock_guard lock{mutex_};
    return version_;
  }

  Time& time_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Json> objects_;
  std::vector<Event> events_;
  std::vector<std::string> writes_;
  unsigned long version_ = 1;
  unsigned long uids_ = 0;
};

}  // namespace migrate::controller::fakes
