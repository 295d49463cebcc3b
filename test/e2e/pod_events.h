// All that happens to the Pods of a namespace, and whom they belong to.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/e2e/object_events.h"

namespace harness {

struct PodEvent {
  std::string type;  // ADDED, MODIFIED, DELETED
  nlohmann::json pod;
  // A watch begins with what is there: this may be one of those, and older than it looks.
  bool is_listed = false;
};

class PodEvents {
 public:
  // Returns when it sees all Pods that are there. An API server that restarts is asked again.
  PodEvents(const Cluster& cluster, const std::string& ns) : events_(cluster, "/api/v1", ns, "pods") {}

  // Everything until now: waits until what it has seen is what there is.
  [[nodiscard]] std::vector<PodEvent> until_now() const;

 private:
  ObjectEvents events_;
};

// The owner with `controller: true`, as its reference; null without one.
[[nodiscard]] nlohmann::json controller_of(const nlohmann::json& pod);
[[nodiscard]] bool is_owned_by(const nlohmann::json& pod, const std::string& uid);  // whatever the reference says

}  // namespace harness
