#include "shared/kube/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/kube/event_stream.h"
#include "shared/kube/json_path.h"
#include "shared/kube/transport.h"

namespace migrate::kube {
namespace {

using Kind = ApiError::Kind;

tl::unexpected<ApiError> broken(ApiError error) {
  return tl::make_unexpected(std::move(error));
}

// 404 also says that the resource type is unknown; only the object's own name in the details says that the object is.
bool is_absence_of(const ApiError& error, const ResourcePath& path) {
  return error.kind == Kind::not_found && !path.name.empty() && error.details_name == path.name;
}

bool tests_the_version(const Json& json_patch) {
  return std::any_of(json_patch.begin(), json_patch.end(), [](const Json& step) {
    return step.is_object() && step.value("op", "") == "test" && step.value("path", "") == "/metadata/resourceVersion";
  });
}

// Messages quote what others said, CRIU's log for one, which need not be UTF-8.
std::string text_of(const Json& body) {
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool holds(const Json& found, const Json& sent) {
  if (!sent.is_object()) return found == sent;
  return found.is_object() && std::all_of(sent.items().begin(), sent.items().end(), [&](const auto& item) {
           const auto there = found.find(item.key());
           return there != found.end() && holds(*there, item.value());
         });
}

// Whether an object found in the place of ours is ours: by the labels, annotations and owners that ours was sent with,
// and one that has none of them by all that was sent.
bool is_ours(const Json& found, const Json& sent) {
  bool has_mark = !list_at(sent, {"metadata", "ownerReferences"}).empty();
  for (const char* key : {"labels", "annotations"}) {
    const Json* wanted = find(sent, {"metadata", key});
    if (wanted == nullptr) continue;
    has_mark = has_mark || !wanted->empty();
    for (const auto& [name, value] : wanted->items())
      if (const Json* there = find(found, {"metadata", key, name.c_str()}); there == nullptr || *there != value)
        return false;
  }
  const Json& theirs = list_at(found, {"metadata", "ownerReferences"});
  for (const Json& ours : list_at(sent, {"metadata", "ownerReferences"}))
    if (std::none_of(theirs.begin(), theirs.end(),
                     [&](const Json& one) { return one.value("uid", "") == ours.value("uid", ""); }))
      return false;
  return has_mark || holds(found, sent);
}

class RestClient final : public Client {
 public:
  RestClient(const ConnectionConfig& config, std::shared_ptr<CredentialSource> credentials, ClientOptions options)
      : transport_(config, std::move(credentials), std::move(options)) {}

  [[nodiscard]] Result<void> check() const { return transport_.check(); }

  Lookup<Json, ApiError> get(const ResourcePath& path, const CallOptions& call) override {
    auto found = json("get", "GET", path, {}, {}, Repeat::harmless, call).result;
    if (found) return std::optional{std::move(*found)};
    if (is_absence_of(found.error(), path)) return std::optional<Json>{};
    return broken(explain_missing_type(std::move(found.error()), path));
  }

  ApiResult<Json> list(const ResourcePath& path, const ListOptions& options, const CallOptions& call) override {
    const auto began = transport_.pacer().now();
    const auto left = [&] {
      CallOptions rest = call;
      if (call.timeout != http::kNoTimeout)
        rest.timeout -= std::chrono::duration_cast<std::chrono::milliseconds>(transport_.pacer().now() - began);
      return rest;
    };
    Json whole;
    std::string more;
    bool in_one_piece = options.page == 0;
    for (;;) {
      Query query;
      query.add("labelSelector", options.label_selector).add("fieldSelector", options.field_selector);
      if (!in_one_piece) query.add("limit", std::to_string(options.page)).add("continue", more);
      if (more.empty()) query.add("resourceVersion", options.resource_version);  // a continue token holds its own
      auto page = json("list", "GET", path.collection(), query, {}, Repeat::harmless, left()).result;
      if (!page && page.error().kind == Kind::expired && !more.empty()) {
        // The server no longer has the version the pages are of: in one piece this cannot happen.
        in_one_piece = true;
        more.clear();
        whole = nullptr;
        continue;
      }
      if (!page) return broken(explain_missing_type(std::move(page.error()), path));
      if (const auto items = page->find("items"); items == page->end() || !items->is_array())
        (*page)["items"] = Json::array();
      more = text_at(*page, {"metadata", "continue"});
      if (whole.is_null()) {
        whole = std::move(*page);
      } else {
        for (Json& item : (*page)["items"])
          whole["items"].push_back(std::move(item));
      }
      if (more.empty() || options.first_page_only) break;
    }
    if (whole.contains("metadata") && whole["metadata"].is_object()) {
      whole["metadata"].erase("continue");
      whole["metadata"].erase("remainingItemCount");
    }
    return whole;
  }

  ApiResult<Json> create(const ResourcePath& path, const Json& object, const WriteOptions& write,
                         const CallOptions& call) override {
    const std::string chosen = text_at(object, {"metadata", "name"});
    const bool is_object = path.subresource.empty();
    Repeat repeat = Repeat::never;
    if (is_object && !chosen.empty()) repeat = Repeat::detected;
    if (path.subresource == "token") repeat = Repeat::harmless;  // one more token, which expires by itself
    const ResourcePath target = is_object ? path.collection() : path;
    auto made = json("create", "POST", target, write_query(write), text_of(object), repeat, call, "application/json",
                     is_object ? path.named(chosen) : path);
    if (!made.result && made.resent && is_object && made.result.error().kind == Kind::already_exists) {
      auto there = get(path.named(chosen), call);
      if (there && *there && is_ours(**there, object)) return std::move(**there);
    }
    return std::move(made.result);
  }

  ApiResult<Json> apply(const ResourcePath& path, const Json& object, const WriteOptions& write,
                        const CallOptions& call) override {
    Query query = write_query(write);
    if (write.force == Force::yes) query.add("force", "true");
    // JSON is YAML.
    return json("apply", "PATCH", path, query, text_of(object), Repeat::harmless, call, "application/apply-patch+yaml")
        .result;
  }

  ApiResult<Json> json_patch(const ResourcePath& path, const Json& patch, const WriteOptions& write,
                             const CallOptions& call) override {
    const Repeat repeat = tests_the_version(patch) ? Repeat::detected : Repeat::never;
    return json("patch", "PATCH", path, write_query(write), text_of(patch), repeat, call, "application/json-patch+json")
        .result;
  }

  ApiResult<Json> merge_patch(const ResourcePath& path, const Json& patch, const WriteOptions& write,
                              const CallOptions& call) override {
    const Repeat repeat = text_at(patch, {"metadata", "resourceVersion"}).empty() ? Repeat::never : Repeat::detected;
    return json("patch", "PATCH", path, write_query(write), text_of(patch), repeat, call,
                "application/merge-patch+json")
        .result;
  }

  Lookup<Json, ApiError> remove(const ResourcePath& path, const DeleteOptions& options,
                                const CallOptions& call) override {
    if (path.name.empty()) return broken(local_error("delete " + describe(path) + ": no name is given"));
    Json body = {{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
    if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
    if (!options.resource_version.empty()) body["preconditions"]["resourceVersion"] = options.resource_version;
    if (options.grace_period) body["gracePeriodSeconds"] = options.grace_period->count();
    switch (options.propagation) {
      case Propagation::server_default:
        break;
      case Propagation::orphan:
        body["propagationPolicy"] = "Orphan";
        break;
      case Propagation::background:
        body["propagationPolicy"] = "Background";
        break;
      case Propagation::foreground:
        body["propagationPolicy"] = "Foreground";
        break;
    }
    if (options.dry_run == DryRun::server) body["dryRun"] = {"All"};
    // Without the uid a repetition might delete what has taken the name since.
    const Repeat repeat = options.uid.empty() ? Repeat::never : Repeat::harmless;
    auto gone = json("delete", "DELETE", path, {}, text_of(body), repeat, call).result;
    if (gone) return std::optional{std::move(*gone)};
    if (is_absence_of(gone.error(), path)) return std::optional<Json>{};
    return broken(std::move(gone.error()));
  }

  ApiResult<void> logs(const ResourcePath& pod, const LogOptions& options, const http::BodySink& sink,
                       const CallOptions& call) override {
    Query query;
    query.add("container", options.container);
    if (options.follow) query.add("follow", "true");
    if (options.previous) query.add("previous", "true");
    if (options.timestamps) query.add("timestamps", "true");
    if (options.since) query.add("sinceSeconds", std::to_string(options.since->count()));
    if (options.tail) query.add("tailLines", std::to_string(*options.tail));
    auto made = call_of("read the log of", "GET", pod.sub("log"), query, call);
    if (!made) return broken(made.error());
    return transport_.stream(*made, sink);
  }

  ApiResult<std::string> raw_get(const std::string& target, const CallOptions& call) override {
    return raw("GET", target, Repeat::harmless, call);
  }

  ApiResult<std::string> raw_post(const std::string& target, const CallOptions& call) override {
    return raw("POST", target, Repeat::never, call);
  }

  ApiResult<void> events(const ResourcePath& path, const EventQuery& query, const EventSink& sink,
                         const CallOptions& options) override {
    Query parameters;
    parameters.add("watch", "true").add("allowWatchBookmarks", "true");
    parameters.add("labelSelector", query.label_selector).add("fieldSelector", query.field_selector);
    parameters.add("resourceVersion", query.resource_version);
    parameters.add("timeoutSeconds", std::to_string(query.duration.count()));
    // The server ends the stream itself; half a minute later something between us is broken.
    CallOptions bounded = options;
    bounded.timeout = std::min<std::chrono::milliseconds>(options.timeout, query.duration + std::chrono::seconds{30});
    auto call = call_of("watch", "GET", path.collection(), parameters, bounded);
    if (!call) return broken(call.error());

    EventStream stream{sink};
    auto done = transport_.stream(*call, [&](std::string_view piece) { return stream.feed(piece); });
    if (stream.error()) return broken(*stream.error());
    if (done && !stream.is_finished() && !stream.is_between_events())
      return broken(local_error(call->attempt + ": the stream ended within an event", Kind::connection));
    return done;
  }

 private:
  struct JsonOutcome {
    ApiResult<Json> result;
    bool resent = false;
  };

  static Query write_query(const WriteOptions& write) {
    Query query;
    query.add("fieldManager", write.field_manager);
    if (write.dry_run == DryRun::server) query.add("dryRun", "All");
    return query;
  }

  static ApiResult<Call> call_of(const std::string& verb, const std::string& method, const ResourcePath& path,
                                 const Query& query, const CallOptions& options) {
    const auto url = url_path(path);
    if (!url) return broken(local_error(url.error().within(verb).message));
    Call call;
    call.method = method;
    call.target = *url + query.text();
    call.attempt = verb + " " + describe(path);
    call.options = options;
    return call;
  }

  JsonOutcome json(const std::string& verb, const std::string& method, const ResourcePath& path, const Query& query,
                   std::string body, Repeat repeat, const CallOptions& options,
                   const std::string& content_type = "application/json",
                   const std::optional<ResourcePath>& named = {}) {
    auto call = call_of(verb, method, path, query, options);
    if (!call) return {broken(call.error()), false};
    if (named) call->attempt = verb + " " + describe(*named);
    call->body = std::move(body);
    call->content_type = content_type;
    call->repeat = repeat;
    auto outcome = transport_.send(*call);
    if (!outcome.answer) return {broken(std::move(outcome.answer.error())), outcome.resent};
    auto parsed = parse_json(outcome.answer->body, call->attempt);
    // The server said 2xx: it is done, whatever it then told about it.
    if (!parsed) parsed.error().may_have_run = method != "GET";
    return {std::move(parsed), outcome.resent};
  }

  ApiResult<std::string> raw(const std::string& method, const std::string& target, Repeat repeat,
                             const CallOptions& options) {
    Call call;
    call.method = method;
    call.target = target;
    call.repeat = repeat;
    call.attempt = method + " " + target.substr(0, target.find('?'));
    call.options = options;
    return transport_.send(call).answer.map([](Answer&& answer) { return std::move(answer.body); });
  }

  static ApiError explain_missing_type(ApiError error, const ResourcePath& path) {
    if (error.kind == Kind::not_found && error.details_name.empty())
      error.message +=
          fmt::format(" (does the server know {}{}{}? Its CustomResourceDefinition may be missing)", path.plural,
                      path.group.empty() ? "" : ".", path.group.empty() ? "" : path.group + "/" + path.version);
    return error;
  }

  Transport transport_;
};

}  // namespace

Result<std::shared_ptr<Client>> make_client(const ConnectionConfig& config,
                                            std::shared_ptr<CredentialSource> credentials, ClientOptions options) {
  auto client = std::make_shared<RestClient>(config, std::move(credentials), std::move(options));
  if (auto usable = client->check(); !usable) return tl::make_unexpected(usable.error());
  return client;
}

}  // namespace migrate::kube
