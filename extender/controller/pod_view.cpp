#include "extender/controller/pod_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

// Why the kubelet does not get a container to run, in its words; empty: it does, or has not said.
std::string creation_trouble(const Json& pod) {
  for (const Json& one : list_at(pod, {"status", "containerStatuses"})) {
    const std::string message = text_at(one, {"state", "waiting", "message"});
    const std::string reason = text_at(one, {"state", "waiting", "reason"});
    if (!message.empty()) return fmt::format("container {}: {}: {}", text_at(one, {"name"}), reason, message);
  }
  return "";
}

constexpr milliseconds kSpare{2'000};
constexpr milliseconds kToldOf{2'000};  // until the kubelet has told of what it knows
constexpr milliseconds kUsuallyToldOf{500};
constexpr milliseconds kLongestPatience{30'000};

// Whether the first answer that counts comes when a probe's first period is over, or when it begins.
enum class Answers { slow, quick };

// Of a container's start, until its startup and then its readiness probe have had the answers that they ask for. Both
// initial delays are counted from the start.
milliseconds until_answered(const Json& pod, Answers answers) {
  milliseconds longest{0};
  for (const Json& container : list_at(pod, {"spec", "containers"})) {
    std::int64_t seconds = 0;
    for (const char* name : {"startupProbe", "readinessProbe"}) {
      const Json* probe = find(container, {name});
      if (probe == nullptr) continue;
      const std::int64_t periods = number_at(*probe, {"successThreshold"}, 1) - (answers == Answers::quick ? 1 : 0);
      seconds = std::max(seconds, number_at(*probe, {"initialDelaySeconds"}, 0)) +
                number_at(*probe, {"periodSeconds"}, 10) * periods;
    }
    longest = std::max(longest, milliseconds{seconds * 1000});
  }
  return longest;
}

// Whether it fails again and again while its container is frozen. A tcp probe is answered by the kernel. An exec probe
// is refused by the container runtime, which the kubelet takes for no answer at all. Either may fail once: the first
// when it comes while CRIU has locked the network, the second when it was under way at the freeze.
bool fails_while_frozen(const Json& probe, std::int64_t failures) {
  const bool is_patient = has(probe, {"tcpSocket"}) || has(probe, {"exec"});
  return !is_patient || failures <= 1;
}

}  // namespace

bool is_true_condition(const Json& pod, const char* type) {
  const Json& conditions = list_at(pod, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [&](const Json& one) {
    return text_at(one, {"type"}) == type && text_at(one, {"status"}) == "True";
  });
}

PodView view_of(const Json& pod) {
  PodView view;
  view.namespace_ = text_at(pod, {"metadata", "namespace"});
  view.name = text_at(pod, {"metadata", "name"});
  view.uid = text_at(pod, {"metadata", "uid"});
  view.node = text_at(pod, {"spec", "nodeName"});
  view.address = text_at(pod, {"status", "podIP"});
  view.phase = text_at(pod, {"status", "phase"});
  view.ready = is_true_condition(pod, "Ready");
  view.deleting = has(pod, {"metadata", "deletionTimestamp"});
  view.restore = text_at(pod, {"metadata", "annotations", kRestoreAnnotation});
  view.queue = text_at(pod, {"metadata", "annotations", kQueueAnnotation});
  view.broker_secret = text_at(pod, {"metadata", "annotations", kBrokerSecretAnnotation});
  const Json& containers = list_at(pod, {"spec", "containers"});
  view.containers.reserve(containers.size());
  for (const Json& one : containers)
    view.containers.push_back(text_at(one, {"name"}));
  const Json& volumes = list_at(pod, {"spec", "volumes"});
  view.empty_dirs.reserve(volumes.size());
  for (const Json& one : volumes)
    if (has(one, {"emptyDir"}) && !text_at(one, {"emptyDir", "medium"}).starts_with("HugePages"))
      view.empty_dirs.push_back(text_at(one, {"name"}));
  return view;
}

bool containers_run(const Json& pod) {
  const Json& states = list_at(pod, {"status", "containerStatuses"});
  return states.size() == list_at(pod, {"spec", "containers"}).size() &&
         std::all_of(states.begin(), states.end(), [](const Json& one) {
           return has(one, {"state", "running"});
         });
}

bool has_started_after(const Json& pod, Instant when) {
  const Json& states = list_at(pod, {"status", "containerStatuses"});
  return std::any_of(states.begin(), states.end(), [&](const Json& one) {
    const auto started = parse_rfc3339(text_at(one, {"state", "running", "startedAt"}));
    return started && *started > when;
  });
}

bool containers_ready(const Json& pod) {
  return is_true_condition(pod, "ContainersReady");
}

milliseconds readiness_patience(const Json& pod) {
  return std::min(until_answered(pod, Answers::slow) + kToldOf, kLongestPatience);
}

milliseconds expected_readiness(const Json& pod) {
  return std::min(until_answered(pod, Answers::quick) + kUsuallyToldOf, kLongestPatience);
}

std::string scheduling_trouble(const Json& pod) {
  for (const Json& one : list_at(pod, {"status", "conditions"}))
    if (text_at(one, {"type"}) == "PodScheduled" && text_at(one, {"status"}) == "False")
      return text_at(one, {"message"});
  return "";
}

bool lacks_room(const Json& pod) {
  // OutOfcpu, OutOfmemory, OutOfpods …: kubelets' code (k8s.io/kubernetes/pkg/kubelet/lifecycle, predicate.go).
  return text_at(pod, {"status", "phase"}) == "Failed" && text_at(pod, {"status", "reason"}).starts_with("OutOf");
}

bool images_are_there(const Json& pod) {
  const auto was_tried = [](const Json& one) {
    const std::string reason = text_at(one, {"state", "waiting", "reason"});
    return has(one, {"state", "running"}) || has(one, {"state", "terminated"}) ||
           has(one, {"lastState", "terminated"}) || reason.ends_with("ContainerError") || reason == "CrashLoopBackOff";
  };
  const Json& states = list_at(pod, {"status", "containerStatuses"});
  return states.size() == list_at(pod, {"spec", "containers"}).size() &&
         std::all_of(states.begin(), states.end(), was_tried);
}

std::string not_alive(const Json& pod, const std::string& in_time) {
  const std::string trouble = creation_trouble(pod);
  return fmt::format("the containers of target Pod {} did not come to life {}{}{}", text_at(pod, {"metadata", "name"}),
                     in_time, trouble.empty() ? "" : ": ", trouble);
}

Json finalizers_of(const Json& pod, bool with_ours) {
  Json all = Json::array();
  for (const Json& one : list_at(pod, {"metadata", "finalizers"}))
    if (one != kFinalizer) all.push_back(one);
  if (with_ours) all.push_back(kFinalizer);
  return all;
}

bool has_our_finalizer(const Json& pod) {
  const Json& all = list_at(pod, {"metadata", "finalizers"});
  return std::find(all.begin(), all.end(), kFinalizer) != all.end();
}

std::optional<milliseconds> freeze_budget(const Json& pod) {
  std::optional<milliseconds> least;
  for (const Json& container : list_at(pod, {"spec", "containers"})) {
    const Json* probe = find(container, {"livenessProbe"});
    if (probe == nullptr) continue;
    const std::int64_t period = number_at(*probe, {"periodSeconds"}, 10);
    const std::int64_t failures = number_at(*probe, {"failureThreshold"}, 3);
    if (!fails_while_frozen(*probe, failures)) continue;
    const milliseconds budget = std::max(milliseconds{0}, milliseconds{(failures - 1) * period * 1000} - kSpare);
    least = std::min(least.value_or(budget), budget);
  }
  return least;
}

bool has_tcp_liveness(const Json& pod) {
  const Json& containers = list_at(pod, {"spec", "containers"});
  return std::any_of(containers.begin(), containers.end(), [](const Json& one) {
    return has(one, {"livenessProbe", "tcpSocket"});
  });
}

}  // namespace migrate::controller
