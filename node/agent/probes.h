// What is asked of the node's programs now and then and may take its time: CRIU whether the kernel has all it needs,
// the kubelet whether it would checkpoint.
#pragma once

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "node/agent/kubelet.h"
#include "shared/base/host.h"
#include "shared/base/process.h"
#include "shared/migration/node_facts.h"

namespace migrate::agent {

class Probes {
 public:
  struct Answers {
    std::optional<CriuCheck> criu;
    std::optional<KubeletCheckpoint> kubelet;
  };

  // All must outlive it.
  Probes(ProcessRunner& on_host, KubeletCheckpoints& kubelet, const Clock& clock)
      : on_host_(on_host), kubelet_(kubelet), clock_(clock) {}

  // Asks what is due: CRIU every five minutes, the kubelet every minute. From one thread.
  void ask(const std::stop_token& stop);
  // The last ones, from any thread, at once.
  [[nodiscard]] Answers answers() const;

 private:
  ProcessRunner& on_host_;
  KubeletCheckpoints& kubelet_;
  const Clock& clock_;
  std::optional<Instant> criu_asked_;
  std::optional<Instant> kubelet_asked_;
  mutable std::mutex mutex_;
  Answers answers_;
};

// Asks from a thread of its own, so that a program that hangs delays no heartbeat, until it is destroyed.
[[nodiscard]] std::jthread keep_asking(Probes& probes);

// Never asked, so long ago, or (a clock that was set back) after now.
[[nodiscard]] bool is_due(const std::optional<Instant>& asked, Instant now, Microseconds age);

// On one line of at most 1000 characters, all of them printable ASCII: what a program said, for an object's field.
[[nodiscard]] std::string field_text(const std::string& said);

}  // namespace migrate::agent
