#include "test/e2e/pod_events.h"

#include <algorithm>

namespace harness {

using Json = nlohmann::json;

Json controller_of(const Json& pod) {
  const Json owners = pod.at("metadata").value("ownerReferences", Json::array());
  for (const Json& owner : owners)
    if (owner.value("controller", false)) return owner;
  return nullptr;
}

bool is_owned_by(const Json& pod, const std::string& uid) {
  const Json owners = pod.at("metadata").value("ownerReferences", Json::array());
  return std::any_of(owners.begin(), owners.end(), [&](const Json& owner) { return owner.at("uid") == uid; });
}

std::vector<PodEvent> PodEvents::until_now() const {
  std::vector<PodEvent> events;
  for (ObjectEvent& one : events_.until_now())
    events.push_back({std::move(one.type), std::move(one.object), one.is_listed});
  return events;
}

}  // namespace harness
