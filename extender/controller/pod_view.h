// A Pod's JSON as the controller looks at it. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "extender/controller/json_path.h"
#include "shared/base/units.h"

namespace migrate::controller {

using std::chrono::milliseconds;

struct PodView {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string node;  // empty: not bound
  std::string address;
  std::string phase;
  bool ready = false;
  bool deleting = false;
  std::string restore;                  // the annotation: a Migration's uid
  std::vector<std::string> containers;  // of the application, in their order
  std::vector<std::string> empty_dirs;  // whose content is carried along
  std::string queue;                    // annotation
  std::string broker_secret;            // annotation
};
[[nodiscard]] PodView view_of(const Json& pod);

// The Pod has that condition, and it is "True".
[[nodiscard]] bool is_true_condition(const Json& pod, const char* type);
// All application containers run, by the kubelet's word.
[[nodiscard]] bool containers_run(const Json& pod);
// One of them was started after that, by the same word, which tells whole seconds.
[[nodiscard]] bool has_started_after(const Json& pod, Instant when);
// All of them are ready, by the kubelet's word; readiness gates, which are not containers', may be closed.
[[nodiscard]] bool containers_ready(const Json& pod);
// How long after their start that may take where all is well: until the first answers that its readiness and startup
// probes ask for, and the kubelet's word of them; at most 30 s.
[[nodiscard]] milliseconds readiness_patience(const Json& pod);
// How long it is expected to take.
[[nodiscard]] milliseconds expected_readiness(const Json& pod);
// Why the scheduler has not placed it, in its words; empty: it has, or has not tried.
[[nodiscard]] std::string scheduling_trouble(const Json& pod);
// Its kubelet refused it, as it asks for more than is left on the node.
[[nodiscard]] bool lacks_room(const Json& pod);
// Every container's image is on the node: the kubelet got as far as creating them.
[[nodiscard]] bool images_are_there(const Json& pod);

// That a target's containers do not run, and why the kubelet does not get them to, if it has said. `in_time`: "in 90
// s".
[[nodiscard]] std::string not_alive(const Json& pod, const std::string& in_time);

// metadata.finalizers with ours, or without.
[[nodiscard]] Json finalizers_of(const Json& pod, bool with_ours);
[[nodiscard]] bool has_our_finalizer(const Json& pod);

// How long the Pod may stay frozen until a liveness probe kills it: the least of (failureThreshold - 1) * period over
// its http and grpc probes, less 2 s, never negative; tcp and exec probes count only when they may not fail a single
// time. Nothing when no container has one that counts.
[[nodiscard]] std::optional<milliseconds> freeze_budget(const Json& pod);
// A container has a liveness probe that the kernel answers for it while it is frozen, though not for ever.
[[nodiscard]] bool has_tcp_liveness(const Json& pod);

}  // namespace migrate::controller
