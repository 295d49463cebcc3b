#include "plugin/app_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugin/our_label.h"
#include "shared/kube/known_objects.h"
#include "shared/messages/mirror.h"
#include "shared/migration/names.h"
#include "shared/migration/pod_copy.h"

namespace migrate::plugin {
namespace {

constexpr int kLongestLife = 600;  // seconds: whatever became of us

const Json& at(const Json& object, const char* pointer) {
  static const Json nothing;
  const Json::json_pointer place{pointer};
  return object.contains(place) ? object.at(place) : nothing;
}

std::string text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : "";
}

// What two instances would write into at the same time.
std::string shared_volume(const Json& pod) {
  for (const Json& volume : at(pod, "/spec/volumes"))
    for (const char* kind : {"persistentVolumeClaim", "hostPath", "nfs", "iscsi", "cephfs", "glusterfs", "fc"})
      if (volume.contains(kind)) return fmt::format("{} ({})", text(at(volume, "/name")), kind);
  return "";
}

std::string joined(const std::string& reason, const std::string& message) {
  if (reason.empty() || message.empty()) return reason + message;
  return reason + ": " + message;
}

}  // namespace

Outcome<AppCopy> copy_of(const Json& pod, const std::string& name) {
  const std::string source = kube::metadata_of(pod, "name");
  if (const std::string volume = shared_volume(pod); !volume.empty())
    return fail(fmt::format("Pod {} keeps data in volume {}, which a copy of it would use at the same time; "
                            "check the application where it has a volume of its own",
                            source, volume),
                exit_code::kRefused);
  if (at(pod, "/spec/hostNetwork") == true)
    return fail(fmt::format("Pod {} has its node's network and host name (hostNetwork): it has no control queue of its "
                            "own and cannot replay",
                            source),
                exit_code::kRefused);
  const Json& annotations = at(pod, "/metadata/annotations");
  const auto pattern = annotations.find(kControlQueueAnnotation);
  const std::string control = pattern != annotations.end() ? text(*pattern) : "";
  AppCopy copy{name, messages::control_queue_name(control, name, name), {}};
  if (copy.control_queue == messages::control_queue_name(control, name + "x", name + "x"))
    return fail(fmt::format("annotation {} names control queue {} for every instance of Pod {}; while a migration "
                            "replays there are two: put {{pod}} or {{hostname}} into it",
                            kControlQueueAnnotation, control, source),
                exit_code::kRefused);

  Json spec = copied_spec(pod);
  for (const char* field : {"hostname", "subdomain", "readinessGates"})
    spec.erase(field);
  if (at(spec, "/runtimeClassName") == kRuntimeClass) spec.erase("runtimeClassName");
  if (at(spec, "/schedulerName") == kSchedulerName) spec.erase("schedulerName");
  spec["restartPolicy"] = "Never";
  spec["activeDeadlineSeconds"] = kLongestLife;
  copy.pod = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata",
               {{"name", name},
                {"labels", {{kPartOfLabel, kPartOfUs}, {"app.kubernetes.io/name", "check-app"}}},
                {"annotations", copied_annotations(pod)}}},
              {"spec", std::move(spec)}};
  return copy;
}

CopyState state_of(const Json& pod) {
  using Kind = CopyState::Kind;
  const std::string phase = text(at(pod, "/status/phase"));
  const std::string overall = joined(text(at(pod, "/status/reason")), text(at(pod, "/status/message")));
  if (phase == "Succeeded" || phase == "Failed") {
    for (const Json& one : at(pod, "/status/containerStatuses"))
      if (const Json& ended = at(one, "/state/terminated"); ended.is_object())
        return {Kind::ended,
                fmt::format("container {}: exit code {}{}", text(at(one, "/name")), ended.value("exitCode", 0),
                            overall.empty() ? "" : fmt::format(" ({})", overall))};
    return {Kind::ended, overall};
  }
  const Json& containers = at(pod, "/status/containerStatuses");
  for (const Json& one : containers) {
    if (const Json& ended = at(one, "/state/terminated"); ended.is_object())
      return {Kind::ended,
              fmt::format("container {}: exit code {}", text(at(one, "/name")), ended.value("exitCode", 0))};
    if (const Json& waits = at(one, "/state/waiting"); waits.is_object())
      return {Kind::waiting, joined(text(at(waits, "/reason")), text(at(waits, "/message")))};
  }
  if (containers.is_array() && !containers.empty()) return {Kind::runs, ""};
  for (const Json& one : at(pod, "/status/conditions"))
    if (text(at(one, "/type")) == "PodScheduled" && text(at(one, "/status")) == "False")
      return {Kind::waiting, joined(text(at(one, "/reason")), text(at(one, "/message")))};
  return {Kind::waiting, overall};
}

bool is_hopeless(const CopyState& state) {
  constexpr std::array<std::string_view, 4> kReasons = {"ErrImage", "ImagePullBackOff", "InvalidImageName",
                                                        "CreateContainerConfigError"};
  return state.kind == CopyState::Kind::waiting &&
         std::any_of(kReasons.begin(), kReasons.end(), [&](auto reason) { return state.why.starts_with(reason); });
}

}  // namespace migrate::plugin
