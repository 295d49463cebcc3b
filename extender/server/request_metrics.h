// What is counted of the extender's own HTTPS server, in Prometheus' text format.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace migrate::extender {

// May be used from any thread.
class RequestMetrics {
 public:
  RequestMetrics();
  ~RequestMetrics();
  RequestMetrics(const RequestMetrics&) = delete;
  RequestMetrics& operator=(const RequestMetrics&) = delete;

  void answered(const std::string& path, unsigned status, std::chrono::duration<double> took);
  // The scheduler asked for nodes and was told why there is no answer, which goes out as HTTP 200.
  void not_filtered();
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace migrate::extender
