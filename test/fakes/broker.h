// A RabbitMQ in memory: exchanges route, queues keep their order, consumers hold what they have not acknowledged, and a
// closed connection gives it back. Nothing happens by itself. May be used from any thread.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/broker/broker.h"

namespace migrate::fakes {

struct BrokerMessage {
  std::string body;
  nlohmann::json headers = nlohmann::json::object();
  bool redelivered = false;
};

class FakeBroker : public broker::Broker {
 public:
  using Json = nlohmann::json;

  // Called before each call of the interface is carried out, with what `calls` has of it ("bind ms2m.replay.1 orders"):
  // to look, to let something happen in between, or to fail it. It may use this object.
  std::function<std::optional<Error>(const std::string& call)> on_call;
  bool is_down = false;  // every call fails
  // Consumers that the management API does not list yet, by their tags; depth() counts them.
  std::set<std::string> unlisted;
  // Whose rights these calls have: without the tag others' connections are not closed, nor their consumers listed.
  broker::User user{"migrate", {"administrator"}};

  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock{mutex_};
    return calls_;
  }
  [[nodiscard]] std::vector<std::string> closed_connections() const {
    const std::lock_guard lock{mutex_};
    return closed_;
  }

  // What policies() tells; nothing: the user may not read them.
  std::optional<std::vector<broker::Policy>> listed_policies = std::vector<broker::Policy>{};
  bool limits_new_queues = false;  // a policy does

  // --- the world around ---
  // `type`: "fanout", "direct", "topic", "headers".
  std::optional<double> publish_rate;  // as totals() tells it
  std::optional<double> ack_rate;      // likewise
  void add_exchange(const std::string& name, const std::string& type) {
    const std::lock_guard lock{mutex_};
    exchanges_[name] = type;
  }
  // What the management API tells of it; its bindings are bound, its consumers consume.
  void add_queue(const broker::QueueFacts& facts) {
    const std::lock_guard lock{mutex_};
    Queue& queue = queues_[facts.name];
    queue.facts = facts;
    queue.facts.consumers.clear();
    for (const broker::Consumer& one : facts.consumers)
      queue.consumers.push_back({one, {}});
  }
  void add_queue(const std::string& name) {
    broker::QueueFacts facts;
    facts.name = name;
    facts.type = "classic";
    facts.durable = true;
    add_queue(facts);
  }
  // As a publisher does; into how many queues it went.
  std::size_t arrive(const std::string& exchange, const std::string& key, const BrokerMessage& message) {
    const std::lock_guard lock{mutex_};
    std::size_t count = 0;
    for (auto& [name, queue] : queues_)
      if (exchange.empty() ? name == key : is_routed(queue, exchange, key, message)) {
        queue.ready.push_back(message);
        ++count;
      }
    return count;
  }
  // A consumer of a queue that exists.
  void consume(const std::string& queue, const broker::Consumer& consumer) {
    const std::lock_guard lock{mutex_};
    queues_.at(queue).consumers.push_back({consumer, {}});
  }
  // One through which nothing is consumed.
  void open_connection(const std::string& name, const std::string& peer_host) {
    const std::lock_guard lock{mutex_};
    idle_[name] = peer_host;
  }
  // It ends; what it holds goes back.
  void cancel(const std::string& queue, const std::string& tag) {
    const std::lock_guard lock{mutex_};
    drop_consumers(queues_.at(queue), [&](const broker::Consumer& one) { return one.tag == tag; });
  }
  // Delivers the next message to that consumer, unless its prefetch is used up.
  std::optional<BrokerMessage> take(const std::string& queue, const std::string& tag) {
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(queue);
    if (found == queues_.end()) return std::nullopt;
    Held* consumer = consumer_of(found->second, tag);
    if (consumer == nullptr || found->second.ready.empty()) return std::nullopt;
    const std::uint32_t prefetch = consumer->consumer.prefetch;
    if (prefetch != 0 && consumer->held.size() >= prefetch) return std::nullopt;
    consumer->held.push_back(std::move(found->second.ready.front()));
    found->second.ready.pop_front();
    return consumer->held.back();
  }
  // The oldest that this consumer holds.
  void acknowledge(const std::string& queue, const std::string& tag) {
    const std::lock_guard lock{mutex_};
    Held* consumer = consumer_of(queues_.at(queue), tag);
    if (consumer != nullptr && !consumer->held.empty()) consumer->held.pop_front();
  }

  [[nodiscard]] bool has_queue(const std::string& name) const {
    const std::lock_guard lock{mutex_};
    return queues_.contains(name);
  }
  // Bodies, in order; none when there is no such queue.
  [[nodiscard]] std::vector<std::string> ready(const std::string& name) const {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> bodies;
    const auto found = queues_.find(name);
    if (found == queues_.end()) return bodies;
    bodies.reserve(found->second.ready.size());
    for (const BrokerMessage& one : found->second.ready)
      bodies.push_back(one.body);
    return bodies;
  }
  [[nodiscard]] std::vector<broker::Binding> bindings(const std::string& name) const {
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(name);
    return found == queues_.end() ? std::vector<broker::Binding>{} : found->second.facts.bindings;
  }

  // --- the interface ---
  Result<broker::User> whoami() override {
    if (auto error = begin("whoami")) return tl::make_unexpected(*error);
    return user;
  }
  Result<std::vector<broker::Consumer>> consumers(const std::string& queue) override {
    if (auto error = begin("consumers " + queue)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(queue);
    if (found == queues_.end()) return std::vector<broker::Consumer>{};
    auto all = listed(found->second);
    std::erase_if(all, [&](const broker::Consumer& one) { return !user.sees_others() && one.user != user.name; });
    return all;
  }
  // Those that consume, and what open_connection() added.
  Result<std::vector<std::string>> connections_from(const std::string& peer_host) override {
    if (auto error = begin("connections_from " + peer_host)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    std::set<std::string> names;
    for (const auto& [name, host] : idle_)
      if (host == peer_host && user.sees_others()) names.insert(name);
    for (const auto& [name, queue] : queues_)
      for (const Held& one : queue.consumers)
        if (one.consumer.peer_host == peer_host && (user.sees_others() || one.consumer.user == user.name))
          names.insert(one.consumer.connection);
    return std::vector<std::string>{names.begin(), names.end()};
  }
  Result<void> close_connection(const std::string& connection, const std::string& /*reason*/) override {
    if (auto error = begin("close_connection " + connection)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    if (!user.may_close_others() && !is_own(connection))
      return failure("close connection " + connection + ": the broker answered 401");
    closed_.push_back(connection);
    idle_.erase(connection);
    for (auto& [name, queue] : queues_)
      drop_consumers(queue, [&](const broker::Consumer& one) { return one.connection == connection; });
    return {};
  }
  Lookup<broker::QueueFacts> queue(const std::string& name) override {
    if (auto error = begin("queue " + name)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(name);
    if (found == queues_.end()) return std::nullopt;
    broker::QueueFacts facts = found->second.facts;
    facts.consumers = listed(found->second);
    facts.exchanges.clear();
    for (const auto& one : exchanges_)
      if (std::any_of(facts.bindings.begin(), facts.bindings.end(),
                      [&](const broker::Binding& binding) { return binding.exchange == one.first; }))
        facts.exchanges.push_back({one.first, one.second});
    return facts;
  }
  Lookup<std::vector<broker::Policy>> policies() override {
    if (auto error = begin("policies")) return tl::make_unexpected(*error);
    return listed_policies;
  }
  Lookup<std::vector<broker::Binding>> list_bindings(const std::string& queue) override {
    if (auto error = begin("list_bindings " + queue)) return tl::make_unexpected(*error);
    if (!has_queue(queue)) return std::nullopt;
    return bindings(queue);
  }
  Result<std::vector<std::string>> queues(const std::string& prefix) override {
    if (auto error = begin("queues " + prefix)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    std::vector<std::string> names;
    for (const auto& [name, queue] : queues_)
      if (name.starts_with(prefix)) names.push_back(name);
    return names;
  }
  Lookup<std::vector<std::string>> peek(const std::string& queue) override {
    if (auto error = begin("peek " + queue)) return tl::make_unexpected(*error);
    if (!has_queue(queue)) return std::nullopt;
    return ready(queue);
  }
  Lookup<broker::Totals> totals(const std::string& queue) override {
    if (auto error = begin("totals " + queue)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(queue);
    if (found == queues_.end()) return std::nullopt;
    broker::Totals totals{found->second.ready.size(), 0};
    for (const Held& one : found->second.consumers)
      totals.unacknowledged += one.held.size();
    totals.publish_rate = publish_rate;
    totals.ack_rate = ack_rate;
    return totals;
  }
  Lookup<broker::Depth> depth(const std::string& queue) override {
    if (auto error = begin("depth " + queue)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(queue);
    if (found == queues_.end()) return std::nullopt;
    return broker::Depth{found->second.ready.size(), found->second.consumers.size()};
  }
  Result<void> declare_queue(const std::string& name) override {
    if (auto error = begin("declare_queue " + name)) return tl::make_unexpected(*error);
    if (has_queue(name)) return {};
    add_queue(name);
    const std::lock_guard lock{mutex_};
    queues_.at(name).facts.has_length_limit = limits_new_queues;
    return {};
  }
  Result<void> bind(const std::string& queue, const broker::Binding& binding) override {
    if (auto error = begin("bind " + queue + " " + binding.exchange)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(queue);
    if (found == queues_.end() || !exchanges_.contains(binding.exchange))
      return failure("bind queue " + queue + ": no such queue or exchange");
    auto& all = found->second.facts.bindings;
    if (std::find(all.begin(), all.end(), binding) == all.end()) all.push_back(binding);
    return {};
  }
  Result<void> unbind(const std::string& queue, const broker::Binding& binding) override {
    if (auto error = begin("unbind " + queue + " " + binding.exchange)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    if (const auto found = queues_.find(queue); found != queues_.end())
      std::erase(found->second.facts.bindings, binding);
    return {};
  }
  Result<broker::Removal> remove_queue(const std::string& name, const broker::RemoveOnly& only) override {
    if (auto error = begin("remove_queue " + name)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(name);
    if (found == queues_.end()) return broker::Removal::removed;  // as RabbitMQ answers
    if (only.if_unused && !found->second.consumers.empty()) return broker::Removal::in_use;
    if (only.if_empty && !found->second.ready.empty()) return broker::Removal::not_empty;
    queues_.erase(found);
    return broker::Removal::removed;
  }
  Result<std::uint64_t> purge(const std::string& queue) override {
    if (auto error = begin("purge " + queue)) return tl::make_unexpected(*error);
    const std::lock_guard lock{mutex_};
    const auto found = queues_.find(queue);
    if (found == queues_.end()) return failure("empty queue " + queue + ": there is no such queue");
    const std::uint64_t count = found->second.ready.size();
    found->second.ready.clear();
    return count;
  }
  Result<void> publish(const std::string& queue, const std::string& body) override {
    if (auto error = begin("publish " + queue + " " + body)) return tl::make_unexpected(*error);
    if (arrive("", queue, {body}) == 0) return failure("publish into queue " + queue + ": there is no such queue");
    return {};
  }
  Result<void> may_publish() override {
    if (auto error = begin("may_publish")) return tl::make_unexpected(*error);
    return {};
  }
  Result<void> may_read(const std::string& queue) override {
    if (auto error = begin("may_read " + queue)) return tl::make_unexpected(*error);
    return {};
  }

 private:
  struct Held {
    broker::Consumer consumer;
    std::deque<BrokerMessage> held;
  };
  struct Queue {
    broker::QueueFacts facts;
    std::deque<BrokerMessage> ready;
    std::vector<Held> consumers;
  };

  // Without the lock: the hook may use this object.
  std::optional<Error> begin(const std::string& call) {
    {
      const std::lock_guard lock{mutex_};
      calls_.push_back(call);
    }
    if (is_down) return Error{"the broker is down"};
    return on_call ? on_call(call) : std::nullopt;
  }

  [[nodiscard]] std::vector<broker::Consumer> listed(const Queue& queue) const {
    std::vector<broker::Consumer> all;
    all.reserve(queue.consumers.size());
    for (const Held& one : queue.consumers)
      if (!unlisted.contains(one.consumer.tag)) all.push_back(one.consumer);
    return all;
  }

  // One through which somebody else consumes is not.
  [[nodiscard]] bool is_own(const std::string& connection) const {
    for (const auto& [name, queue] : queues_)
      for (const Held& one : queue.consumers)
        if (one.consumer.connection == connection && one.consumer.user != user.name) return false;
    return true;
  }

  static Held* consumer_of(Queue& queue, const std::string& tag) {
    for (Held& one : queue.consumers)
      if (one.consumer.tag == tag) return &one;
    return nullptr;
  }

  template <class Which>
  static void drop_consumers(Queue& queue, const Which& which) {
    for (Held& one : queue.consumers) {
      if (!which(one.consumer)) continue;
      for (auto message = one.held.rbegin(); message != one.held.rend(); ++message) {
        message->redelivered = true;
        queue.ready.push_front(std::move(*message));
      }
    }
    std::erase_if(queue.consumers, [&](const Held& one) { return which(one.consumer); });
  }

  [[nodiscard]] bool is_routed(const Queue& queue, const std::string& exchange, const std::string& key,
                               const BrokerMessage& message) const {
    const auto type = exchanges_.find(exchange);
    if (type == exchanges_.end()) return false;
    return std::any_of(queue.facts.bindings.begin(), queue.facts.bindings.end(), [&](const broker::Binding& one) {
      if (one.exchange != exchange) return false;
      if (type->second == "direct") return one.key == key;
      if (type->second == "topic") return topic_matches(one.key, key);
      if (type->second == "headers") return headers_match(Json::parse(one.arguments), message.headers);
      return true;
    });
  }

  // "*" is a word, "#" any number of them.
  static bool topic_matches(std::string_view pattern, std::string_view key) {
    const auto rest = [](std::string_view text) {
      const std::size_t dot = text.find('.');
      return dot == std::string_view::npos ? std::optional<std::string_view>{} : text.substr(dot + 1);
    };
    const auto fits = [&](const auto& self, std::optional<std::string_view> left,
                          std::optional<std::string_view> right) -> bool {
      if (!left) return !right;
      const std::string_view word = left->substr(0, left->find('.'));
      if (word == "#") return self(self, rest(*left), right) || (right && self(self, left, rest(*right)));
      if (!right) return false;
      if (word != "*" && word != right->substr(0, right->find('.'))) return false;
      return self(self, rest(*left), rest(*right));
    };
    return fits(fits, pattern, key);
  }

  static bool headers_match(const Json& arguments, const Json& headers) {
    const auto how = arguments.find("x-match");
    const bool any = how != arguments.end() && *how == "any";
    for (const auto& [name, value] : arguments.items()) {
      if (name.starts_with("x-")) continue;
      const auto found = headers.find(name);
      const bool same = found != headers.end() && *found == value;
      if (same == any) return any;
    }
    return !any;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> exchanges_;
  std::map<std::string, Queue> queues_;
  std::map<std::string, std::string> idle_;  // connections that consume nothing: where they come from
  std::vector<std::string> calls_;
  std::vector<std::string> closed_;
};

}  // namespace migrate::fakes
