#include "plugin/look.h"

#include <fmt/format.h>

#include "plugin/hints.h"

namespace migrate::plugin {

using Kind = kube::ApiError::Kind;

Check unseen(const kube::ApiError& error, const std::string& what, std::string_view verb,
             const kube::ResourcePath& path) {
  if (error.kind == Kind::forbidden)
    return {Mark::skipped, what,
            fmt::format("you have no right to {} {}{}", verb, kube::describe(path),
                        path.namespace_.empty() ? "" : " in namespace " + path.namespace_)};
  const Topic topic = error.kind == Kind::unauthorized ? Topic::not_logged_in : Topic::no_api_server;
  return {Mark::failed, what, explain(error, verb, path).message, hint(topic)};
}

Lookup<Json, Check> look_at(const Session& session, const kube::ResourcePath& path, const std::string& what) {
  auto found = session.client.get(path, {.timeout = kLookTimeout, .stop = {}});
  if (!found) return tl::make_unexpected(unseen(found.error(), what, "get", path));
  return std::move(*found);
}

Result<Json, Check> look_for(const Session& session, const kube::ResourcePath& collection, const std::string& what,
                             const kube::ListOptions& options) {
  auto list = session.client.list(collection, options, {.timeout = kLookTimeout, .stop = {}});
  if (!list) return tl::make_unexpected(unseen(list.error(), what, "list", collection));
  return std::move(list->at("items"));
}

kube::ApiResult<Json> reviewed(const Session& session, const kube::ResourcePath& reviews, const Json& review) {
  return session.client.create(reviews, review, {}, {.timeout = kLookTimeout, .stop = {}});
}

}  // namespace migrate::plugin
