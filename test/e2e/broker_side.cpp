#include "test/e2e/broker_side.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "test/e2e/scene.h"

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kNamespace = "rabbitmq";
constexpr const char* kPod = "rabbitmq-0";

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const char one : text) {
    const auto code = static_cast<unsigned char>(one);
    const bool is_plain = (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
                          one == '.' || one == '-' || one == '_';
    encoded += is_plain ? std::string{one} : fmt::format("%{:02X}", code);
  }
  return encoded;
}

Json list(const Cluster& cluster, const std::string& path) {
  const std::string answer = management(cluster, "GET", path);
  Json read = Json::parse(answer, nullptr, false);
  if (!read.is_array()) throw std::runtime_error(fmt::format("RabbitMQ answered to GET {}: {}", path, answer));
  return read;
}

// Those to the first exchange of its bindings.
std::string path_of_bindings(const Cluster& cluster, const std::string& queue) {
  const Json all = list(cluster, "/queues/%2F/" + percent_encoded(queue) + "/bindings");
  for (const Json& one : all)
    if (const auto exchange = one.value("source", std::string{}); !exchange.empty())
      return fmt::format("/bindings/%2F/e/{}/q/{}", percent_encoded(exchange), percent_encoded(queue));
  throw std::runtime_error(fmt::format("queue {} is bound to no exchange", queue));
}

}  // namespace

std::string management(const Cluster& cluster, const std::string& method, const std::string& path,
                       const std::string& body) {
  const std::string address = cluster.field({"service", "rabbitmq", "-n", kNamespace}, ".spec.clusterIP");
  Words words{"curl", "-sS", "-m", "20", "-u", "guest:guest", "-X", method, "-H", "content-type: application/json"};
  if (!body.empty()) words.insert(words.end(), {"-d", body});
  words.push_back(fmt::format("http://{}:15672/api{}", address, path));
  return cluster.on("node-a", words);
}

void make_broker_user(const Cluster& cluster, const std::string& name, const std::string& configure) {
  management(cluster, "PUT", "/users/" + name, Json{{"password", name}, {"tags", "administrator"}}.dump());
  management(cluster, "PUT", "/permissions/%2F/" + name,
             Json{{"configure", configure}, {"write", ".*"}, {"read", ".*"}}.dump());
}

void set_broker_user(const Cluster& cluster, const std::string& ns, const std::string& name) {
  cluster.apply({{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", {{"name", kBrokerSecret}, {"namespace", ns}}},
                 {"stringData",
                  {{"amqp-url", fmt::format("amqp://{}:{}@rabbitmq.rabbitmq:5672/", name, name)},
                   {"management-url", fmt::format("http://{}:{}@rabbitmq.rabbitmq:15672", name, name)}}}});
}

std::vector<std::string> queues(const Cluster& cluster, const std::string& prefix, const std::string& virtual_host) {
  std::vector<std::string> found;
  const Json all = list(cluster, "/queues/" + percent_encoded(virtual_host) + "?columns=name");
  found.reserve(all.size());
  for (const Json& one : all)
    if (const auto name = one.at("name").get<std::string>(); name.starts_with(prefix)) found.push_back(name);
  return found;
}

void delete_queue(const Cluster& cluster, const std::string& name) {
  management(cluster, "DELETE", "/queues/%2F/" + percent_encoded(name));
}

void bind_further(const Cluster& cluster, const std::string& queue, const std::string& key) {
  management(cluster, "POST", path_of_bindings(cluster, queue), Json{{"routing_key", key}}.dump());
  const Json all = list(cluster, "/queues/%2F/" + percent_encoded(queue) + "/bindings");
  if (std::none_of(all.begin(), all.end(), [&](const Json& one) { return one.value("routing_key", "") == key; }))
    throw std::runtime_error(fmt::format("queue {} cannot be bound with key {}", queue, key));
}

void unbind(const Cluster& cluster, const std::string& queue, const std::string& key) {
  management(cluster, "DELETE", path_of_bindings(cluster, queue) + "/" + percent_encoded(key));
}

std::vector<std::string> consuming_connections(const Cluster& cluster, const std::string& queue) {
  std::vector<std::string> found;
  eventually("the broker to list a consumer of queue " + queue, [&] {
    const Json all = list(cluster, "/consumers/%2F");
    for (const Json& one : all)
      if (one.at("queue").at("name") == queue && one.at("channel_details").is_object())
        found.push_back(one.at("channel_details").value("connection_name", std::string{}));
    return !found.empty();
  });
  return found;
}

double publish_rate(const Cluster& cluster, const std::string& queue) {
  const std::string answer = management(cluster, "GET", "/queues/%2F/" + percent_encoded(queue));
  const Json read = Json::parse(answer, nullptr, false);
  const Json::json_pointer rate{"/message_stats/publish_details/rate"};
  return read.contains(rate) ? read.at(rate).get<double>() : 0;
}

void close_connection(const Cluster& cluster, const std::string& connection) {
  management(cluster, "DELETE", "/connections/" + percent_encoded(connection));
}

ProductProcess broker_process(const Cluster& cluster) {
  const Json pod = cluster.get({"pod", kPod, "-n", kNamespace});
  return {kPod, pod.at("metadata").at("uid").get<std::string>(), pod.at("spec").at("nodeName").get<std::string>(),
          "beam.smp"};
}

void restart_broker(const Cluster& cluster) {
  cluster.kubectl({"-n", kNamespace, "delete", "pod", kPod, "--wait=false"});
}

void wait_for_broker(const Cluster& cluster) {
  cluster.kubectl({"-n", kNamespace, "rollout", "status", "statefulset/rabbitmq", "--timeout=180s"});
  eventually("RabbitMQ's management API to answer",
             [&] { return management(cluster, "GET", "/overview").find("rabbitmq_version") != std::string::npos; });
}

}  // namespace harness
