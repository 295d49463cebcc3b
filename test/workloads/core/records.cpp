#include "test/workloads/core/records.h"

#include <fmt/format.h>

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

Order order_of(const Json& json) {
  return {json.at("id").get<std::string>(), json.at("producer").get<std::string>(),
          json.at("sequence").get<std::uint64_t>(), json.at("value").get<std::int64_t>()};
}

// One border for all of nlohmann's exceptions: a line is understood whole or is an error that shows it.
template <class T>
Result<T> read(std::string_view line, const char* what, const std::function<T(const Json&)>& convert) try {
  return convert(Json::parse(line));
} catch (const std::exception& error) {
  return failure(fmt::format("{} '{}': {}", what, line.substr(0, 200), error.what()));
}

}  // namespace

std::string order_body(const Order& order) {
  return Json{{"producer", order.producer}, {"sequence", order.sequence}, {"value", order.value}}.dump();
}

Result<Order> parse_order(std::string_view body, std::string id) {
  return read<Order>(body, "message", [&](const Json& json) {
    Json whole = json;
    whole["id"] = id;
    return order_of(whole);
  });
}

std::string to_line(const Sent& sent) {
  Json json = json_of(sent.order);
  json["sent"] = sent.sent;
  json["settled"] = sent.settled;
  json["delivery"] = kDeliveries.at(static_cast<std::size_t>(sent.delivery));
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

Result<Sent> parse_sent(std::string_view line) {
  return read<Sent>(line, "record line", [](const Json& json) {
    const auto word = json.at("delivery").get<std::string>();
    const auto* const found = std::find(kDeliveries.begin(), kDeliveries.end(), word);
    if (found == kDeliveries.end()) throw std::invalid_argument("unknown delivery " + word);
    return Sent{order_of(json), json.at("sent").get<std::int64_t>(), json.at("settled").get<std::int64_t>(),
                static_cast<Delivery>(found - kDeliveries.begin())};
  });
}

Result<Handled> parse_handled(std::string_view line) {
  return read<Handled>(line, "log line", [](const Json& json) {
    const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
    return Handled{order_of(json), json.at("finished").get<std::int64_t>(), text("pod"),    text("queue"),
                   text("outcome"), text("previous"),                       text("digest")};
  });
}

}  // namespace orders
