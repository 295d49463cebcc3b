// A watch's body taken apart: one JSON object a line, in pieces of any size. Source: "Kubernetes API Concepts",
// efficient detection of changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/kube/client.h"

namespace migrate::kube {

class EventStream {
 public:
  explicit EventStream(const EventSink& sink) : sink_(sink) {}

  // False: no more is wanted, because the sink has enough or an event could not be understood.
  [[nodiscard]] bool feed(std::string_view piece);
  [[nodiscard]] bool is_between_events() const { return pending_.find_first_not_of("\r\n ") == std::string::npos; }
  [[nodiscard]] bool is_finished() const { return finished_; }
  // Of a line that is no event, an ERROR event (its Status), or an event beyond 64 MiB.
  [[nodiscard]] const std::optional<ApiError>& error() const { return error_; }

 private:
  bool take(std::string_view line);
  const EventSink& sink_;
  std::string pending_;
  std::size_t searched_ = 0;  // of pending_, holds no line end
  bool finished_ = false;
  std::optional<ApiError> error_;
};

}  // namespace migrate::kube
