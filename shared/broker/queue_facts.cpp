#include "shared/broker/queue_facts.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

namespace migrate::broker {
namespace {

using Json = nlohmann::json;

const Json& part_of(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string text_of(const Json& object, const char* key) {
  const Json& part = part_of(object, key);
  return part.is_string() ? part.get<std::string>() : "";
}

bool is_true(const Json& object, const char* key) {
  return part_of(object, key) == true;
}

std::optional<std::uint64_t> count_of(const Json& object, const char* key) {
  const Json& part = part_of(object, key);
  if (!part.is_number_unsigned()) return std::nullopt;
  return part.get<std::uint64_t>();
}

std::optional<double> rate_of(const Json& queue, const char* details) {
  const Json& rate = part_of(part_of(part_of(queue, "message_stats"), details), "rate");
  if (!rate.is_number()) return std::nullopt;
  return rate.get<double>();
}

// By the time, in ms since 1970, of the broker's grid to which they were rounded up.
std::map<std::int64_t, std::int64_t> samples_in(const Json& details) {
  std::map<std::int64_t, std::int64_t> samples;
  for (const Json& one : part_of(details, "samples")) {
    const Json& at = part_of(one, "timestamp");
    const Json& count = part_of(one, "sample");
    if (at.is_number_integer() && count.is_number_integer())
      samples[at.get<std::int64_t>()] = count.get<std::int64_t>();
  }
  return samples;
}

// Through the default exchange, whose name is empty, beside its bindings.
bool is_fed_by_name(const Json& queue) {
  const Json& incoming = part_of(queue, "incoming");
  return incoming.is_array() && std::any_of(incoming.begin(), incoming.end(), [](const Json& one) {
           const Json& name = part_of(part_of(one, "exchange"), "name");
           return name.is_string() && name.get_ref<const std::string&>().empty();
         });
}

// Of an argument and a policy the less holds; what is below 0 is no limit.
std::optional<std::uint64_t> delivery_limit_in(const Json& arguments, const Json& policy) {
  std::optional<std::uint64_t> least;
  for (const Json* set : {&part_of(arguments, "x-delivery-limit"), &part_of(policy, "delivery-limit")}) {
    if (!set->is_number_integer() || set->get<std::int64_t>() < 0) continue;
    const auto limit = set->get<std::uint64_t>();
    least = std::min(least.value_or(limit), limit);
  }
  return least;
}

}  // namespace

Consumer consumer_of(const Json& listed) {
  const Json& channel = part_of(listed, "channel_details");
  const std::uint64_t prefetch = count_of(listed, "prefetch_count").value_or(0);
  return {text_of(listed, "consumer_tag"),
          text_of(channel, "connection_name"),
          text_of(channel, "peer_host"),
          prefetch > std::numeric_limits<std::uint32_t>::max() ? 0U : static_cast<std::uint32_t>(prefetch),
          part_of(listed, "ack_required") != false,
          text_of(channel, "user")};
}

User user_of(const Json& whoami) {
  User user{text_of(whoami, "name"), {}};
  const Json& tags = part_of(whoami, "tags");
  if (tags.is_array())
    for (const Json& one : tags)
      if (one.is_string()) user.tags.push_back(one.get<std::string>());
  if (!tags.is_string()) return user;
  std::istringstream all{tags.get<std::string>()};
  for (std::string one; std::getline(all, one, ',');)
    user.tags.push_back(std::move(one));
  return user;
}

std::vector<std::string> queue_names_of(const Json& list, const std::string& prefix) {
  std::vector<std::string> names;
  for (const Json& one : list)
    if (std::string name = text_of(one, "name"); !name.empty() && name.starts_with(prefix))
      names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> bodies_of(const Json& list) {
  std::vector<std::string> bodies;
  bodies.reserve(list.size());
  for (const Json& one : list)
    bodies.push_back(text_of(one, "payload_encoding") == "base64" ? "" : text_of(one, "payload"));
  return bodies;
}

std::vector<std::string> connections_of(const Json& list, const std::string& peer_host) {
  std::vector<std::string> names;
  for (const Json& one : list)
    if (std::string name = text_of(one, "name"); !name.empty() && text_of(one, "peer_host") == peer_host)
      names.push_back(std::move(name));
  return names;
}

std::optional<QueueFacts> queue_facts_of(const Json& queue) {
  // Users' and operators' together; an empty list when there is none of both.
  const Json& policy = part_of(queue, "effective_policy_definition");
  if (policy.is_null()) return std::nullopt;
  const Json& arguments = part_of(queue, "arguments");
  const auto any = [&](std::initializer_list<const char*> in_arguments, std::initializer_list<const char*> in_policy) {
    const auto there = [](const Json& object) {
      return [&object](const char* key) { return !part_of(object, key).is_null(); };
    };
    return std::any_of(in_arguments.begin(), in_arguments.end(), there(arguments)) ||
           std::any_of(in_policy.begin(), in_policy.end(), there(policy));
  };
  QueueFacts facts;
  facts.name = text_of(queue, "name");
  facts.type = text_of(queue, "type");
  if (facts.type.empty()) facts.type = text_of(arguments, "x-queue-type");
  if (facts.type.empty()) facts.type = "classic";
  facts.durable = is_true(queue, "durable");
  facts.exclusive = is_true(queue, "exclusive");
  facts.auto_delete = is_true(queue, "auto_delete");
  facts.has_ttl = any({"x-message-ttl", "x-expires"}, {"message-ttl", "expires"});
  facts.has_length_limit = any({"x-max-length", "x-max-length-bytes"}, {"max-length", "max-length-bytes"});
  facts.has_priorities = any({"x-max-priority"}, {"max-priority"});
  facts.is_single_active = is_true(arguments, "x-single-active-consumer") || is_true(policy, "single-active-consumer");
  facts.is_fed_by_name = is_fed_by_name(queue);
  // To other types it means nothing.
  if (facts.type == "quorum") facts.delivery_limit = delivery_limit_in(arguments, policy);
  const Json& consumers = part_of(queue, "consumer_details");
  facts.consumers.reserve(consumers.size());
  for (const Json& one : consumers)
    facts.consumers.push_back(consumer_of(one));
  return facts;
}

std::vector<Binding> bindings_of(const Json& list) {
  std::vector<Binding> bindings;
  bindings.reserve(list.size());
  for (const Json& one : list) {
    const std::string source = text_of(one, "source");
    if (source.empty()) continue;
    const Json& arguments = part_of(one, "arguments");
    bindings.push_back({source, text_of(one, "routing_key"), arguments.is_object() ? arguments.dump() : "{}",
                        text_of(one, "properties_key")});
  }
  return bindings;
}

Exchange exchange_of(const std::string& name, const Json& exchange) {
  return {name, text_of(exchange, "type"), text_of(part_of(exchange, "arguments"), "x-delayed-type")};
}

std::vector<Policy> policies_of(const Json& list, bool are_operators) {
  std::vector<Policy> policies;
  policies.reserve(list.size());
  for (const Json& one : list) {
    const std::string apply_to = text_of(one, "apply-to");
    if (apply_to == "exchanges" || apply_to == "streams") continue;
    const Json& definition = part_of(one, "definition");
    const auto has = [&](const char* key) { return !part_of(definition, key).is_null(); };
    Policy policy;
    policy.name = text_of(one, "name");
    policy.pattern = text_of(one, "pattern");
    policy.is_operators = are_operators;
    if (const Json& priority = part_of(one, "priority"); priority.is_number_integer())
      policy.priority = priority.get<std::int64_t>();
    policy.has_ttl = has("message-ttl") || has("expires");
    policy.has_length_limit = has("max-length") || has("max-length-bytes");
    policies.push_back(std::move(policy));
  }
  return policies;
}

std::optional<Totals> totals_of(const Json& queue) {
  const auto ready = count_of(queue, "messages_ready");
  const auto unacknowledged = count_of(queue, "messages_unacknowledged");
  if (!ready || !unacknowledged) return std::nullopt;
  return Totals{*ready, *unacknowledged, rate_of(queue, "publish_details")};
}

// Of each step the acknowledgements count that were made while something waited. The length was told by the queue
// itself up to one step before it was counted, so it is looked at a step further on both sides. A step in which nobody
// worked for a while, as the queue's consumer was moved perhaps, is among them and shows too little: so the median,
// and not of one step alone.
std::optional<double> busy_ack_rate_of(const Json& last_minute) {
  constexpr std::size_t kFewest = 2;
  constexpr double kMsPerSecond = 1000;
  const auto waiting = samples_in(part_of(last_minute, "messages_ready_details"));
  const auto acknowledged = samples_in(part_of(part_of(last_minute, "message_stats"), "ack_details"));
  const auto waits = [&](std::int64_t at) {
    const auto found = waiting.find(at);
    return found != waiting.end() && found->second > 0;
  };
  std::vector<double> rates;
  for (auto from = acknowledged.begin(); from != acknowledged.end(); ++from) {
    const auto to = std::next(from);
    if (to == acknowledged.end()) break;
    const std::int64_t step = to->first - from->first;
    const std::int64_t count = to->second - from->second;
    if (count > 0 && waits(from->first - step) && waits(from->first) && waits(to->first) && waits(to->first + step))
      rates.push_back(static_cast<double>(count) * kMsPerSecond / static_cast<double>(step));
  }
  if (rates.size() < kFewest) return std::nullopt;
  const auto median = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::nth_element(rates.begin(), median, rates.end());
  return *median;
}

}  // namespace migrate::broker
