// The migration controller: one of several replicas leads, watches the Migrations of all namespaces and drives each on
// a thread of its own. What it does can be taken over by another replica at any point.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "extender/controller/world.h"

namespace migrate::controller {

struct ControllerOptions {
  kube::Client& client;
  kube::Pacer& pacer;
  const Clock& clock;
  Agents& agents;
  Brokers& brokers;
  EventRecorder& events;
  Metrics& metrics;
  Log& log;
  std::string identity;  // this process's alone: "POD_random"
  Settings settings;
  unsigned workers = 16;  // migrations at work at the same time
};

// All that the options refer to outlives it.
class Controller {
 public:
  explicit Controller(const ControllerOptions& options);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // Until `stop`; then the lead is given up and every migration left as it is, for the next leader.
  void run(const std::stop_token& stop);
  // From any thread.
  [[nodiscard]] bool is_leader() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace migrate::controller
