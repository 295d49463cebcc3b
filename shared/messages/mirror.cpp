#include "shared/messages/mirror.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

namespace migrate::messages {
namespace {

constexpr const char* kStop = "use --strategy stop";

class Rows {
 public:
  explicit Rows(const broker::QueueFacts& queue) : queue_(queue) {}

  void kind() {
    if (queue_.type == "stream")
      add("Stream", "is a stream, which keeps what was handled: it cannot be replayed from a mirror to its end", kStop);
    else if (queue_.type != "classic" && queue_.type != "quorum")
      add("QueueType", fmt::format("is of type {}; only classic and quorum queues can be mirrored", queue_.type),
          kStop);
    // Their consumers' connections are closed by every strategy.
    if (queue_.exclusive)
      add("Exclusive", "is exclusive: it vanishes, with all that waits in it, when the source's connection is closed",
          "declare it durable and not exclusive");
    if (queue_.auto_delete)
      add("AutoDelete",
          "is deleted automatically: it vanishes, with all that waits in it, when the source's consumer is gone",
          "declare it without auto-delete");
  }

  void feed() {
    if (queue_.bindings.empty())
      add("DefaultExchange",
          "has no binding: it is fed through the default exchange, by its name, and nothing else can be bound there to "
          "get the same messages",
          fmt::format("{}, or publish to an exchange that the queue is bound to", kStop));
  }

  void order() {
    if (queue_.has_priorities)
      add("Priorities",
          "has priorities: messages overtake each other, so that nobody can tell which ones the source has not handled",
          kStop);
    if (queue_.has_ttl)
      add("Ttl", "has a time limit (TTL or expiry): what expires in one of both queues would still stand in the other",
          kStop);
    if (queue_.has_length_limit)
      add("LengthLimit", "has a length limit: what it drops or refuses would still stand in its mirror", kStop);
  }

  void consumers() {
    const std::size_t count = queue_.consumers.size();
    if (count == 0)
      add("NoConsumer", "has no consumer, so the Pod does not read it",
          "name the Pod's own queue (--queue or annotation kubectl-migrate.dev/queue), or wait until it consumes");
    if (count > 1 && queue_.is_single_active)
      add("SingleActiveConsumer",
          fmt::format("has {} consumers and a single active one: another would take over as soon as the source is "
                      "frozen",
                      count),
          fmt::format("end the others, or {}", kStop));
    else if (count > 1)
      add("SeveralConsumers",
          fmt::format("has {} consumers: its mirror would repeat to the target what others handle", count),
          fmt::format("give each Pod a queue of its own, or {}", kStop));
    for (const broker::Consumer& one : queue_.consumers)
      if (one.prefetch == 0) return unlimited(one);
  }

  std::vector<Refusal> take() { return std::move(found_); }

 private:
  void unlimited(const broker::Consumer& one) {
    add("UnlimitedPrefetch",
        fmt::format("has a consumer ({}) without a limit of its own to what it takes in advance (prefetch), so that "
                    "nobody can tell when all that waits is in the mirror",
                    one.tag),
        fmt::format("set basic.qos in the application (prefetch of 1 or more, global off), or {}", kStop));
  }
  void add(const char* reason, const std::string& why, const std::string& way_out) {
    found_.push_back({reason, fmt::format("queue {} {}; {}", queue_.name, why, way_out)});
  }

  const broker::QueueFacts& queue_;
  std::vector<Refusal> found_;
};

// In one pass: what was put in is not looked at again.
std::string expanded(std::string_view text, const std::string& pod, const std::string& hostname) {
  constexpr std::string_view kPod = "{pod}";
  constexpr std::string_view kHostname = "{hostname}";
  std::string made;
  while (!text.empty()) {
    if (text.starts_with(kPod)) {
      made += pod;
      text.remove_prefix(kPod.size());
    } else if (text.starts_with(kHostname)) {
      made += hostname;
      text.remove_prefix(kHostname.size());
    } else {
      made += text.front();
      text.remove_prefix(1);
    }
  }
  return made;
}

}  // namespace

std::string mirror_name(const std::string& migration_uid) {
  return "ms2m.replay." + migration_uid;
}

std::string control_queue_name(const std::string& annotation, const std::string& pod, const std::string& hostname) {
  return annotation.empty() ? "ms2m.control." + hostname : expanded(annotation, pod, hostname);
}

std::string start_replay(const std::string& queue) {
  using Json = nlohmann::ordered_json;
  Json message;
  message["type"] = "START_REPLAY";
  message["payload"]["queue"] = queue;
  return message.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string end_replay() {
  return R"({"type":"END_REPLAY"})";
}

std::vector<Refusal> mirror_refusals(const broker::QueueFacts& primary) {
  Rows rows{primary};
  rows.kind();
  rows.feed();
  rows.order();
  rows.consumers();
  return rows.take();
}

std::vector<Refusal> mirror_troubles(const broker::QueueFacts& mirror) {
  std::vector<Refusal> found;
  const auto add = [&](const char* reason, const char* what) {
    found.push_back({reason, fmt::format("a policy of the broker gives the mirror {} {}, which could drop messages "
                                         "before they are replayed; exempt ms2m.* from that policy, or {}",
                                         mirror.name, what, kStop)});
  };
  if (mirror.has_ttl) add("MirrorTtl", "a time limit (TTL or expiry)");
  if (mirror.has_length_limit) add("MirrorLengthLimit", "a length limit");
  return found;
}

std::uint64_t may_hold(const broker::QueueFacts& primary) {
  std::uint64_t sum = 0;
  for (const broker::Consumer& one : primary.consumers)
    sum += one.prefetch;
  return sum;
}

}  // namespace migrate::messages
