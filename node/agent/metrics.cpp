#include "node/agent/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace migrate::agent {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                       1,     2.5,  5,     10,   30,  120};

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& orders = prometheus::BuildHistogram()
                                                          .Name("migrate_agent_order_seconds")
                                                          .Help("Orders carried out, by outcome")
                                                          .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes = prometheus::BuildCounter()
                                                       .Name("migrate_agent_archive_bytes_total")
                                                       .Help("Bytes of archives sent (out) and fetched (in)")
                                                       .Register(registry);
  prometheus::Gauge& expiry = prometheus::BuildGauge()
                                  .Name("migrate_agent_certificate_expiry_seconds")
                                  .Help("When the agent's certificate expires, since 1970")
                                  .Register(registry)
                                  .Add({});
  prometheus::Gauge& free = prometheus::BuildGauge()
                                .Name("migrate_agent_archives_free_bytes")
                                .Help("Room on the disk where archives are kept")
                                .Register(registry)
                                .Add({});
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::order(const std::string& order, const std::string& outcome, std::chrono::microseconds took) {
  impl_->orders.Add({{"order", order}, {"outcome", outcome}}, kSeconds)
      .Observe(std::chrono::duration<double>(took).count());
}

void Metrics::archive_bytes(const std::string& direction, Bytes bytes) {
  impl_->bytes.Add({{"direction", direction}}).Increment(static_cast<double>(bytes.count));
}

void Metrics::certificate_expires(Instant at) {
  impl_->expiry.Set(std::chrono::duration<double>(at.time_since_epoch()).count());
}

void Metrics::archives_have_free(Bytes bytes) {
  impl_->free.Set(static_cast<double>(bytes.count));
}

std::string Metrics::text() const {
  return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace migrate::agent
