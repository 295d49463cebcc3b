// What must be the same of a StatefulSet before and after one of its Pods has moved, and what may have happened to the
// Pods of its namespace meanwhile.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/e2e/pod_events.h"
#include "test/e2e/scene.h"

namespace harness {

// A Pod in the watched namespace from which names are looked up.
inline constexpr const char* kClient = "client";

// Whoever scales a set, a person or an autoscaler, goes by what it wants and by how many it has. `before`: the set;
// a line for each thing that the events of it do not owe to one Pod's having been lent; empty: none.
[[nodiscard]] std::string incidents_of_set(const nlohmann::json& before, const std::vector<ObjectEvent>& events);

class SetWatch {
 public:
  // Begins to watch. `moved`: the name of the Pod that is about to move. The set's headless Service has the set's name.
  SetWatch(const Stage& stage, std::string set, std::string moved);

  // Waits until everything is as it was, for as long as a controller may take. A line for each thing that is not, or
  // that has happened to somebody who had no part in it; empty: none.
  [[nodiscard]] std::string trouble() const;
  // What has happened so far to somebody who had no part in it, and what was made that should not have been; likewise.
  [[nodiscard]] std::string incidents() const;

 private:
  [[nodiscard]] std::string changes() const;
  [[nodiscard]] std::string changes_of_moved(const nlohmann::json& now) const;
  [[nodiscard]] std::string wrong_addresses(const nlohmann::json& now) const;
  [[nodiscard]] nlohmann::json pods() const;
  [[nodiscard]] nlohmann::json set() const;

  const Stage& stage_;
  std::string name_;
  std::string moved_;
  nlohmann::json set_before_;
  nlohmann::json pods_before_;
  PodEvents events_;
  ObjectEvents set_events_;
};

}  // namespace harness
