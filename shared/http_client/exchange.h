// One request under way: what the connection's thread has received so far, and the caller who waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "shared/http_client/http_client.h"

namespace migrate::http {

// What the library said when it failed.
struct Breakage {
  std::string what;
  long code = 0;  // an errno, or an OpenSSL error code
  bool head_received = false;
};

class Exchange {
 public:
  // On the connection's thread:
  void receive_head(HttpResponse head);
  // False: the buffer is full, do not go on before `resume` was called (on any thread).
  [[nodiscard]] bool receive(std::string_view piece, std::function<void()> resume);
  void finish();
  void fail(std::string what, long code);

  // On the caller's thread:
  enum class Next { head, data, end, failed, timed_out, stopped };
  // Waits for the next thing to tell: the head once, then data until its end. `data` is replaced.
  [[nodiscard]] Next next(std::chrono::steady_clock::time_point until, const std::stop_token& stop, HttpResponse& head,
                          std::string& data);
  // Nobody waits any more: what still comes is dropped.
  void abandon();
  [[nodiscard]] Breakage breakage() const;

 private:
  static constexpr std::size_t kReadAhead = 1U << 20;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<HttpResponse> head_;
  bool head_received_ = false;
  std::string data_;
  std::function<void()> resume_;
  bool ended_ = false;
  std::optional<Breakage> breakage_;
  bool abandoned_ = false;
};

}  // namespace migrate::http
