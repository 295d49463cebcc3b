#include "shared/broker/management.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <thread>

#include "shared/base/base64.h"
#include "shared/base/text.h"
#include "shared/broker/queue_facts.h"

namespace migrate::broker {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kTimeout{9'500};
constexpr milliseconds kPoll{200};
constexpr std::size_t kLargestAnswer = 64U << 20;
constexpr int kPeeked = 100;

}  // namespace

ManagementApi::ManagementApi(std::shared_ptr<http::HttpClient> client, const BrokerAddress& address,
                             milliseconds statistics_delay)
    : client_(std::move(client)),
      where_(address.management_url),
      user_(address.management.user),
      virtual_host_(address.virtual_host),
      authorization_("Basic " + to_base64(address.management.user + ":" + address.management.password)),
      statistics_delay_(statistics_delay) {}

Result<User> ManagementApi::whoami() {
  const std::string attempt = fmt::format("ask for the tags of user {} at {}", user_, where_);
  auto answer = get(attempt, "/api/whoami", Absent::is_an_answer, kTimeout);
  if (!answer) return tl::make_unexpected(answer.error());
  if (!*answer || !(*answer)->is_object())
    return failure(attempt + ": the answer is no object; is this RabbitMQ's management API?");
  return user_of(**answer);
}

Result<std::vector<Consumer>> ManagementApi::consumers(const std::string& queue) {
  const std::string attempt = fmt::format("list the consumers of queue {} at {}", queue, where_);
  auto answer =
      get(attempt, "/api/consumers/" + percent_encoded(virtual_host_), Absent::means_no_virtual_host, kTimeout);
  if (!answer) return tl::make_unexpected(answer.error());
  const Json& list = **answer;
  if (!list.is_array()) return failure(attempt + ": the answer is no list; is this RabbitMQ's management API?");
  std::vector<Consumer> found;
  found.reserve(list.size());
  for (const Json& one : list) {
    const auto where = one.is_object() ? one.find("queue") : one.end();
    if (where == one.end() || !where->is_object()) continue;
    const auto name = where->find("name");
    if (name != where->end() && *name == queue) found.push_back(consumer_of(one));
  }
  return found;
}

Result<std::vector<std::string>> ManagementApi::connections_from(const std::string& peer_host) {
  const std::string attempt = fmt::format("list the connections from {} at {}", peer_host, where_);
  auto answer = get(attempt, fmt::format("/api/vhosts/{}/connections", percent_encoded(virtual_host_)),
                    Absent::means_no_virtual_host, kTimeout);
  if (!answer) return tl::make_unexpected(answer.error());
  if (!(*answer)->is_array()) return failure(attempt + ": the answer is no list");
  return connections_of(**answer, peer_host);
}

Result<void> ManagementApi::close_connection(const std::string& connection, const std::string& reason) {
  auto done =
      call(fmt::format("close connection {} at {}", connection, where_), "DELETE",
           "/api/connections/" + percent_encoded(connection), {{"X-Reason", reason}}, Absent::is_an_answer, kTimeout);
  if (!done) return tl::make_unexpected(done.error());
  return {};
}

Lookup<QueueFacts> ManagementApi::queue(const std::string& name) {
  const std::string attempt = fmt::format("look at queue {} at {}", name, where_);
  const auto began = std::chrono::steady_clock::now();
  const auto left = [&] {
    const auto spent = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    return std::max(kTimeout - spent, milliseconds{1});
  };
  std::optional<QueueFacts> facts;
  for (;;) {
    auto answer = get(attempt, queue_path(name), Absent::is_an_answer, left());
    if (!answer) return tl::make_unexpected(answer.error());
    if (!*answer) return std::nullopt;
    if (!(*answer)->is_object())
      return failure(attempt + ": the answer is no object; is this RabbitMQ's management API?");
    facts = queue_facts_of(**answer);
    if (facts) break;
    if (std::chrono::steady_clock::now() >= began + statistics_delay_)
      return failure(attempt +
                     ": the broker does not tell which policies hold for it: its statistics are switched off "
                     "(management.disable_stats) or late");
    std::this_thread::sleep_for(kPoll);
  }
  const std::string list_attempt = fmt::format("list the bindings of queue {} at {}", name, where_);
  auto bindings = get(list_attempt, queue_path(name) + "/bindings", Absent::is_an_answer, left());
  if (!bindings) return tl::make_unexpected(bindings.error());
  if (!*bindings) return std::nullopt;
  if (!(*bindings)->is_array()) return failure(list_attempt + ": the answer is no list");
  facts->bindings = bindings_of(**bindings);
  auto exchanges = exchanges_of(facts->bindings, left());
  if (!exchanges) return tl::make_unexpected(exchanges.error());
  facts->exchanges = std::move(*exchanges);
  return facts;
}

Result<std::vector<Exchange>> ManagementApi::exchanges_of(const std::vector<Binding>& bindings, milliseconds timeout) {
  std::set<std::string> names;
  for (const Binding& one : bindings)
    names.insert(one.exchange);
  std::vector<Exchange> exchanges;
  exchanges.reserve(names.size());
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (const std::string& name : names) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    auto answer = get(fmt::format("look at exchange {} at {}", name, where_),
                      fmt::format("/api/exchanges/{}/{}", percent_encoded(virtual_host_), percent_encoded(name)),
                      Absent::is_an_answer, std::max(left, milliseconds{1}));
    if (!answer) return tl::make_unexpected(answer.error());
    if (*answer) exchanges.push_back(exchange_of(name, **answer));  // else it was deleted, and its bindings with it
  }
  return exchanges;
}

Lookup<std::vector<Policy>> ManagementApi::policies() {
  std::vector<Policy> all;
  for (const char* kind : {"policies", "operator-policies"}) {
    const std::string attempt = fmt::format("list the {} at {}", kind, where_);
    auto answer = get(attempt, fmt::format("/api/{}/{}", kind, percent_encoded(virtual_host_)),
                      Absent::as_a_missing_right_is, kTimeout);
    if (!answer) return tl::make_unexpected(answer.error());
    if (!*answer) return std::nullopt;
    if (!(*answer)->is_array()) return failure(attempt + ": the answer is no list");
    auto found = policies_of(**answer, kind == std::string_view{"operator-policies"});
    std::move(found.begin(), found.end(), std::back_inserter(all));
  }
  return all;
}

Result<std::vector<std::string>> ManagementApi::queues(const std::string& prefix) {
  const std::string attempt = fmt::format("list the queues at {}", where_);
  auto answer = get(attempt, fmt::format("/api/queues/{}?columns=name", percent_encoded(virtual_host_)),
                    Absent::means_no_virtual_host, kTimeout);
  if (!answer) return tl::make_unexpected(answer.error());
  if (!(*answer)->is_array()) return failure(attempt + ": the answer is no list");
  return queue_names_of(**answer, prefix);
}

Lookup<std::vector<std::string>> ManagementApi::peek(const std::string& queue) {
  const std::string attempt = fmt::format("look at the messages of queue {} at {}", queue, where_);
  auto body = call(attempt, "POST", queue_path(queue) + "/get", {}, Absent::is_an_answer, kTimeout,
                   Json{{"count", kPeeked}, {"ackmode", "ack_requeue_true"}, {"encoding", "auto"}}.dump());
  if (!body) return tl::make_unexpected(body.error());
  if (!*body) return std::nullopt;
  const Json list = Json::parse(**body, nullptr, false);
  if (!list.is_array()) return failure(attempt + ": the answer is no list");
  return bodies_of(list);
}

Lookup<Totals> ManagementApi::totals(const std::string& queue) {
  const std::string attempt = fmt::format("count queue {} at {}", queue, where_);
  const auto began = std::chrono::steady_clock::now();
  auto answer = get(attempt, queue_path(queue), Absent::is_an_answer, kTimeout);
  if (!answer) return tl::make_unexpected(answer.error());
  if (!*answer) return std::nullopt;
  auto totals = totals_of(**answer);
  if (!totals || totals->ready == 0) return totals;
  const auto spent = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  const auto last_minute =
      get(attempt, queue_path(queue) + kLastMinute, Absent::is_an_answer, std::max(kTimeout - spent, milliseconds{1}));
  if (last_minute && *last_minute) totals->ack_rate = busy_ack_rate_of(**last_minute);
  return totals;
}

Lookup<std::vector<Binding>> ManagementApi::list_bindings(const std::string& queue) {
  const std::string attempt = fmt::format("list the bindings of queue {} at {}", queue, where_);
  auto answer = get(attempt, queue_path(queue) + "/bindings", Absent::is_an_answer, kTimeout);
  if (!answer) return tl::make_unexpected(answer.error());
  if (!*answer) return std::nullopt;
  if (!(*answer)->is_array()) return failure(attempt + ": the answer is no list");
  return bindings_of(**answer);
}

Result<bool> ManagementApi::has_binding(const std::string& queue, const Binding& binding) {
  const auto all = list_bindings(queue);
  if (!all) return tl::make_unexpected(all.error());
  if (!*all) return false;
  for (const Binding& one : **all)
    if (one.exchange == binding.exchange && one.properties_key == binding.properties_key) return true;
  return false;
}

std::string ManagementApi::queue_path(const std::string& name) const {
  return fmt::format("/api/queues/{}/{}", percent_encoded(virtual_host_), percent_encoded(name));
}

Lookup<Json> ManagementApi::get(const std::string& attempt, const std::string& target, Absent absent,
                                milliseconds timeout) {
  auto body = call(attempt, "GET", target, {}, absent, timeout);
  if (!body) return tl::make_unexpected(body.error());
  if (!*body) return std::nullopt;
  Json parsed = Json::parse(**body, nullptr, false);
  if (parsed.is_discarded()) return failure(attempt + ": the answer is not JSON; is this RabbitMQ's management API?");
  return parsed;
}

Lookup<std::string> ManagementApi::call(const std::string& attempt, const std::string& method,
                                        const std::string& target, std::vector<http::Header> headers, Absent absent,
                                        milliseconds timeout, std::string body) {
  http::HttpRequest request;
  request.method = method;
  request.target = target;
  request.headers = std::move(headers);
  request.headers.emplace_back("Authorization", authorization_);
  request.headers.emplace_back("Accept", "application/json");
  if (!body.empty()) request.content_type = "application/json";
  request.body = std::move(body);
  request.connection = http::ConnectionUse::pooled;  // a look, or a deletion: either may run twice
  request.timeout = timeout;
  request.body_limit = kLargestAnswer;
  auto answer = client_->send(request);
  if (!answer) return failure(attempt + ": " + answer.error().message);
  const bool lacks_a_right = answer->status == 401 || answer->status == 403;
  if (answer->status == 404 && absent != Absent::means_no_virtual_host) return std::nullopt;
  if (lacks_a_right && absent == Absent::as_a_missing_right_is) return std::nullopt;
  if (lacks_a_right)
    return tl::make_unexpected(Error{
        fmt::format("{}: the broker answered {} to user {}: {}; check its password, and that it has rights on virtual "
                    "host {} and the tag `administrator` (`management` is enough for the application's own user)",
                    attempt, answer->status, user_, shortened(answer->body, 200), virtual_host_),
        /*is_missing_right=*/answer->status == 403});
  if (answer->status == 404) return failure(fmt::format("{}: no virtual host {}", attempt, virtual_host_));
  if (answer->status / 100 != 2)
    return failure(
        fmt::format("{}: the broker answered {}: {}", attempt, answer->status, shortened(answer->body, 200)));
  return std::move(answer->body);
}

}  // namespace migrate::broker
