// Stops a migration at the door of a phase, so that what is done to it then does not depend on who is faster: the
// controller's write "the phase begins" is held in the API server, by an admission webhook that does not answer. Or at
// the door of a ReplicaSet: its write "the target is yours".
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "test/harness/background.h"
#include "test/harness/cluster.h"
#include "test/temporary_folder.h"

namespace harness {

class PhaseGate {
 public:
  // The API server waits 10 s for the webhook's TLS, and whoever writes no longer for the API server.
  enum class Holds {
    for_a_while,   // then the write goes through, or at once when the gate is opened
    until_opened,  // it is refused, and the controller writes again: what is written here while the gate stands, by
                   // whoever is killed in the middle of it too, is never recorded
  };
  // `phase` as in status.phase, of that Migration, or empty: of any. Returns when the API server asks the webhook. One
  // gate at a time.
  PhaseGate(const Cluster& cluster, const std::string& ns, const std::string& phase, const std::string& migration = "",
            Holds holds = Holds::for_a_while);
  // Holds the adoption of a target by its ReplicaSet until it is opened: the source is cheap by then and there still.
  [[nodiscard]] static PhaseGate at_adoption(const Cluster& cluster, const std::string& ns);
  ~PhaseGate();
  PhaseGate(const PhaseGate&) = delete;
  PhaseGate& operator=(const PhaseGate&) = delete;

  [[nodiscard]] bool is_reached() const;
  // Lets the held write through (or its repetition), and all later ones.
  void open();

 private:
  // A write, as a webhook's rule and as a condition in CEL.
  struct Write {
    nlohmann::json rule;
    std::string condition;
  };
  PhaseGate(const Cluster& cluster, const std::string& ns, const Write& write, Holds holds);
  [[nodiscard]] static Write begin_of(const std::string& phase, const std::string& migration);
  void remove() const;
  const Cluster& cluster_;
  migrate::test::TemporaryFolder folder_;
  std::optional<Background> listener_;
};

}  // namespace harness
