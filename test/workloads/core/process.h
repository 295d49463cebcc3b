// The process around a workload: its clock, its host, its output, the signals that end it.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>

namespace orders {

[[nodiscard]] std::int64_t now_microseconds();  // since 1970

// Read anew each time: a restored process runs in another Pod than the one its environment names.
[[nodiscard]] std::string host_name();

// One write(2) a line, so that no checkpoint and no kill falls into the middle of one. False when it cannot be
// written; errno says why.
bool write_line(std::string line, int descriptor);

// Asks to stop at SIGTERM or SIGINT. They are blocked and waited for by a thread of their own, because hardly anything
// may be called in a signal handler, and request_stop() is not among it. Make it before any other thread: they inherit
// the blocked signals.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::thread waiting_;
};

}  // namespace orders
