// All that happens to a namespace's objects of one kind, as the API server tells whoever watches them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/harness/background.h"
#include "test/harness/cluster.h"
#include "test/temporary_folder.h"

namespace harness {

struct ObjectEvent {
  std::string type;  // ADDED, MODIFIED, DELETED
  nlohmann::json object;
  // A watch begins with what is there: this may be one of those, and older than it looks.
  bool is_listed = false;
};

class ObjectEvents {
 public:
  // `api`: "/api/v1"; `plural`: "pods". Returns when it sees all that are there. An API server that restarts is asked
  // again.
  ObjectEvents(const Cluster& cluster, const std::string& ns, const std::string& api, std::string plural);

  // Everything until now: waits until what it has seen is what there is.
  [[nodiscard]] std::vector<ObjectEvent> until_now() const;

 private:
  void await_all() const;
  [[nodiscard]] std::vector<ObjectEvent> seen() const;
  [[nodiscard]] bool is_up_to_date() const;

  const Cluster& cluster_;
  std::string ns_;
  std::string plural_;
  migrate::test::TemporaryFolder folder_;
  Background watch_;
};

[[nodiscard]] std::string name_of(const nlohmann::json& object);
[[nodiscard]] std::string uid_of(const nlohmann::json& object);

}  // namespace harness
