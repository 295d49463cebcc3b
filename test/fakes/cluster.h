// An API server in memory, for code that uses the Kubernetes client: keeps what is written, tells what is asked for,
// refuses what it is told to. Watches get what a test lets happen.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "shared/kube/client.h"
#include "shared/kube/known_objects.h"

namespace migrate::fakes {

class Cluster : public kube::Client {
 public:
  using Json = nlohmann::json;

  // Puts an object there, with a uid ("uid-NAME") and a version unless it has them.
  void put(const kube::ResourcePath& path, Json object) {
    const std::lock_guard lock{mutex_};
    store(path, std::move(object));
  }
  [[nodiscard]] const Json* find(const kube::ResourcePath& path) const {
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    return found != objects_.end() ? &found->second : nullptr;
  }
  // "create migrations" or "get pods": answered with this error from now on.
  void refuse(const std::string& what, kube::ApiError error) { refused_[what] = std::move(error); }
  void forbid(const std::string& what) {
    kube::ApiError error;
    error.kind = kube::ApiError::Kind::forbidden;
    error.http_code = 403;
    error.reason = "Forbidden";
    error.message = "User \"dev\" cannot " + what;
    refuse(what, std::move(error));
  }
  // A type the server does not know.
  void forget_type(const std::string& plural) { unknown_types_.insert(plural); }

  // A review or the like ("create selfsubjectreviews"): answered so, and not kept.
  using Answering = std::function<Json(const Json& asked)>;
  void answer(const std::string& what, Answering with) { answers_[what] = std::move(with); }
  // The body of a raw GET; a target without one is unknown.
  void serve(const std::string& target, const Json& body) { bodies_[target] = body.dump(); }

  enum class Run { current, previous };
  void put_log(const kube::ResourcePath& pod, const std::string& container, std::string text, Run run = Run::current) {
    logs_[{pod.namespace_, pod.name, container, run == Run::previous}] = std::move(text);
  }

  // What happens while somebody watches: each is called once, on the watching thread, and may send events.
  using Happening = std::function<kube::ApiResult<void>(const kube::EventSink& sink)>;
  void then(Happening happening) { happenings_.push_back(std::move(happening)); }
  // The object changes to this.
  void then_becomes(const kube::ResourcePath& path, const Json& object) {
    then([this, path, object](const kube::EventSink& sink) -> kube::ApiResult<void> {
      Json stored;
      {
        const std::lock_guard lock{mutex_};
        store(path, object);
        stored = objects_.at(key(path));
      }
      sink("MODIFIED", stored);
      return {};
    });
  }
  // It is deleted.
  void then_goes(const kube::ResourcePath& path) {
    then([this, path](const kube::EventSink& sink) -> kube::ApiResult<void> {
      Json gone;
      {
        const std::lock_guard lock{mutex_};
        gone = objects_.at(key(path));
        objects_.erase(key(path));
      }
      sink("DELETED", gone);
      return {};
    });
  }

  // By the server's clock, as it answers who the user is.
  std::string server_time = "2026-01-01T12:00:00Z";

  // `create migrations.kubectl-migrate.dev "x"`, in order; without reads and reviews.
  std::vector<std::string> written;
  // What was asked of each log.
  std::vector<kube::LogOptions> logs_read;

  Lookup<Json, kube::ApiError> get(const kube::ResourcePath& path, const kube::CallOptions&) override {
    if (auto error = error_for("get", path)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end()) return std::optional<Json>{};
    return std::optional<Json>{found->second};
  }
  kube::ApiResult<Json> list(const kube::ResourcePath& path, const kube::ListOptions& options,
                             const kube::CallOptions&) override {
    if (auto error = error_for("list", path)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    Json items = Json::array();
    for (const auto& [place, object] : objects_) {
      const auto& [type, namespace_, name] = place;
      if (type != type_of(path) || (!path.namespace_.empty() && namespace_ != path.namespace_)) continue;
      if (matches(object, options.field_selector) && is_labelled(object, options.label_selector))
        items.push_back(object);
    }
    return Json{
        {"kind", "List"}, {"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", std::move(items)}};
  }
  kube::ApiResult<Json> create(const kube::ResourcePath& path, const Json& object, const kube::WriteOptions& write,
                               const kube::CallOptions&) override {
    const kube::ResourcePath named = path.named(kube::metadata_of(object, "name"));
    // What is only asked and not kept is no write.
    if (!path.plural.starts_with("selfsubject"))
      note(write.dry_run == kube::DryRun::server ? "dry-run create" : "create", named);
    if (auto error = error_for("create", path)) return tl::make_unexpected(*error);
    if (const auto found = answers_.find("create " + path.plural); found != answers_.end())
      return found->second(object);
    if (path.plural == "selfsubjectreviews")
      return Json{{"metadata", {{"creationTimestamp", server_time}}},
                  {"status", {{"userInfo", {{"username", "dev"}}}}}};
    const std::lock_guard lock{mutex_};
    if (objects_.contains(key(named))) {
      kube::ApiError error = kube::local_error(kube::describe(named) + " already exists");
      error.kind = kube::ApiError::Kind::already_exists;
      return tl::make_unexpected(error);
    }
    if (write.dry_run == kube::DryRun::server) return object;
    store(named, object);
    return objects_.at(key(named));
  }
  kube::ApiResult<Json> apply(const kube::ResourcePath& path, const Json& object, const kube::WriteOptions&,
                              const kube::CallOptions&) override {
    note("apply", path);
    if (auto error = error_for("apply", path)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    store(path, object);
    return objects_.at(key(path));
  }
  kube::ApiResult<Json> json_patch(const kube::ResourcePath& path, const Json&, const kube::WriteOptions&,
                                   const kube::CallOptions&) override {
    return tl::make_unexpected(kube::local_error("json_patch of " + kube::describe(path) + " is not simulated"));
  }
  kube::ApiResult<Json> merge_patch(const kube::ResourcePath& path, const Json& patch, const kube::WriteOptions& write,
                                    const kube::CallOptions&) override {
    note(write.dry_run == kube::DryRun::server ? "dry-run patch" : "patch", path);
    if (auto error = error_for("patch", path)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end()) return tl::make_unexpected(missing(path));
    if (write.dry_run == kube::DryRun::server) {
      Json patched = found->second;
      patched.merge_patch(patch);
      return patched;
    }
    found->second.merge_patch(patch);
    found->second["metadata"]["resourceVersion"] = std::to_string(++version_);
    return found->second;
  }
  Lookup<Json, kube::ApiError> remove(const kube::ResourcePath& path, const kube::DeleteOptions&,
                                      const kube::CallOptions&) override {
    note("delete", path);
    if (auto error = error_for("delete", path)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = objects_.find(key(path));
    if (found == objects_.end()) return std::optional<Json>{};
    std::optional<Json> gone{std::move(found->second)};
    objects_.erase(found);
    return gone;
  }
  // In small pieces, as a network may cut them.
  kube::ApiResult<void> logs(const kube::ResourcePath& pod, const kube::LogOptions& options, const http::BodySink& sink,
                             const kube::CallOptions&) override {
    if (auto error = error_for("log", pod)) return tl::make_unexpected(*error);
    logs_read.push_back(options);
    const auto found = logs_.find({pod.namespace_, pod.name, options.container, options.previous});
    if (found == logs_.end())
      return tl::make_unexpected(kube::local_error("there is no log of " + kube::describe(pod)));
    constexpr std::size_t kPiece = 7;
    for (std::size_t begin = 0; begin < found->second.size(); begin += kPiece)
      if (!sink(std::string_view(found->second).substr(begin, kPiece))) break;
    return {};
  }
  kube::ApiResult<std::string> raw_get(const std::string& target, const kube::CallOptions&) override {
    if (const auto found = refused_.find("get " + target); found != refused_.end())
      return tl::make_unexpected(found->second);
    if (const auto found = bodies_.find(target); found != bodies_.end()) return found->second;
    kube::ApiError error = kube::local_error("GET " + target + ": 404 page not found");
    error.kind = kube::ApiError::Kind::not_found;
    error.http_code = 404;
    return tl::make_unexpected(error);
  }
  kube::ApiResult<std::string> raw_post(const std::string&, const kube::CallOptions&) override {
    return tl::make_unexpected(kube::local_error("raw_post is not simulated"));
  }
  // Nothing left to happen: silent until it is stopped.
  kube::ApiResult<void> events(const kube::ResourcePath& path, const kube::EventQuery&, const kube::EventSink& sink,
                               const kube::CallOptions& call) override {
    if (auto error = error_for("watch", path)) return tl::make_unexpected(*error);
    bool is_wanted = true;
    const kube::EventSink told = [&](std::string_view type, const Json& object) {
      return is_wanted = sink(type, object);
    };
    while (!happenings_.empty() && is_wanted) {
      const Happening next = std::move(happenings_.front());
      happenings_.pop_front();
      if (auto ended = next(told); !ended) return ended;
    }
    if (!is_wanted) return {};
    while (!call.stop.stop_requested())
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return {};
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // type, namespace, name

  static std::string type_of(const kube::ResourcePath& path) { return kube::describe(path.collection()); }
  static Key key(const kube::ResourcePath& path) { return {type_of(path), path.namespace_, path.name}; }
  static kube::ApiError missing(const kube::ResourcePath& path) {
    kube::ApiError error = kube::local_error(kube::describe(path) + " not found");
    error.kind = kube::ApiError::Kind::not_found;
    error.details_name = path.name;
    return error;
  }
  static bool matches(const Json& object, const std::string& field_selector) {
    const std::size_t equals = field_selector.find('=');
    if (equals == std::string::npos) return true;
    std::string pointer = "/" + field_selector.substr(0, equals);
    for (char& c : pointer)
      if (c == '.') c = '/';
    const Json::json_pointer place{pointer};
    return object.contains(place) && object.at(place) == field_selector.substr(equals + 1);
  }
  // KEY=VALUE, separated by commas.
  static bool is_labelled(const Json& object, const std::string& label_selector) {
    for (std::size_t begin = 0; begin < label_selector.size();) {
      const std::size_t end = std::min(label_selector.find(',', begin), label_selector.size());
      const std::string pair = label_selector.substr(begin, end - begin);
      const std::size_t equals = std::min(pair.find('='), pair.size() - 1);
      const auto place = Json::json_pointer{"/metadata/labels"} / pair.substr(0, equals);
      if (!object.contains(place) || object.at(place) != pair.substr(equals + 1)) return false;
      begin = end + 1;
    }
    return true;
  }
  std::optional<kube::ApiError> error_for(const std::string& verb, const kube::ResourcePath& path) {
    if (unknown_types_.contains(path.plural)) {
      kube::ApiError error = missing(path);
      error.details_name.clear();
      error.message = "the server could not find the requested resource";
      return error;
    }
    const auto found = refused_.find(verb + " " + path.plural);
    if (found == refused_.end()) return std::nullopt;
    return found->second;
  }
  void note(const std::string& verb, const kube::ResourcePath& path) {
    written.push_back(verb + " " + kube::describe(path) + (path.namespace_.empty() ? "" : " in " + path.namespace_));
  }
  void store(const kube::ResourcePath& path, Json object) {
    Json& metadata = object["metadata"];
    metadata["name"] = path.name;
    if (!path.namespace_.empty()) metadata["namespace"] = path.namespace_;
    if (!metadata.contains("uid")) metadata["uid"] = "uid-" + path.name;
    metadata["resourceVersion"] = std::to_string(++version_);
    if (!metadata.contains("creationTimestamp")) metadata["creationTimestamp"] = "2026-01-01T00:00:00Z";
    objects_[key(path)] = std::move(object);
  }

  mutable std::mutex mutex_;
  std::map<Key, Json> objects_;
  std::map<std::string, kube::ApiError> refused_;
  std::map<std::string, Answering> answers_;
  std::map<std::string, std::string> bodies_;
  std::map<std::tuple<std::string, std::string, std::string, bool>, std::string> logs_;
  std::set<std::string> unknown_types_;
  std::deque<Happening> happenings_;
  unsigned version_ = 100;
};

}  // namespace migrate::fakes
