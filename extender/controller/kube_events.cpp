#include "extender/controller/kube_events.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/base/text.h"
#include "shared/base/time.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

constexpr std::size_t kMostWaiting = 256;      // more: the API server does not keep up, and they are dropped
constexpr std::size_t kLongestMessage = 1024;  // the API server's limit

}  // namespace

Json event_object(const Migration& migration, const std::string& kind, bool is_warning, const std::string& reason,
                  const std::string& message, Instant now, std::uint64_t serial) {
  const bool of_pod = kind == "Pod";
  // Of the Pod that the migration is about: the target once it runs, else the source.
  const bool moved = migration.status.phase == Phase::succeeded;
  const std::string pod = moved ? migration.status.target.pod : migration.spec.pod;
  const std::string uid = moved ? migration.status.target.uid : migration.spec.pod_uid;
  const std::string name = of_pod ? pod : migration.name;
  const auto micros = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return {{"apiVersion", "v1"},
          {"kind", "Event"},
          {"metadata",
           {{"namespace", migration.namespace_},
            {"name", fmt::format("{}.{:x}", name.substr(0, 200), micros * 1000 + serial % 1000)}}},
          {"involvedObject",
           {{"apiVersion", of_pod ? "v1" : kApiVersion},
            {"kind", kind},
            {"namespace", migration.namespace_},
            {"name", name},
            {"uid", of_pod ? uid : migration.uid}}},
          {"type", is_warning ? "Warning" : "Normal"},
          {"reason", reason},
          {"message", shortened(message, kLongestMessage)},
          {"source", {{"component", "kubectl-migrate"}}},
          {"reportingComponent", "kubectl-migrate"},
          {"firstTimestamp", to_rfc3339(now)},
          {"lastTimestamp", to_rfc3339(now)},
          {"count", 1}};
}

void record_for_both(EventRecorder& events, const Migration& migration, bool is_warning, const std::string& reason,
                     const std::string& message) {
  for (const char* kind : {"Migration", "Pod"})
    events.record(migration, kind, is_warning, reason, message);
}

KubeEvents::KubeEvents(kube::Client& client, const Clock& clock, Log& log)
    : client_(client), clock_(clock), log_(log), thread_([this](const std::stop_token& stop) { write_all(stop); }) {}

void KubeEvents::record(const Migration& migration, const std::string& kind, bool is_warning, const std::string& reason,
                        const std::string& message) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() >= kMostWaiting) return;
    waiting_.push_back(event_object(migration, kind, is_warning, reason, message, clock_.now(), serial_++));
  }
  wake_.notify_one();
}

void KubeEvents::write_all(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (wake_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
    const Json event = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    auto written = client_.create(kube::core("events", text_at(event, {"metadata", "namespace"})), event, {},
                                  {std::chrono::seconds{10}, stop});
    if (!written) log_.warn("cannot write an Event", {{"error", written.error().text()}});
    lock.lock();
  }
}

}  // namespace migrate::controller
