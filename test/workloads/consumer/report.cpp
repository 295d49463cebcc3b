#include "test/workloads/consumer/report.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>

namespace orders {

std::string state_json(const ConsumerStatus& status, const std::string& pod, std::int64_t at, migrate::Bytes memory,
                       std::optional<bool> memory_intact) {
  nlohmann::json block{{"bytes", memory.count}};
  if (memory_intact) block["intact"] = *memory_intact;
  return nlohmann::json{
      {"pod", pod},
      {"at", at},
      {"count", status.state.count},
      {"sum", status.state.sum},
      {"digest", status.state.digest},
      {"lastSequence", status.state.last_sequence},
      {"gaps", status.state.gaps},
      {"reordered", status.state.reordered},
      {"duplicates", status.duplicates},
      {"unpublished", status.unpublished},
      {"queue", status.queue},
      {"replaying", status.replaying},
      {"connected", status.connected},
      {"connects", status.connects},
      {"memory", block},
  }
      .dump();
}

std::string metrics_text(const ConsumerStatus& status) {
  // Made anew for each scrape from one consistent status, so that no counter is ahead of another.
  prometheus::Registry registry;
  const auto counter = [&](const char* name, const char* help, double value) {
    prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({}).Increment(value);
  };
  const auto gauge = [&](const char* name, const char* help, double value) {
    prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({}).Set(value);
  };
  counter("orders_effective_total", "Messages that changed the state", static_cast<double>(status.state.count));
  counter("orders_duplicates_total", "Messages that had been applied before", static_cast<double>(status.duplicates));
  counter("orders_gaps_total", "Sequence numbers jumped over", static_cast<double>(status.state.gaps));
  counter("orders_reordered_total", "Messages that came after a later one of their producer",
          static_cast<double>(status.state.reordered));
  counter("orders_connects_total", "Connections made to the broker", static_cast<double>(status.connects));
  gauge("orders_unpublished", "Results remembered and not published yet", static_cast<double>(status.unpublished));
  gauge("orders_replaying", "1 while a replay queue is read", status.replaying ? 1 : 0);
  gauge("orders_connected", "1 while connected to the broker", status.connected ? 1 : 0);
  return prometheus::TextSerializer{}.Serialize(registry.Collect());
}

}  // namespace orders
