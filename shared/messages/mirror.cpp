#include "shared/messages/mirror.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <regex>
#include <string_view>
#include <utility>

namespace migrate::messages {
namespace {

constexpr const char* kStop = "use --strategy stop";

// Those of the protocol, and plugins' that route by key, headers or a selector to each queue by itself. Not among them:
// what splits (x-consistent-hash, x-modulus-hash, x-random, x-local-random), and what gives a newly bound queue
// messages from before (x-recent-history, x-lvc), which the copy has handled already.
bool copies(const std::string& type) {
  constexpr std::array<std::string_view, 6> kTypes{"direct", "fanout", "topic", "headers", "x-jms-topic", "x-rtopic"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

// One that delays decides where a message goes when it is due: then both queues are bound, or none is any more.
bool copies(const broker::Exchange& exchange) {
  return exchange.type == "x-delayed-message" ? copies(exchange.routes_as) : copies(exchange.type);
}

// Whether a pattern means the same to the broker (PCRE) and to us (ECMAScript), and is looked for in no time.
bool is_understood(const std::string& pattern) {
  constexpr std::string_view kPlain = "^$.*+?|()[]-_:/ ,#@~=";
  constexpr std::size_t kLongest = 200;
  if (pattern.size() > kLongest) return false;
  // Modes and assertions; repeated groups.
  for (const char* part : {"(?", "(*", ")*", ")+", "){", "[["})
    if (pattern.find(part) != std::string::npos) return false;
  bool is_escaped = false;
  for (const char one : pattern) {
    const bool is_word = (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9');
    const bool is_known = is_escaped ? !is_word || one == 'd' || one == 'w' || one == 's'
                                     : is_word || one == '\\' || kPlain.find(one) != std::string_view::npos;
    if (!is_known) return false;
    is_escaped = !is_escaped && one == '\\';
  }
  return !is_escaped;
}

// Nothing: nobody can tell here.
std::optional<bool> matches(const std::string& pattern, const std::string& name) {
  if (!is_understood(pattern)) return std::nullopt;
  try {
    return std::regex_search(name, std::regex{pattern});
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

Refusal limited_by(const broker::Policy& policy, const std::string& mirror) {
  return {policy.has_ttl ? "MirrorTtl" : "MirrorLengthLimit",
          fmt::format("{} {} of the broker (pattern {}) would give the mirror {} {}, which could drop messages before "
                      "they are replayed; change its pattern so that ms2m.* is exempt, or {}",
                      policy.is_operators ? "operator policy" : "policy", policy.name, policy.pattern, mirror,
                      policy.has_ttl ? "a time limit (TTL or expiry)" : "a length limit", kStop)};
}

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

  void exchanges() {
    for (const broker::Exchange& one : queue_.exchanges)
      if (!copies(one))
        add("ExchangeType",
            fmt::format("is bound to exchange {} of type {}{}, which is not known to give every queue that is bound "
                        "alike the same messages: its mirror might get others",
                        one.name, one.type, one.routes_as.empty() ? "" : " (" + one.routes_as + ")"),
            fmt::format("{}, or put a fanout exchange between that exchange and the queue", kStop));
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

  void returns() {
    if (auto refused = delivery_refusal(queue_)) found_.push_back(std::move(*refused));
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
    if (auto refused = auto_ack_refusal(queue_.name, queue_.consumers)) return found_.push_back(std::move(*refused));
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

// Each {word} of `values` by its value, in one pass: what was put in is not looked at again.
using Values = std::array<std::pair<std::string_view, std::string>, 2>;
std::string expanded(std::string_view text, const Values& values) {
  std::string made;
  while (!text.empty()) {
    const auto* const found =
        std::find_if(values.begin(), values.end(), [&](const auto& value) { return text.starts_with(value.first); });
    if (found == values.end()) {
      made += text.front();
      text.remove_prefix(1);
    } else {
      made += found->second;
      text.remove_prefix(found->first.size());
    }
  }
  return made;
}

// Of a StatefulSet's Pod; empty: it has none.
std::string ordinal_of(const std::string& pod) {
  const std::size_t last = pod.find_last_not_of("0123456789");
  return last == std::string::npos || last + 1 == pod.size() ? "" : pod.substr(last + 1);
}

}  // namespace

std::string mirror_name(const std::string& migration_uid) {
  return std::string{kMirrorPrefix} + migration_uid;
}

std::string control_queue_name(const std::string& annotation, const std::string& pod, const std::string& hostname) {
  return annotation.empty() ? std::string{kControlQueuePrefix} + hostname
                            : expanded(annotation, {{{"{pod}", pod}, {"{hostname}", hostname}}});
}

std::string queue_name(const std::string& text, const std::string& pod) {
  return expanded(text, {{{"{pod}", pod}, {"{ordinal}", ordinal_of(pod)}}});
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
  rows.exchanges();
  rows.order();
  rows.returns();
  rows.consumers();
  return rows.take();
}

std::optional<Refusal> delivery_refusal(const broker::QueueFacts& primary) {
  if (primary.delivery_limit != std::uint64_t{0}) return std::nullopt;
  return Refusal{"DeliveryLimit",
                 fmt::format("queue {} has a delivery limit of 0: what the source has not acknowledged when its "
                             "connections are closed would be dropped or dead-lettered instead of given back; raise "
                             "the limit (policy delivery-limit, argument x-delivery-limit) to 3 or more",
                             primary.name)};
}

std::string delivery_warning(const broker::QueueFacts& primary) {
  // A move gives back once, the way into the name once more.
  constexpr std::uint64_t kFew = 2;
  if (!primary.delivery_limit || *primary.delivery_limit > kFew) return "";
  return fmt::format(
      "queue {} has a delivery limit of {}: a message that the source has not acknowledged is given back once, with a "
      "second hop into the name twice, and one that this makes too many is dropped or dead-lettered; raise the limit "
      "to "
      "3 or more",
      primary.name, *primary.delivery_limit);
}

std::optional<Refusal> auto_ack_refusal(const std::string& queue, const std::vector<broker::Consumer>& consumers) {
  const auto found =
      std::find_if(consumers.begin(), consumers.end(), [](const broker::Consumer& one) { return !one.acknowledges; });
  if (found == consumers.end()) return std::nullopt;
  return Refusal{"AutoAck",
                 fmt::format("queue {} has a consumer ({}) that does not acknowledge: what the broker has sent to it "
                             "counts as handled, and what it has not read yet is lost with its connection, which every "
                             "strategy closes; acknowledge by hand in the application (auto_ack, no_ack off), with a "
                             "limited prefetch",
                             queue, found->tag)};
}

std::string feed_warning(const broker::QueueFacts& primary) {
  if (!primary.is_fed_by_name) return "";
  return fmt::format(
      "queue {} is published to by its name as well (through the default exchange): these messages come into it alone "
      "and not into its mirror, so what the source handles of them while it is copied is missing in the target; "
      "publish them "
      "to an exchange that the queue is bound to, or {}",
      primary.name, kStop);
}

std::optional<std::vector<Refusal>> policy_refusals(const std::vector<broker::Policy>& policies,
                                                    const std::string& mirror) {
  std::vector<Refusal> found;
  for (const bool of_operators : {false, true}) {
    std::vector<const broker::Policy*> holding;  // those of the highest priority: which of them holds is the broker's
    for (const broker::Policy& one : policies) {
      if (one.is_operators != of_operators) continue;
      const auto matched = matches(one.pattern, mirror);
      if (!matched) return std::nullopt;
      if (!*matched) continue;
      if (!holding.empty() && one.priority < holding.front()->priority) continue;
      if (!holding.empty() && one.priority > holding.front()->priority) holding.clear();
      holding.push_back(&one);
    }
    for (const broker::Policy* one : holding)
      if (one->has_ttl || one->has_length_limit) found.push_back(limited_by(*one, mirror));
  }
  return found;
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
