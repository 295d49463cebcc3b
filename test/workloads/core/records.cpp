#include "test/workloads/core/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace orders {
namespace {

using Json = nlohmann::json;
using migrate::failure;
using migrate::Result;

constexpr std::array kDeliveries{"confirmed", "nacked", "returned", "unknown"};

Json json_of(const Order& order) {
  return {{"id", order.id}, {"producer", order.producer}, {"sequence", order.sequence}, {"value", order.value}};
}

Json json_of(const ResultMessage& message) {
  return {{"id", message.id},
          {"count", message.result.count},
          {"sum", message.result.sum},
          {"pod", message.pod},
          {"published", message.published}};
}

std::string text(const Json& json, const char* key) {
  return json.at(key).get<std::string>();
}
std::int64_t integer(const Json& json, const char* key) {
  return json.at(key).get<std::int64_t>();
}

// nlohmann turns -1 into an unsigned number without a word.
std::uint64_t counter(const Json& json, const char* key) {
  if (!json.at(key).is_number_unsigned()) throw std::invalid_argument(fmt::format("'{}' is not a count", key));
  return json.at(key).get<std::uint64_t>();
}

Order order_of(const Json& json) {
  return {text(json, "id"), text(json, "producer"), counter(json, "sequence"), integer(json, "value")};
}

ResultMessage result_of(const Json& json) {
  return {
      text(json, "id"), {counter(json, "count"), integer(json, "sum")}, text(json, "pod"), integer(json, "published")};
}

Delivery delivery_of(const std::string& word) {
  const auto* const found = std::find(kDeliveries.begin(), kDeliveries.end(), word);
  if (found == kDeliveries.end()) throw std::invalid_argument("unknown delivery " + word);
  return static_cast<Delivery>(found - kDeliveries.begin());
}

// One border for all of nlohmann's exceptions: a line is understood whole or is an error that shows it.
template <class Convert>
auto read(std::string_view line, const char* what, Convert convert) -> Result<decltype(convert(Json{}))> try {
  return convert(Json::parse(line));
} catch (const std::exception& error) {
  return failure(fmt::format("{} '{}': {}", what, line.substr(0, 200), error.what()));
}

Json with_id(Json json, const std::string& id) {
  if (id.empty()) throw std::invalid_argument("it has no message id");
  json["id"] = id;
  return json;
}

}  // namespace

const char* to_string(Delivery delivery) {
  return kDeliveries.at(static_cast<std::size_t>(delivery));
}

std::string order_body(const Order& order) {
  Json json = json_of(order);
  json.erase("id");
  return json.dump();
}

Result<Order> parse_order(std::string_view body, const std::string& id) {
  return read(body, "order", [&](const Json& json) { return order_of(with_id(json, id)); });
}

std::string result_body(const ResultMessage& message) {
  Json json = json_of(message);
  json.erase("id");
  return json.dump();
}

Result<ResultMessage> parse_result(std::string_view body, const std::string& id) {
  return read(body, "result", [&](const Json& json) { return result_of(with_id(json, id)); });
}

std::string to_line(const Sent& sent) {
  Json json = json_of(sent.order);
  json["due"] = sent.due;
  json["sent"] = sent.sent;
  json["settled"] = sent.settled;
  json["delivery"] = to_string(sent.delivery);
  return json.dump();
}

std::string to_line(const Handled& handled) {
  Json json = json_of(handled.order);
  json["finished"] = handled.finished;
  json["pod"] = handled.pod;
  json["queue"] = handled.queue;
  json["outcome"] = handled.outcome;
  json["previous"] = handled.previous;
  json["digest"] = handled.digest;
  return json.dump();
}

std::string to_line(const Collected& collected) {
  Json json = json_of(collected.message);
  json["arrived"] = collected.arrived;
  return json.dump();
}

Result<Sent> parse_sent(std::string_view line) {
  return read(line, "record line", [](const Json& json) {
    return Sent{order_of(json), integer(json, "due"), integer(json, "sent"), integer(json, "settled"),
                delivery_of(text(json, "delivery"))};
  });
}

Result<Handled> parse_handled(std::string_view line) {
  return read(line, "log line", [](const Json& json) {
    return Handled{order_of(json),        integer(json, "finished"), text(json, "pod"),   text(json, "queue"),
                   text(json, "outcome"), text(json, "previous"),    text(json, "digest")};
  });
}

Result<Collected> parse_collected(std::string_view line) {
  return read(line, "result line", [](const Json& json) {
    return Collected{result_of(json), integer(json, "arrived")};
  });
}

}  // namespace orders
