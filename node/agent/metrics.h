// What the agent counts, for /metrics. From any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "shared/base/units.h"

namespace migrate::agent {

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // migrate_agent_order_seconds{order,outcome}: "done", or the error's kind.
  void order(const std::string& order, const std::string& outcome, std::chrono::microseconds took);
  // migrate_agent_archive_bytes_total{direction}: "out", "in".
  void archive_bytes(const std::string& direction, Bytes bytes);
  // migrate_agent_certificate_expiry_seconds, since 1970.
  void certificate_expires(Instant at);
  // migrate_agent_archives_free_bytes: room on the disk where archives are kept.
  void archives_have_free(Bytes bytes);

  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace migrate::agent
