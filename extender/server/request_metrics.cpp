#include "extender/server/request_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace migrate::extender {

struct RequestMetrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& answers = prometheus::BuildCounter()
                                                         .Name("kubectl_migrate_extender_requests_total")
                                                         .Help("Requests answered, by path and HTTP status")
                                                         .Register(registry);
  prometheus::Family<prometheus::Histogram>& durations = prometheus::BuildHistogram()
                                                             .Name("kubectl_migrate_extender_request_seconds")
                                                             .Help("Time from a request's last byte to its answer")
                                                             .Register(registry);
  prometheus::Family<prometheus::Histogram>& answering =
      prometheus::BuildHistogram()
          .Name("kubectl_migrate_extender_answer_seconds")
          .Help("What the scheduler waits for: from its question's last byte until the answer can be written")
          .Register(registry);
  prometheus::Counter& unanswered = prometheus::BuildCounter()
                                        .Name("kubectl_migrate_extender_filter_errors_total")
                                        .Help("Questions for nodes whose answer was an error: the scheduler asks again")
                                        .Register(registry)
                                        .Add({});
  prometheus::Histogram& filter = of_verb("filter");
  prometheus::Histogram& prioritize = of_verb("prioritize");

  prometheus::Histogram& of_verb(const char* verb) {
    return answering.Add({{"verb", verb}},
                         prometheus::Histogram::BucketBoundaries{0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015,
                                                                 0.002, 0.003, 0.005, 0.01, 0.02, 0.05});
  }
};

RequestMetrics::RequestMetrics() : impl_(std::make_unique<Impl>()) {}

RequestMetrics::~RequestMetrics() = default;

void RequestMetrics::answered(const std::string& path, unsigned status, std::chrono::duration<double> took) {
  impl_->answers.Add({{"path", path}, {"code", std::to_string(status)}}).Increment();
  impl_->durations
      .Add({{"path", path}},
           prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5})
      .Observe(took.count());
  if (path == "/filter") impl_->filter.Observe(took.count());
  if (path == "/prioritize") impl_->prioritize.Observe(took.count());
}

void RequestMetrics::not_filtered() {
  impl_->unanswered.Increment();
}

std::string RequestMetrics::text() const {
  return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace migrate::extender
