// An API server of a few objects in memory, for what the extender asks: get, list, create, apply, and watches that say
// nothing more until they are stopped.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "shared/kube/client.h"
#include "shared/kube/known_objects.h"
#include "shared/log/log.h"

namespace migrate::extender {

using kube::ApiError;
using kube::ApiResult;
using kube::CallOptions;
using kube::Json;
using kube::ResourcePath;

class FakeClient final : public kube::Client {
 public:
  // By url_path; set before the test begins.
  std::map<std::string, Json> objects;
  // An answer of one's own to a create; nothing: the object is stored.
  std::function<std::optional<ApiResult<Json>>(const ResourcePath&, const Json&)> on_create;
  std::vector<std::string> calls;  // "create secrets migrate-ca"
  std::vector<std::string> selectors;

  [[nodiscard]] static std::string path_of(const ResourcePath& path) { return value_or_fatal(kube::url_path(path)); }
  void put(const ResourcePath& path, Json object) { objects[path_of(path)] = std::move(object); }

  Lookup<Json, ApiError> get(const ResourcePath& path, const CallOptions&) override {
    const std::lock_guard lock{mutex_};
    calls.push_back("get " + path.plural + " " + path.name);
    const auto found = objects.find(path_of(path));
    if (found == objects.end()) return std::nullopt;
    return found->second;
  }
  ApiResult<Json> list(const ResourcePath& path, const kube::ListOptions& options, const CallOptions&) override {
    const std::lock_guard lock{mutex_};
    calls.push_back("list " + path.plural);
    selectors.push_back(options.label_selector);
    Json items = Json::array();
    const std::string prefix = path_of(path);
    for (const auto& [key, object] : objects)
      if (key.rfind(prefix + "/", 0) == 0 || key.find("/" + path.plural + "/") != std::string::npos)
        items.push_back(object);
    return Json{{"metadata", {{"resourceVersion", "1"}}}, {"items", std::move(items)}};
  }
  ApiResult<void> events(const ResourcePath&, const kube::EventQuery&, const kube::EventSink&,
                         const CallOptions& call) override {
    while (!call.stop.stop_requested())
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return {};
  }
  ApiResult<Json> create(const ResourcePath& path, const Json& object, const kube::WriteOptions&,
                         const CallOptions&) override {
    const std::lock_guard lock{mutex_};
    const std::string name = kube::metadata_of(object, "name");
    calls.push_back("create " + path.plural + " " + name);
    if (on_create)
      if (auto answer = on_create(path, object)) return *answer;
    if (name.empty()) return object;
    const auto [at, is_new] = objects.try_emplace(path_of(path.named(name)), object);
    if (is_new) return object;
    return tl::make_unexpected(kube::local_error(name + " already exists", ApiError::Kind::already_exists));
  }
  ApiResult<Json> apply(const ResourcePath& path, const Json& object, const kube::WriteOptions&,
                        const CallOptions&) override {
    const std::lock_guard lock{mutex_};
    calls.push_back("apply " + path.plural + " " + path.name);
    objects[path_of(path)] = object;
    return object;
  }

  ApiResult<Json> json_patch(const ResourcePath&, const Json&, const kube::WriteOptions&, const CallOptions&) override {
    return unused();
  }
  ApiResult<Json> merge_patch(const ResourcePath&, const Json&, const kube::WriteOptions&,
                              const CallOptions&) override {
    return unused();
  }
  Lookup<Json, ApiError> remove(const ResourcePath&, const kube::DeleteOptions&, const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }
  ApiResult<void> logs(const ResourcePath&, const kube::LogOptions&, const http::BodySink&,
                       const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }
  ApiResult<std::string> raw_get(const std::string&, const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }
  ApiResult<std::string> raw_post(const std::string&, const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }

 private:
  static ApiResult<Json> unused() { return tl::make_unexpected(kube::local_error("not part of this fake")); }
  std::mutex mutex_;
};

// Keeps what was written.
class MemoryLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, const LogFields&) override {
    const std::lock_guard lock{mutex_};
    lines_.emplace_back(message);
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock{mutex_};
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace migrate::extender
