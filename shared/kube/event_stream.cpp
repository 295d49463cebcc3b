#include "shared/kube/event_stream.h"

#include <nlohmann/json.hpp>

namespace migrate::kube {
namespace {

constexpr std::size_t kLargestEvent = 64U << 20;  // etcd's limit for an object is a few megabytes

}  // namespace

bool EventStream::feed(std::string_view piece) {
  if (finished_) return false;
  pending_.append(piece);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = pending_.find('\n', std::max(begin, searched_))) != std::string::npos;
       begin = end + 1) {
    if (!take(std::string_view(pending_).substr(begin, end - begin))) {
      finished_ = true;
      return false;
    }
  }
  pending_.erase(0, begin);
  searched_ = pending_.size();
  if (pending_.size() <= kLargestEvent) return true;
  error_ = local_error("watch: an event larger than 64 MiB", ApiError::Kind::malformed);
  finished_ = true;
  return false;
}

bool EventStream::take(std::string_view line) {
  if (line.find_first_not_of("\r ") == std::string_view::npos) return true;
  auto event = parse_json(std::string(line), "watch");
  if (!event) {
    error_ = event.error();
    return false;
  }
  // A server that refuses late sends its Status bare.
  if (event->value("kind", Json{}) == "Status") {
    error_ = error_of_status(*event, 500);
    return false;
  }
  const auto type = event->find("type");
  const auto object = event->find("object");
  if (type == event->end() || !type->is_string() || object == event->end() || !object->is_object()) {
    error_ = local_error("watch: an event without type or object: " + printable(line.substr(0, 120)),
                         ApiError::Kind::malformed);
    return false;
  }
  if (*type == "ERROR") {
    error_ = error_of_status(*object, 500);
    return false;
  }
  return sink_(type->get_ref<const std::string&>(), *object);
}

}  // namespace migrate::kube
