#include "shared/migration/pod_copy.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "shared/migration/names.h"

namespace migrate {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kTokenVolume = "kube-api-access-";

// A list's elements' names; "" where there is none.
std::string name_of(const Json& object) {
  const auto found = object.find("name");
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_injected_token(const Json& volume) {
  return name_of(volume).starts_with(kTokenVolume) && volume.contains("projected");
}

// Takes elements out of a list of `object`, and the list when nothing is left of it.
void erase_if(Json& object, const char* list, const std::function<bool(const Json&)>& is_unwanted) {
  const auto found = object.find(list);
  if (found == object.end() || !found->is_array()) return;
  Json kept = Json::array();
  for (Json& one : *found)
    if (!is_unwanted(one)) kept.push_back(std::move(one));
  if (kept.empty())
    object.erase(found);
  else
    *found = std::move(kept);
}

void drop_injected_token(Json& spec) {
  std::set<std::string> dropped;
  if (const auto volumes = spec.find("volumes"); volumes != spec.end())
    for (const Json& volume : *volumes)
      if (is_injected_token(volume)) dropped.insert(name_of(volume));
  if (dropped.empty()) return;
  const auto is_dropped = [&](const Json& one) { return dropped.contains(name_of(one)); };
  erase_if(spec, "volumes", is_dropped);
  for (const char* kind : {"containers", "initContainers"}) {
    if (!spec.contains(kind)) continue;
    for (Json& container : spec[kind])
      erase_if(container, "volumeMounts", is_dropped);
  }
}

bool is_this_pods_own(const std::string& annotation) {
  return annotation == kRestoreAnnotation || annotation == "k8s.v1.cni.cncf.io/network-status" ||
         annotation.starts_with("cni.projectcalico.org/") || annotation == "k8s.ovn.org/pod-networks";
}

}  // namespace

Json copied_spec(const Json& pod) {
  Json spec = pod.at("spec");
  for (const char* field : {"nodeName", "ephemeralContainers", "schedulingGates", "priority", "overhead"})
    spec.erase(field);
  drop_injected_token(spec);
  return spec;
}

Json copied_annotations(const Json& pod) {
  Json annotations = Json::object();
  const auto metadata = pod.find("metadata");
  if (metadata == pod.end()) return annotations;
  const auto all = metadata->find("annotations");
  if (all == metadata->end() || !all->is_object()) return annotations;
  for (const auto& [key, value] : all->items())
    if (!is_this_pods_own(key)) annotations[key] = value;
  return annotations;
}

}  // namespace migrate
