// Events written to the API server, on a thread of their own: they are for people and must not delay a migration.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "extender/controller/world.h"

namespace migrate::controller {

// A v1 Event. `serial` keeps names apart.
[[nodiscard]] Json event_object(const Migration& migration, const std::string& kind, bool is_warning,
                                const std::string& reason, const std::string& message, Instant now,
                                std::uint64_t serial);

// For who looks at either: one of the Migration and one of the Pod.
void record_for_both(EventRecorder& events, const Migration& migration, bool is_warning, const std::string& reason,
                     const std::string& message);

class KubeEvents final : public EventRecorder {
 public:
  KubeEvents(kube::Client& client, const Clock& clock, Log& log);
  void record(const Migration& migration, const std::string& kind, bool is_warning, const std::string& reason,
              const std::string& message) override;

 private:
  void write_all(const std::stop_token& stop);
  kube::Client& client_;
  const Clock& clock_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Json> waiting_;
  std::uint64_t serial_ = 0;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace migrate::controller
