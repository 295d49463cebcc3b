#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "extender/controller/leader.h"

namespace migrate::controller {
namespace {

using kube::ApiResult;
using kube::CallOptions;
using kube::ResourcePath;
using kube::WriteOptions;

class GuardedClient final : public kube::Client {
 public:
  GuardedClient(kube::Client& client, const Leadership& leadership) : client_(client), leadership_(leadership) {}

  Lookup<Json, kube::ApiError> get(const ResourcePath& path, const CallOptions& call) override {
    return client_.get(path, call);
  }
  ApiResult<Json> list(const ResourcePath& path, const kube::ListOptions& options, const CallOptions& call) override {
    return client_.list(path, options, call);
  }
  ApiResult<Json> create(const ResourcePath& path, const Json& object, const WriteOptions& write,
                         const CallOptions& call) override {
    if (!leadership_.is_leader()) return refusal("create", path);
    return client_.create(path, object, write, call);
  }
  ApiResult<Json> apply(const ResourcePath& path, const Json& object, const WriteOptions& write,
                        const CallOptions& call) override {
    if (!leadership_.is_leader()) return refusal("apply", path);
    return client_.apply(path, object, write, call);
  }
  ApiResult<Json> json_patch(const ResourcePath& path, const Json& patch, const WriteOptions& write,
                             const CallOptions& call) override {
    if (!leadership_.is_leader()) return refusal("patch", path);
    return client_.json_patch(path, patch, write, call);
  }
  ApiResult<Json> merge_patch(const ResourcePath& path, const Json& patch, const WriteOptions& write,
                              const CallOptions& call) override {
    if (!leadership_.is_leader()) return refusal("patch", path);
    return client_.merge_patch(path, patch, write, call);
  }
  Lookup<Json, kube::ApiError> remove(const ResourcePath& path, const kube::DeleteOptions& options,
                                      const CallOptions& call) override {
    if (!leadership_.is_leader()) return refusal("delete", path);
    return client_.remove(path, options, call);
  }
  ApiResult<void> logs(const ResourcePath& pod, const kube::LogOptions& options, const http::BodySink& sink,
                       const CallOptions& call) override {
    return client_.logs(pod, options, sink, call);
  }
  ApiResult<std::string> raw_get(const std::string& target, const CallOptions& call) override {
    return client_.raw_get(target, call);
  }
  ApiResult<std::string> raw_post(const std::string& target, const CallOptions& call) override {
    if (!leadership_.is_leader()) return refusal("post to", {.plural = target});
    return client_.raw_post(target, call);
  }
  ApiResult<void> events(const ResourcePath& path, const kube::EventQuery& query, const kube::EventSink& sink,
                         const CallOptions& call) override {
    return client_.events(path, query, sink, call);
  }

 private:
  static tl::unexpected<kube::ApiError> refusal(const char* what, const ResourcePath& path) {
    return tl::make_unexpected(
        kube::local_error(fmt::format("{} {}: this replica does not lead any more", what, describe(path)),
                          kube::ApiError::Kind::cancelled));
  }

  kube::Client& client_;
  const Leadership& leadership_;
};

}  // namespace

std::unique_ptr<kube::Client> guarded(kube::Client& client, const Leadership& leadership) {
  return std::make_unique<GuardedClient>(client, leadership);
}

}  // namespace migrate::controller
