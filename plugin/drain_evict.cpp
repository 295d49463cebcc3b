#include "plugin/drain_evict.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"

namespace migrate::plugin {
namespace {

using Kind = kube::ApiError::Kind;

bool is_of_ending_namespace(const kube::ApiError& error) {
  return error.kind == Kind::forbidden &&
         std::any_of(error.causes.begin(), error.causes.end(),
                     [](const kube::ApiError::Cause& one) { return one.reason == "NamespaceTerminating"; });
}

// 429 is a budget's answer. What broke on the way may have been carried out, and who has the name by now may be another
// Pod: the next look at the node says so.
bool may_pass(const kube::ApiError& error) {
  return error.kind == Kind::too_many_requests || error.kind == Kind::conflict || error.kind == Kind::connection ||
         error.kind == Kind::deadline || error.kind == Kind::timeout;
}

}  // namespace

EvictAnswer evict(const Session& session, const DrainPod& pod, kube::DryRun dry_run) {
  const Json eviction = {{"apiVersion", "policy/v1"},
                         {"kind", "Eviction"},
                         {"metadata", {{"name", pod.name}, {"namespace", pod.namespace_}}},
                         {"deleteOptions", {{"preconditions", {{"uid", pod.uid}}}}}};
  kube::WriteOptions write;
  write.dry_run = dry_run;
  const auto answer = session.client.create(kube::pod(pod.namespace_, pod.name).sub("eviction"), eviction, write);
  if (answer) return {EvictAnswer::Kind::agreed, "", ""};
  const kube::ApiError& error = answer.error();
  if (error.kind == Kind::not_found) return {EvictAnswer::Kind::gone, "", ""};
  const std::string why = one_line(error.message);
  const std::string which = fmt::format("error when evicting pods/\"{}\" -n \"{}\"", pod.name, pod.namespace_);
  if (may_pass(error))
    return {EvictAnswer::Kind::later, why,
            fmt::format("{} (will retry after {}s): {}", which, kEvictAgain.count(), why)};
  if (is_of_ending_namespace(error))
    return {EvictAnswer::Kind::later, why,
            fmt::format("error when evicting pod \"{}\" from terminating namespace \"{}\" (will retry after {}s): {}",
                        pod.name, pod.namespace_, kEvictAgain.count(), why)};
  return {EvictAnswer::Kind::refused, why, fmt::format("{}: {}", which, why)};
}

}  // namespace migrate::plugin
