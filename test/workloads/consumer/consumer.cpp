#include "test/workloads/consumer/consumer.h"

#include <algorithm>

namespace orders {
namespace {

using migrate::Result;
using namespace std::chrono_literals;

constexpr auto kLookEvery = 500ms;  // the contract says at least every second
constexpr auto kFirstPause = 50ms;  // back within 100 ms …
constexpr auto kLongestPause = 1000ms;

}  // namespace

Consumer::Consumer(Broker& broker, ConsumerOptions options, ConsumerWorld world)
    : broker_(broker),
      options_(std::move(options)),
      world_(std::move(world)),
      protocol_(options_.queue),
      ledger_(options_.idempotency) {}

ConsumerStatus Consumer::status() const {
  const std::scoped_lock lock{mutex_};
  return {ledger_.state(), ledger_.duplicates(), ledger_.unpublished(), protocol_.queue(),
          protocol_.replaying(), connected_, connects_};
}

void Consumer::run(const std::stop_token& stop) {
  auto pause = kFirstPause;
  while (!stop.stop_requested()) {
    const std::string control_queue = world_.control_queue();
    Result<void> ended;
    if (auto link = broker_.open(control_queue)) {
      {
        const std::scoped_lock lock{mutex_};
        connected_ = true;
        ++connects_;
      }
      pause = kFirstPause;
      ended = session(**link, control_queue, stop);
      const std::scoped_lock lock{mutex_};
      connected_ = false;
    } else {
      ended = tl::make_unexpected(link.error());
    }
    if (ended) return;  // asked to stop
    world_.complain(ended.error().message);
    world_.wait(pause);
    pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
  }
}

// Ends well only when asked to stop; whatever was delivered and not acknowledged then goes back to its queue.
Result<void> Consumer::session(Link& link, const std::string& control_queue, const std::stop_token& stop) {
  // Before any consume: a restored copy must not touch its own queue while it is to replay another one.
  if (auto change = obey_control_queue(link, control_queue); !change) return tl::make_unexpected(change.error());
  if (auto done = link.consume(protocol_.queue(), options_.prefetch); !done) return done;

  auto last_look = world_.steady_now();
  while (!stop.stop_requested()) {
    if (world_.steady_now() - last_look >= kLookEvery) {
      const auto change = obey_control_queue(link, control_queue);
      if (!change) return tl::make_unexpected(change.error());
      if (*change == ReplayProtocol::Change::end_replay)
        if (auto done = finish_replay(link); !done) return done;
      if (*change != ReplayProtocol::Change::none)
        if (auto done = link.consume(protocol_.queue(), options_.prefetch); !done) return done;
      last_look = world_.steady_now();
    }
    const auto until_look = std::chrono::ceil<std::chrono::milliseconds>(last_look + kLookEvery - world_.steady_now());
    auto message = link.receive(std::max<std::chrono::milliseconds>(until_look, 0ms));
    if (!message) return tl::make_unexpected(message.error());
    if (!*message) continue;
    if (auto done = handle(link, **message, protocol_.queue()); !done) return done;
  }
  return {};
}

// Everything that stands in the control queue, the last change winning.
Result<ReplayProtocol::Change> Consumer::obey_control_queue(Link& link, const std::string& control_queue) {
  auto last = ReplayProtocol::Change::none;
  for (;;) {
    auto message = link.take_control(control_queue);
    if (!message) return tl::make_unexpected(message.error());
    if (!*message) return last;
    const std::scoped_lock lock{mutex_};
    if (const auto change = protocol_.on_control_message((*message)->body); change != ReplayProtocol::Change::none) last = change;
  }
}

// What the replay queue had already delivered is handled and acknowledged; then nothing of it is left with us, and
// whoever made the queue finds it empty. The protocol already names the own queue, so the mode is passed by hand.
Result<void> Consumer::finish_replay(Link& link) {
  if (auto done = link.cancel(); !done) return done;
  for (;;) {
    auto message = link.receive(0ms);
    if (!message) return tl::make_unexpected(message.error());
    if (!*message) return {};
    if (auto done = handle(link, **message, /*queue=*/""); !done) return done;
  }
}

// The work first, then the state, the result, the acknowledgement: a message is never acknowledged before its result
// is safe, and one that is interrupted anywhere comes again and is recognised.
Result<void> Consumer::handle(Link& link, const amqp::Message& message, const std::string& queue) {
  world_.wait(options_.service_time);
  auto order = parse_order(message.body, message.id);
  if (!order) {
    world_.complain(order.error().message);
    return link.acknowledge(message.delivery_tag);  // it would not be understood the next time either
  }

  Handled handled;
  handled.order = *order;
  handled.queue = queue;
  ResultLedger::Outcome outcome{};
  {
    const std::scoped_lock lock{mutex_};
    handled.previous = ledger_.state().digest;
    const bool own_queue = queue == options_.queue;
    outcome = ledger_.take(*order, own_queue ? ResultLedger::Mode::live : ResultLedger::Mode::replaying);
    handled.digest = ledger_.state().digest;
  }
  handled.outcome = to_string(outcome);
  handled.finished = world_.now();
  world_.log(handled);

  if (outcome == ResultLedger::Outcome::applied || outcome == ResultLedger::Outcome::republished) {
    if (auto done = link.publish_result(message); !done) return done;
    const std::scoped_lock lock{mutex_};
    ledger_.published(order->id);
  }
  return link.acknowledge(message.delivery_tag);
}

}  // namespace orders
