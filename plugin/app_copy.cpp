#include "plugin/app_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugin/json_path.h"
#include "plugin/our_label.h"
#include "shared/kube/known_objects.h"
#include "shared/messages/mirror.h"
#include "shared/migration/names.h"
#include "shared/migration/pod_copy.h"

namespace migrate::plugin {
namespace {

constexpr int kLongestLife = 600;  // seconds: whatever became of us

// What two instances would write into at the same time.
std::string shared_volume(const Json& pod) {
  for (const Json& volume : list_at(pod, {"spec", "volumes"}))
    for (const char* kind : {"persistentVolumeClaim", "hostPath", "nfs", "iscsi", "cephfs", "glusterfs", "fc"})
      if (volume.contains(kind)) return fmt::format("{} ({})", text_at(volume, {"name"}), kind);
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
  if (flag_at(pod, {"spec", "hostNetwork"}))
    return fail(fmt::format("Pod {} has its node's network and host name (hostNetwork): it has no control queue of its "
                            "own and cannot replay",
                            source),
                exit_code::kRefused);
  const std::string control = text_at(pod, {"metadata", "annotations", kControlQueueAnnotation});
  AppCopy copy{name, messages::control_queue_name(control, name, name), {}};
  if (copy.control_queue == messages::control_queue_name(control, name + "x", name + "x"))
    return fail(fmt::format("annotation {} names control queue {} for every instance of Pod {}; while a migration "
                            "replays there are two: put {{pod}} or {{hostname}} into it",
                            kControlQueueAnnotation, control, source),
                exit_code::kRefused);

  Json spec = copied_spec(pod);
  for (const char* field : {"hostname", "subdomain", "readinessGates"})
    spec.erase(field);
  if (text_at(spec, {"runtimeClassName"}) == kRuntimeClass) spec.erase("runtimeClassName");
  if (text_at(spec, {"schedulerName"}) == kSchedulerName) spec.erase("schedulerName");
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
  const std::string phase = text_at(pod, {"status", "phase"});
  const std::string overall = joined(text_at(pod, {"status", "reason"}), text_at(pod, {"status", "message"}));
  if (phase == "Succeeded" || phase == "Failed") {
    for (const Json& one : list_at(pod, {"status", "containerStatuses"}))
      if (const Json* ended = find(one, {"state", "terminated"}); ended != nullptr)
        return {Kind::ended,
                fmt::format("container {}: exit code {}{}", text_at(one, {"name"}), number_at(*ended, {"exitCode"}),
                            overall.empty() ? "" : fmt::format(" ({})", overall))};
    return {Kind::ended, overall};
  }
  const Json& containers = list_at(pod, {"status", "containerStatuses"});
  for (const Json& one : containers) {
    if (const Json* ended = find(one, {"state", "terminated"}); ended != nullptr)
      return {Kind::ended,
              fmt::format("container {}: exit code {}", text_at(one, {"name"}), number_at(*ended, {"exitCode"}))};
    if (const Json* waits = find(one, {"state", "waiting"}); waits != nullptr)
      return {Kind::waiting, joined(text_at(*waits, {"reason"}), text_at(*waits, {"message"}))};
  }
  if (!containers.empty()) return {Kind::runs, ""};
  for (const Json& one : list_at(pod, {"status", "conditions"}))
    if (text_at(one, {"type"}) == "PodScheduled" && text_at(one, {"status"}) == "False")
      return {Kind::waiting, joined(text_at(one, {"reason"}), text_at(one, {"message"}))};
  return {Kind::waiting, overall};
}

bool is_hopeless(const CopyState& state) {
  constexpr std::array<std::string_view, 4> kReasons = {"ErrImage", "ImagePullBackOff", "InvalidImageName",
                                                        "CreateContainerConfigError"};
  return state.kind == CopyState::Kind::waiting &&
         std::any_of(kReasons.begin(), kReasons.end(), [&](auto reason) { return state.why.starts_with(reason); });
}

}  // namespace migrate::plugin
