#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/base/base64.h"
#include "shared/broker/broker.h"
#include "shared/http_client/http_client.h"

namespace migrate::broker {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr std::size_t kLargestAnswer = 64U << 20;

std::string text_of(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& part_of(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

class ManagementApi final : public Broker {
 public:
  ManagementApi(std::shared_ptr<http::HttpClient> client, const BrokerAddress& address)
      : client_(std::move(client)),
        where_(address.management_url),
        user_(address.user),
        virtual_host_(address.virtual_host),
        authorization_("Basic " + to_base64(address.user + ":" + address.password)) {}

  Result<std::vector<Consumer>> consumers(const std::string& queue) override {
    const std::string attempt = fmt::format("list the consumers of queue {} at {}", queue, where_);
    auto body = call(attempt, "GET", "/api/consumers/" + percent_encoded(virtual_host_), {});
    if (!body) return tl::make_unexpected(body.error());
    const Json list = Json::parse(*body, nullptr, false);
    if (!list.is_array()) return failure(attempt + ": the answer is no list; is this RabbitMQ's management API?");
    std::vector<Consumer> found;
    found.reserve(list.size());
    for (const Json& one : list) {
      if (text_of(part_of(one, "queue"), "name") != queue) continue;
      const Json& channel = part_of(one, "channel_details");
      found.push_back(
          {text_of(one, "consumer_tag"), text_of(channel, "connection_name"), text_of(channel, "peer_host")});
    }
    return found;
  }

  Result<void> close_connection(const std::string& connection, const std::string& reason) override {
    const std::string attempt = fmt::format("close connection {} at {}", connection, where_);
    auto done =
        call(attempt, "DELETE", "/api/connections/" + percent_encoded(connection), {{"X-Reason", reason}}, true);
    if (!done) return tl::make_unexpected(done.error());
    return {};
  }

 private:
  Result<std::string> call(const std::string& attempt, const std::string& method, const std::string& target,
                           std::vector<http::Header> headers, bool absent_is_fine = false) {
    http::HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.headers.emplace_back("Authorization", authorization_);
    request.headers.emplace_back("Accept", "application/json");
    request.connection = http::ConnectionUse::pooled;  // a list, or a deletion: either may run twice
    request.timeout = kTimeout;
    request.body_limit = kLargestAnswer;
    auto answer = client_->send(request);
    if (!answer) return failure(attempt + ": " + answer.error().message);
    if (absent_is_fine && answer->status == 404) return std::string{};
    if (answer->status == 401 || answer->status == 403)
      return failure(
          fmt::format("{}: the broker answered {} to user {}; give it the tag `monitoring` for lists and "
                      "`administrator` to close connections, and rights on virtual host {}",
                      attempt, answer->status, user_, virtual_host_));
    if (answer->status == 404) return failure(fmt::format("{}: no virtual host {}", attempt, virtual_host_));
    if (answer->status / 100 != 2)
      return failure(
          fmt::format("{}: the broker answered {}: {}", attempt, answer->status, answer->body.substr(0, 200)));
    return std::move(answer->body);
  }

  std::shared_ptr<http::HttpClient> client_;
  std::string where_;
  std::string user_;
  std::string virtual_host_;
  std::string authorization_;
};

}  // namespace

Result<std::shared_ptr<Broker>> connect_broker(const BrokerAddress& address) {
  http::HttpClientOptions options;
  options.base_url = address.management_url;
  options.tls.ca_pem = address.ca_pem;
  auto client = http::make_http_client(options);
  if (!client) return tl::make_unexpected(client.error().within("management API " + address.management_url));
  return std::shared_ptr<Broker>(std::make_shared<ManagementApi>(std::move(*client), address));
}

}  // namespace migrate::broker
