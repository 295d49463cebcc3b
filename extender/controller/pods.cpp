#include "extender/controller/pods.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/kube/watch.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

using Kind = kube::ApiError::Kind;

constexpr milliseconds kLongestWait{2'000};
constexpr std::chrono::seconds kKubeletPatience{30};
constexpr std::chrono::seconds kForcePatience{2};

bool passes_by_itself(Kind kind) {
  return kind == Kind::connection || kind == Kind::timeout || kind == Kind::too_many_requests || kind == Kind::server ||
         kind == Kind::deadline || kind == Kind::malformed || kind == Kind::unauthorized;
}

}  // namespace

bool is_gone_with_namespace(const Hop& hop, kube::ApiError::Kind kind) {
  return kind == Kind::forbidden && hop.signals().deleting();
}

bool is_policy_yet_to_be_read(const kube::ApiError& error) {
  return (error.kind == Kind::forbidden || error.kind == Kind::invalid) &&
         error.text().find("denied request: failed to configure") != std::string::npos;
}

Attempt<void> Pods::go_on_after(const kube::ApiError& error, const std::string& what, const Limits& limits,
                                milliseconds& wait) {
  const std::string text = what + ": " + error.text();
  if (error.kind == Kind::cancelled || limits.stop.stop_requested())
    return tl::make_unexpected(hop_.interrupted({Event::left, "Left", text}));
  // Behind the commit there is nobody to go back to: a quota that has yet to count what is gone passes too.
  const bool is_denied = error.kind == Kind::forbidden || error.kind == Kind::invalid;
  const bool may_pass = is_denied && is_after_commit(hop_.migration().status.phase) && !hop_.signals().deleting();
  if (!passes_by_itself(error.kind) && !may_pass && !is_policy_yet_to_be_read(error))
    return give_up(Event::failed, "ApiError", text);
  if (hop_.pause(wait, limits)) {
    wait = std::min(wait * 2, kLongestWait);
    return {};
  }
  return tl::make_unexpected(hop_.interrupted({Event::deadline, "DeadlineExceeded", text}));
}

bool Pods::is_ours(const Json& pod) const {
  return view_of(pod).restore == hop_.migration().uid;
}

Attempt<std::optional<Json>> Pods::read(const kube::ResourcePath& path, const Limits& limits) {
  return call<std::optional<Json>>("read " + describe(path), limits, [&](const kube::CallOptions& options) {
    return hop_.world().client.get(path, options);
  });
}

Attempt<std::optional<Json>> Pods::get(const std::string& name, const Limits& limits) {
  const auto path = kube::pod(hop_.migration().namespace_, name);
  return call<std::optional<Json>>("look at " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto found = hop_.world().client.get(path, options);
    if (!found && is_gone_with_namespace(hop_, found.error().kind)) return Lookup<Json, kube::ApiError>{std::nullopt};
    return found;
  });
}

Attempt<Json> Pods::make(const Json& pod, const Limits& limits) {
  const std::string name = text_at(pod, {"metadata", "name"});
  const auto path = kube::pod(hop_.migration().namespace_, name);
  bool there = false;
  auto made = call<Json>("create " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto created = hop_.world().client.create(path.collection(), pod, {}, options);
    there = !created && created.error().kind == Kind::already_exists;
    return there ? kube::ApiResult<Json>{Json{}} : created;
  });
  if (!made || !there) return made;
  auto found = get(name, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (*found && is_ours(**found)) return std::move(**found);
  return give_up(Event::failed, "NameTaken",
                 fmt::format("create {}: another Pod has that name; remove it and migrate again", describe(path)));
}

Attempt<void> Pods::bind(const std::string& name, const std::string& node, const Limits& limits) {
  auto path = kube::pod(hop_.migration().namespace_, name);
  path.subresource = "binding";
  const Json binding{{"apiVersion", "v1"},
                     {"kind", "Binding"},
                     {"metadata", {{"name", name}}},
                     {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}}}};
  auto bound = call<Json>("bind " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto answer = hop_.world().client.create(path, binding, {}, options);
    const bool is_bound = !answer && answer.error().kind == Kind::conflict;
    return is_bound ? kube::ApiResult<Json>{Json{}} : answer;
  });
  if (!bound) return tl::make_unexpected(bound.error());
  return {};
}

Attempt<std::optional<Json>> Pods::await(const std::string& name, const kube::ObjectPredicate& is_reached,
                                         const Limits& limits) {
  const auto path = kube::pod(hop_.migration().namespace_, name);
  return call<std::optional<Json>>("wait for " + describe(path), limits, [&](const kube::CallOptions& options) {
    return kube::wait_for(hop_.world().client, hop_.world().pacer, path, is_reached, options.timeout, options.stop);
  });
}

Attempt<void> Pods::remove(const std::string& name, const std::string& uid, std::chrono::seconds grace,
                           const Limits& limits) {
  kube::DeleteOptions options;
  options.uid = uid;
  options.grace_period = grace;
  const auto path = kube::pod(hop_.migration().namespace_, name);
  auto removed = call<std::optional<Json>>("delete " + describe(path), limits, [&](const kube::CallOptions& bounds) {
    auto answer = hop_.world().client.remove(path, options, bounds);
    // Another Pod of that name: ours is gone.
    const bool gone = !answer && (answer.error().kind == Kind::conflict || answer.error().kind == Kind::not_found ||
                                  is_gone_with_namespace(hop_, answer.error().kind));
    return gone ? Lookup<Json, kube::ApiError>{std::nullopt} : answer;
  });
  if (!removed) return tl::make_unexpected(removed.error());
  return {};
}

Attempt<void> Pods::force_remove(const std::string& name, const std::string& uid, const Limits& limits) {
  return remove(name, uid, std::chrono::seconds{0}, limits);
}

Attempt<void> Pods::remove_ours(const std::string& name, const Limits& limits) {
  auto found = get(name, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (!*found || !is_ours(**found)) return {};
  const std::string uid = view_of(**found).uid;
  // A ReplicaSet's, which would stay for ever.
  const Change let_go = [](const Json& pod) {
    return has_our_finalizer(pod) ? Json{{"finalizers", finalizers_of(pod, false)}} : Json{};
  };
  if (auto released = amend(name, uid, limits, let_go); !released) return tl::make_unexpected(released.error());
  if (auto asked = remove(name, uid, std::chrono::seconds{1}, limits); !asked) return asked;
  Limits patience = limits;
  patience.until = std::min(limits.until, hop_.world().pacer.now() + kKubeletPatience);
  const auto gone = await(
      name, [&](const Json* pod) { return pod == nullptr || view_of(*pod).uid != uid; }, patience);
  if (gone) return {};
  if (gone.error().event != Event::deadline) return tl::make_unexpected(gone.error());
  // Its kubelet may be dead, and all the time that there was be over: this call has its own.
  return force_remove(name, uid, {std::max(limits.until, hop_.world().pacer.now() + kForcePatience), limits.stop});
}

Attempt<bool> Pods::amend(const std::string& name, const std::string& uid, const Limits& limits, const Change& change) {
  const auto path = kube::pod(hop_.migration().namespace_, name);
  for (;;) {
    auto found = get(name, limits);
    if (!found) return tl::make_unexpected(found.error());
    if (!*found || view_of(**found).uid != uid) return false;
    Json metadata = change(**found);
    if (metadata.is_null()) return true;
    metadata["uid"] = uid;
    metadata["resourceVersion"] = text_at(**found, {"metadata", "resourceVersion"});
    bool is_stale = false;
    bool is_gone = false;
    auto done = call<Json>("change " + describe(path), limits, [&](const kube::CallOptions& options) {
      auto answer = hop_.world().client.merge_patch(path, {{"metadata", metadata}}, {}, options);
      is_gone = !answer && is_gone_with_namespace(hop_, answer.error().kind);
      is_stale = !answer && (answer.error().kind == Kind::conflict || answer.error().kind == Kind::not_found);
      return is_stale || is_gone ? kube::ApiResult<Json>{Json{}} : answer;
    });
    if (!done) return tl::make_unexpected(done.error());
    if (is_gone) return false;
    if (!is_stale) return true;
  }
}

Attempt<Json> Pods::live_target(const Limits& limits) {
  const PodPlace& target = hop_.status().target;
  auto found = get(target.pod, limits);
  if (!found) return tl::make_unexpected(found.error());
  const PodView view = *found ? view_of(**found) : PodView{};
  if (!*found || view.uid != target.uid || view.deleting)
    return give_up(Event::failed, "TargetDeleted",
                   fmt::format("target Pod {}/{} was deleted meanwhile", hop_.migration().namespace_, target.pod));
  if (view.phase == "Failed" || view.phase == "Succeeded")
    return give_up(Event::failed, "TargetFailed",
                   fmt::format("target Pod {}/{} is {}: {}", hop_.migration().namespace_, target.pod, view.phase,
                               text_at(**found, {"status", "message"})));
  return std::move(**found);
}

}  // namespace migrate::controller
