// The Kubernetes API as our programs use it: objects are JSON, errors are typed, nothing waits for ever. An interface,
// so that what uses it is tested with fakes. Protocol: kubernetes.io "Kubernetes API Concepts" and "Server-Side Apply".
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "shared/http_client/http_client.h"
#include "shared/kube/config.h"
#include "shared/kube/credentials.h"
#include "shared/kube/pacer.h"
#include "shared/kube/resource.h"
#include "shared/kube/retry.h"
#include "shared/kube/status.h"

namespace migrate::kube {

// Bounds of one call, all its attempts included.
struct CallOptions {
  std::chrono::milliseconds timeout{60'000};  // http::kNoTimeout: only the server's own limit
  std::stop_token stop;
};

enum class DryRun { no, server };
enum class Force { no, yes };
enum class Propagation { server_default, orphan, background, foreground };

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // empty: the most recent; "0": any, from the server's cache
  unsigned page = 500;           // objects asked for at a time; 0: all at once
  bool first_page_only = false;  // one request; what is behind the page is left out
};

struct WriteOptions {
  DryRun dry_run = DryRun::no;
  std::string field_manager = "kubectl-migrate";  // apply requires one
  Force force = Force::no;                        // apply: take fields from other managers instead of a conflict
};

struct DeleteOptions {
  std::string uid;                                   // precondition; another object of that name is a conflict
  std::string resource_version;                      // precondition
  std::optional<std::chrono::seconds> grace_period;  // 0: at once, without waiting for the kubelet
  Propagation propagation = Propagation::server_default;
  DryRun dry_run = DryRun::no;
};

struct LogOptions {
  std::string container;  // empty: the only one
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  std::optional<std::chrono::seconds> since;
  std::optional<unsigned> tail;  // lines
};

struct EventQuery {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;        // events after it; empty: what exists as ADDED, then events
  std::chrono::seconds duration{300};  // after which the server ends the stream
};
// `type` as the server says it: ADDED, MODIFIED, DELETED, BOOKMARK, ERROR. False: enough.
using EventSink = std::function<bool(std::string_view type, const Json& object)>;

// May be used from several threads.
//
// Repeating: reads are repeated on lost connections and when the server asks to come back later; so are writes for
// which that is safe (see Repeat). What a repeated write could not find out is left to the caller: the error's
// may_have_run is set. A 401 renews the credential and is repeated once.
class Client {
 public:
  virtual ~Client() = default;

  // Absent when there is no such object; a resource type the server does not know is not_found.
  [[nodiscard]] virtual Lookup<Json, ApiError> get(const ResourcePath& path, const CallOptions& call = {}) = 0;
  // A list object with all items and the resourceVersion they are of, read page by page (unless the first one is
  // enough). When the pages grow too old (410), read anew in one piece.
  [[nodiscard]] virtual ApiResult<Json> list(const ResourcePath& path, const ListOptions& options = {},
                                             const CallOptions& call = {}) = 0;
  // POST: into the collection of `path`, or to a subresource of the object (binding, token, eviction). When our
  // repetition of a create with a chosen name finds the object there and carrying what we sent, that is success.
  [[nodiscard]] virtual ApiResult<Json> create(const ResourcePath& path, const Json& object,
                                               const WriteOptions& write = {}, const CallOptions& call = {}) = 0;
  [[nodiscard]] virtual ApiResult<Json> apply(const ResourcePath& path, const Json& object,
                                              const WriteOptions& write = {}, const CallOptions& call = {}) = 0;
  // RFC 6902. Repeated only when it tests /metadata/resourceVersion.
  [[nodiscard]] virtual ApiResult<Json> json_patch(const ResourcePath& path, const Json& patch,
                                                   const WriteOptions& write = {}, const CallOptions& call = {}) = 0;
  // RFC 7386. Repeated only when it names metadata.resourceVersion.
  [[nodiscard]] virtual ApiResult<Json> merge_patch(const ResourcePath& path, const Json& patch,
                                                    const WriteOptions& write = {}, const CallOptions& call = {}) = 0;
  // What the server answered (the object, or a Status); absent when there was nothing to delete.
  [[nodiscard]] virtual Lookup<Json, ApiError> remove(const ResourcePath& path, const DeleteOptions& options = {},
                                                      const CallOptions& call = {}) = 0;
  // Until the log's end or, following, the container's. Pieces are as they come, not lines.
  [[nodiscard]] virtual ApiResult<void> logs(const ResourcePath& pod, const LogOptions& options,
                                             const http::BodySink& sink, const CallOptions& call) = 0;
  // Any path of the server ("/readyz", "/version"), the answer's body as it is.
  [[nodiscard]] virtual ApiResult<std::string> raw_get(const std::string& target, const CallOptions& call = {}) = 0;
  // One POST without a body, never repeated once it was sent (a checkpoint through nodes/proxy).
  [[nodiscard]] virtual ApiResult<std::string> raw_post(const std::string& target, const CallOptions& call = {}) = 0;
  // One watch request until the server ends it (success: that is normal), the sink has enough, or it breaks. Use
  // watch.h, which goes on where this ends.
  [[nodiscard]] virtual ApiResult<void> events(const ResourcePath& path, const EventQuery& query, const EventSink& sink,
                                               const CallOptions& call) = 0;
};

// One attempt of a request, for logs: no headers and no bodies, so no secrets.
struct CallRecord {
  std::string method;
  std::string target;
  unsigned attempt = 1;
  unsigned status = 0;  // 0: no answer
  std::string trouble;  // why there was none
  std::chrono::milliseconds duration{0};
};

struct ClientOptions {
  RetryPolicy retry;
  std::string program = "kubectl-migrate";             // for the User-Agent
  std::function<void(const std::string&)> on_warning;  // each warning of the server once; from any thread
  std::function<void(const CallRecord&)> on_call;      // from any thread
  Pacer* pacer = nullptr;                              // null: the system's
};

// Connects to nothing yet; fails on unusable addresses and certificates.
[[nodiscard]] Result<std::shared_ptr<Client>> make_client(const ConnectionConfig& config,
                                                          std::shared_ptr<CredentialSource> credentials,
                                                          ClientOptions options = {});

}  // namespace migrate::kube
