// What in a Pod speaks against a copy that replays beside it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "extender/controller/refusals.h"

namespace migrate::controller {
namespace {

// Written by the kubelet alone; or an emptyDir, which is told of by itself.
constexpr std::array kNotShared{"configMap", "secret", "downwardAPI", "projected", "emptyDir"};

// What is in it may change while the copy is on its way: a claim, and what a Pod names without one (nfs, cephfs …).
bool outlives_the_pod(const Json& volume) {
  for (const auto& [kind, source] : volume.items())
    if (kind != "name" && source.is_object() && !flag_at(source, {"readOnly"}) &&
        std::find(kNotShared.begin(), kNotShared.end(), kind) == kNotShared.end())
      return true;
  return false;
}

// A container may write to it.
bool is_writable(const Json& pod, const std::string& volume) {
  for (const char* kind : {"containers", "initContainers"})
    for (const Json& container : list_at(pod, {"spec", kind}))
      for (const Json& mount : list_at(container, {"volumeMounts"}))
        if (text_at(mount, {"name"}) == volume && !flag_at(mount, {"readOnly"})) return true;
  return false;
}

}  // namespace

std::vector<Refusal> replay_refusals(const Json& pod) {
  std::vector<Refusal> found;
  const PodView view = view_of(pod);
  const auto add = [&](const char* reason, const std::string& message, const char* accept = "") {
    found.push_back({reason, fmt::format("Pod {}/{}: {}", view.namespace_, view.name, message), accept});
  };
  for (const Json& volume : list_at(pod, {"spec", "volumes"})) {
    const std::string name = text_at(volume, {"name"});
    if (outlives_the_pod(volume) && is_writable(pod, name))
      add("WritableVolume",
          fmt::format("volume {} can be written, and would be newer than the memory that is restored; use --strategy "
                      "stop",
                      name));
    if (has(volume, {"emptyDir"}))
      add("EmptyDirLoss",
          fmt::format("emptyDir {} would be newer than the memory that is restored, so it is not carried along: use "
                      "--strategy stop, or --accept=emptydir-loss to begin with an empty one",
                      name),
          "emptydir-loss");
  }
  return found;
}

std::string live_trouble(const Surroundings& around) {
  if (around.unready_services.empty()) return around.against_live.empty() ? "" : around.against_live.front();
  return fmt::format(
      "Service {} names Pods that are not ready (publishNotReadyAddresses), and would send to the copy before its time",
      around.unready_services.front());
}

}  // namespace migrate::controller
