#include "test/workloads/consumer/consumer.h"

#include <algorithm>

namespace orders {
namespace {

using migrate::Result;
using namespace std::chrono_literals;

// The contract says at least every second. Ten times a second costs the broker next to nothing, and the time until
// END_REPLAY is seen is part of the gap.
constexpr auto kLookEvery = 100ms;
// Back within 100 ms: most often the broker is there, and only our connection was closed.
constexpr auto kFirstPause = 10ms;
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
  return {ledger_.state(),   ledger_.duplicates(),  ledger_.unpublished(),
          protocol_.queue(), protocol_.replaying(), connected_,
          connects_};
}

void Consumer::set_connected(bool connected) {
  const std::scoped_lock lock{mutex_};
  connected_ = connected;
  if (connected) ++connects_;
}

void Consumer::run(const std::stop_token& stop) {
  std::chrono::milliseconds pause = kFirstPause;
  while (!stop.stop_requested()) {
    const std::string control_queue = world_.control_queue();
    auto link = broker_.open(control_queue);
    Result<void> ended;
    if (link) {
      set_connected(true);
      Session session{**link, control_queue, stop, world_.steady_now(), {}};
      ended = serve(session);
      set_connected(false);
      // A session that consumed was a good one, and it is worth hurrying back. One that failed before, for want of a
      // queue perhaps, must not be tried twenty times a second.
      if (!session.consuming.empty()) pause = kFirstPause;
    } else {
      ended = tl::make_unexpected(link.error());
    }
    if (ended) return;  // asked to stop
    world_.complain(ended.error().message);
    link = tl::make_unexpected(ended.error());  // lets go of the connection before the pause: its deliveries return
    world_.wait(pause);
    pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
  }
}

// Ends well only when asked to stop; whatever was delivered and not acknowledged then goes back to its queue.
Result<void> Consumer::serve(Session& session) {
  // Before any consume: a restored copy must not touch its own queue while it is to replay another one.
  if (auto done = look_into_control_queue(session); !done) return done;
  while (!session.stop.stop_requested()) {
    if (auto done = go_to_queue(session); !done) return done;
    auto message = session.link.receive(kLookEvery);
    if (!message) return tl::make_unexpected(message.error());
    if (*message)
      if (auto done = handle(session, **message); !done) return done;
    if (auto done = look_if_due(session); !done) return done;
  }
  return {};
}

bool Consumer::look_is_due(const Session& session) const {
  const auto since = world_.steady_now() - session.last_look;
  return since >= kLookEvery || since < 0ms;  // a restored process may find an earlier time than it remembers
}

Result<void> Consumer::look_if_due(Session& session) {
  if (!look_is_due(session)) return {};
  return look_into_control_queue(session);
}

// Takes everything that stands in the control queue; what follows from it is done between two messages.
Result<void> Consumer::look_into_control_queue(Session& session) {
  for (;;) {
    auto message = session.link.take_control(session.control_queue);
    if (!message) return tl::make_unexpected(message.error());
    if (!*message) break;
    const std::scoped_lock lock{mutex_};
    protocol_.on_control_message((*message)->body);
  }
  session.last_look = world_.steady_now();
  return {};
}

// Consumes the queue that the protocol names, having finished with the one before if it was told to.
Result<void> Consumer::go_to_queue(Session& session) {
  while (protocol_.ending() && !session.stop.stop_requested()) {
    auto patience = 0ms;
    if (session.consuming != protocol_.queue()) {
      // The connection broke while it finished: what it had not acknowledged stands in the replay queue again.
      if (auto done = consume(session); !done) return done;
      patience = kLookEvery;  // deliveries are on their way
    }
    if (auto done = finish_replay(session, patience); !done) return done;
  }
  return session.consuming == protocol_.queue() ? Result<void>{} : consume(session);
}

// Only the broker's word that there is no such queue can end a replay; after anything else (a broken connection, a
// right that is missing, a queue that cannot be reached now) it is asked for again.
Result<void> Consumer::consume(Session& session) {
  const std::string queue = protocol_.queue();
  auto consuming = session.link.consume(queue, options_.prefetch);
  if (!consuming) return tl::make_unexpected(consuming.error());
  if (*consuming == amqp::Consuming::started) {
    session.consuming = queue;
    return {};
  }
  const std::scoped_lock lock{mutex_};
  protocol_.queue_is_gone();
  return migrate::failure("consume the queue " + queue + ": there is no such queue");
}

// What the replay queue has delivered is handled and acknowledged, then its consumer is cancelled; after that nothing
// of it is left with us, and whoever made the queue finds it empty and unused.
Result<void> Consumer::finish_replay(Session& session, std::chrono::milliseconds patience) {
  bool cancelled = false;
  bool empty = false;
  while (protocol_.ending() && !empty && !session.stop.stop_requested()) {
    auto message = session.link.receive(patience);
    if (!message) return tl::make_unexpected(message.error());
    if (*message) {
      if (auto done = handle(session, **message); !done) return done;
      if (auto done = look_if_due(session); !done) return done;
    } else if (!cancelled) {
      if (auto done = session.link.cancel(); !done) return done;
      cancelled = true;
      patience = 0ms;  // what was on its way has arrived before the answer
    } else {
      empty = true;
    }
  }
  if (cancelled) session.consuming.clear();
  const std::scoped_lock lock{mutex_};
  if (empty) protocol_.replay_finished();
  return {};
}

// The work on a message: time goes by. In slices, because the control queue is looked into also while it lasts, and so
// that the connection stays alive.
Result<void> Consumer::work(Session& session) {
  for (auto left = options_.service_time; left > 0ms && !session.stop.stop_requested();) {
    const auto slice = std::min<std::chrono::milliseconds>(left, kLookEvery);
    world_.wait(slice);
    left -= slice;
    if (left > 0ms)
      if (auto done = look_if_due(session); !done) return done;
  }
  return {};
}

// The work, then the state, the result, the acknowledgement: a message is never acknowledged before its result is safe,
// and one that is interrupted anywhere comes again and is recognised. Before the work: behind a replay all that was in
// both queues comes once more, and new ones wait for as long as that takes.
Result<void> Consumer::handle(Session& session, const amqp::Message& message) {
  auto order = parse_order(message.body, message.id);
  if (!order) {
    world_.complain(order.error().message);
    return session.link.acknowledge(message.delivery_tag);  // it would not be understood the next time either
  }
  if (!ledger_.knows(order->id)) {
    if (auto done = work(session); !done) return done;
    if (session.stop.stop_requested()) return {};  // not handled: it goes back with the connection
  }

  ResultLedger::Taken taken;
  const Handled handled = apply(session, *order, taken);
  world_.log(handled);
  using Outcome = ResultLedger::Outcome;
  if (taken.outcome == Outcome::applied || taken.outcome == Outcome::republished) {
    const ResultMessage result{order->id, taken.result, handled.pod, world_.now()};
    if (auto done = session.link.publish_result({order->id, result_body(result), 0}); !done) return done;
    const std::scoped_lock lock{mutex_};
    ledger_.published(order->id);
  }
  return session.link.acknowledge(message.delivery_tag);
}

Handled Consumer::apply(const Session& session, const Order& order, ResultLedger::Taken& taken) {
  using Mode = ResultLedger::Mode;
  Handled handled;
  handled.order = order;
  handled.queue = session.consuming;  // not the protocol's word: it may have changed while this message was worked on
  const std::scoped_lock lock{mutex_};
  handled.previous = ledger_.state().digest;
  taken = ledger_.take(order, handled.queue == options_.queue ? Mode::live : Mode::replaying);
  handled.digest = ledger_.state().digest;
  handled.outcome = to_string(taken.outcome);
  handled.finished = world_.now();
  handled.pod = world_.pod();
  return handled;
}

}  // namespace orders
