// All that happens to the Pods of a namespace, and whose they are.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/e2e/object_events.h"

namespace harness {

struct PodEvent {  // as ObjectEvent
  std::string type;
  nlohmann::json pod;
  bool is_listed = false;
};

class PodEvents {
 public:
  PodEvents(const Cluster& cluster, const std::string& ns) : events_(cluster, ns, "/api/v1", "pods") {}

  // As of all objects.
  [[nodiscard]] std::vector<PodEvent> until_now() const;

 private:
  ObjectEvents events_;
};

// The owner with `controller: true`, as its reference; null without one.
[[nodiscard]] nlohmann::json controller_of(const nlohmann::json& pod);
[[nodiscard]] bool is_owned_by(const nlohmann::json& pod, const std::string& uid);  // whatever the reference says

}  // namespace harness
