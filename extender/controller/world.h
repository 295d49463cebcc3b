// What the controller acts on, behind interfaces. All may be used from any thread and outlive the controller.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "extender/controller/json_path.h"
#include "extender/controller/leader.h"
#include "extender/controller/metrics.h"
#include "extender/controller/speed_book.h"
#include "extender/controller/ticker.h"
#include "shared/agent_api/agent_api.h"
#include "shared/base/host.h"
#include "shared/broker/broker.h"
#include "shared/kube/client.h"
#include "shared/log/log.h"
#include "shared/migration/migration.h"
#include "shared/migration/node_facts.h"

namespace migrate::controller {

// Node agents by their node's name.
class Agents {
 public:
  virtual ~Agents() = default;
  // What the node's agent says of it; absent: it never reported.
  [[nodiscard]] virtual Lookup<NodeFacts> facts(const std::string& node) = 0;
  // Where it reported last from. Connects at the first call.
  [[nodiscard]] virtual Result<std::shared_ptr<agent::AgentApi>> agent(const std::string& node) = 0;
};

class Brokers {
 public:
  virtual ~Brokers() = default;
  [[nodiscard]] virtual Result<std::shared_ptr<broker::Broker>> connect(const broker::BrokerAddress& address) = 0;
};

// Kubernetes Events for people; one that cannot be written is dropped.
class EventRecorder {
 public:
  virtual ~EventRecorder() = default;
  // `kind` is "Pod" or "Migration".
  virtual void record(const Migration& migration, const std::string& kind, bool is_warning, const std::string& reason,
                      const std::string& message) = 0;
};

struct Settings {
  // Schedulers that ask the extender: a Pod of another one is given ours.
  std::set<std::string> schedulers{"migrate-scheduler"};
  // The source's node must have renewed its Lease since, for a commit.
  std::chrono::seconds node_lease_limit{15};
};

struct World {
  kube::Client& client;  // guarded: no writes without the lead
  kube::Pacer& pacer;
  Ticker& ticker;
  const Clock& clock;
  Agents& agents;
  Brokers& brokers;
  EventRecorder& events;
  Metrics& metrics;
  Log& log;
  Leadership& leadership;
  SpeedBook& speeds;
  Settings settings;
};

}  // namespace migrate::controller
