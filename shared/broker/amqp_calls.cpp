#include "shared/broker/amqp_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <nlohmann/json.hpp>

namespace migrate::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Two attempts, each of which may have to connect first, in less than the ten seconds promised.
constexpr milliseconds kWhole{9'000};
constexpr milliseconds kConnect{3'000};
constexpr milliseconds kCall{4'000};

Result<AmqpTable> table_of(const Binding& binding, Integers integers) {
  const auto arguments = nlohmann::json::parse(binding.arguments, nullptr, false);
  return AmqpTable::from_json(arguments, integers);
}

}  // namespace

AmqpCalls::AmqpCalls(BrokerAddress address)
    : address_(std::move(address)),
      who_{fmt::format("{}:{}", address_.amqp.host, address_.amqp.port), address_.amqp.credentials.user,
           address_.virtual_host} {}

template <class T>
AmqpResult<T> AmqpCalls::run(const std::function<AmqpResult<T>(AmqpConnection&)>& call) {
  const std::lock_guard lock{mutex_};
  const auto deadline = steady_clock::now() + kWhole;
  const auto at_most = [&](milliseconds limit) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    return std::clamp(left, milliseconds{1}, limit);
  };
  for (bool again = false;; again = true) {
    if (!connection_ || !connection_->is_usable()) {
      connection_.reset();
      auto opened = AmqpConnection::open(address_, at_most(kConnect));
      if (!opened) return tl::make_unexpected(opened.error());
      connection_ = std::move(*opened);
    }
    connection_->set_limit(at_most(kCall));
    AmqpResult<T> result = call(*connection_);
    if (result || result.error().kind != AmqpError::Kind::broken || again) return result;
  }
}

template <class T>
Result<T> AmqpCalls::must(const std::string& attempt, const NeededRight& right,
                          const std::function<AmqpResult<T>(AmqpConnection&)>& call) {
  AmqpResult<T> result = run(call);
  if (!result) return tl::make_unexpected(explain(attempt, result.error(), right, who_));
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
  else
    return {};
}

Lookup<Depth> AmqpCalls::depth(const std::string& queue) {
  auto found = run<Depth>([&](AmqpConnection& connection) { return connection.depth(queue); });
  if (found) return *found;
  if (found.error().code == kNotFound) return std::nullopt;
  return tl::make_unexpected(explain("look at queue " + queue, found.error(), {"configure", queue}, who_));
}

Result<void> AmqpCalls::declare_queue(const std::string& name) {
  return must<void>("declare queue " + name, {"configure", name},
                    [&](AmqpConnection& connection) { return connection.declare(name); });
}

Result<Removal> AmqpCalls::remove_queue(const std::string& name, const RemoveOnly& only) {
  const auto remove = [&](const RemoveOnly& conditions) {
    return run<void>([&](AmqpConnection& connection) { return connection.remove(name, conditions); });
  };
  auto done = remove(only);
  if (!done && done.error().code == kNotImplemented && (only.if_unused || only.if_empty)) {
    // A quorum queue knows no conditions.
    const auto now = depth(name);
    if (!now) return tl::make_unexpected(now.error());
    if (!*now) return Removal::absent;
    if (only.if_unused && (*now)->consumers > 0) return Removal::in_use;
    if (only.if_empty && (*now)->ready > 0) return Removal::not_empty;
    done = remove({});
  }
  if (done) return Removal::removed;
  if (const auto answer = removal_of(done.error())) return *answer;
  return tl::make_unexpected(explain("delete queue " + name, done.error(), {"configure", name}, who_));
}

Result<std::uint64_t> AmqpCalls::purge(const std::string& queue) {
  return must<std::uint64_t>("empty queue " + queue, {"read", queue},
                             [&](AmqpConnection& connection) { return connection.purge(queue); });
}

Result<void> AmqpCalls::publish(const std::string& queue, const std::string& body) {
  const std::string attempt = "publish into queue " + queue;
  auto taken = must<bool>(attempt, {"", queue, "write", "amq.default"},
                          [&](AmqpConnection& connection) { return connection.publish(queue, body); });
  if (!taken) return tl::make_unexpected(taken.error());
  if (!*taken) return failure(fmt::format("{} at {}: there is no such queue", attempt, who_.where));
  return {};
}

// The broker looks at rights before it looks for the queue: to one that nobody can have.
Result<void> AmqpCalls::may_publish() {
  const std::string nowhere = "ms2m.nobody";
  auto taken = must<bool>("publish into queues", {"", nowhere, "write", "amq.default"},
                          [&](AmqpConnection& connection) { return connection.publish(nowhere, "{}"); });
  if (!taken) return tl::make_unexpected(taken.error());
  return {};
}

// Of the answers only one is about a right.
Result<void> AmqpCalls::may_read(const std::string& queue) {
  const auto done = run<void>([&](AmqpConnection& connection) { return connection.consume_in_vain(queue); });
  if (done) return {};
  const std::uint16_t code = done.error().code;
  if (code == kPreconditionFailed || code == kNotFound || code == kResourceLocked) return {};
  return tl::make_unexpected(
      explain("look whether queue " + queue + " may be read", done.error(), {"read", queue}, who_));
}

Result<void> AmqpCalls::bind(const std::string& queue, const Binding& binding, Integers integers) {
  const std::string attempt = fmt::format("bind queue {} to exchange {}", queue, binding.exchange);
  const auto arguments = table_of(binding, integers);
  if (!arguments) return tl::make_unexpected(arguments.error().within(attempt));
  return must<void>(attempt, {"write", queue, "read", binding.exchange}, [&](AmqpConnection& connection) {
    return connection.bind(queue, binding.exchange, binding.key, *arguments);
  });
}

Result<void> AmqpCalls::unbind(const std::string& queue, const Binding& binding, Integers integers) {
  const std::string attempt = fmt::format("unbind queue {} from exchange {}", queue, binding.exchange);
  const auto arguments = table_of(binding, integers);
  if (!arguments) return tl::make_unexpected(arguments.error().within(attempt));
  const auto done = run<void>(
      [&](AmqpConnection& connection) { return connection.unbind(queue, binding.exchange, binding.key, *arguments); });
  if (done || done.error().code == kNotFound) return {};
  return tl::make_unexpected(explain(attempt, done.error(), {"write", queue, "read", binding.exchange}, who_));
}

Result<void> AmqpCalls::unbind_together(const std::string& queue, const std::vector<Binding>& bindings) {
  const std::string attempt = fmt::format("unbind queue {}", queue);
  std::deque<AmqpTable> tables;  // stay where they are
  std::vector<AmqpConnection::Unbinding> all;
  for (const Binding& one : bindings)
    for (const Integers integers : {Integers::narrow, Integers::wide}) {
      if (integers == Integers::wide && one.arguments == "{}") continue;
      auto table = table_of(one, integers);
      if (!table) return tl::make_unexpected(table.error().within(attempt));
      tables.push_back(std::move(*table));
      all.push_back({one.exchange, one.key, tables.back()});
    }
  return must<void>(attempt, {"write", queue},
                    [&](AmqpConnection& connection) { return connection.unbind_together(queue, all); });
}

}  // namespace migrate::broker
