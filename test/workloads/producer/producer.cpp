#include "test/workloads/producer/producer.h"

#include <fmt/format.h>

#include <algorithm>

namespace orders {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds kFirstPause = 50ms;
constexpr milliseconds kLongestPause = 1000ms;
constexpr milliseconds kLongestListen = 100ms;  // stop is looked at between two of them

}  // namespace

Producer::Producer(Opener<PublishLink>& broker, ProducerOptions options, ProducerWorld world)
    : broker_(broker),
      options_(std::move(options)),
      world_(std::move(world)),
      schedule_(options_.schedule),
      pause_(kFirstPause) {}

ProducerStatus Producer::status() const {
  const std::scoped_lock lock{mutex_};
  return status_;
}

void Producer::run(const std::stop_token& stop) {
  const std::int64_t start = world_.now();
  Slot slot = schedule_.next();
  while (!stop.stop_requested() && !is_last(slot)) {
    if (!link_ && !connect()) continue;
    const std::int64_t due = start + slot.offset.count();
    const microseconds left{due - world_.now()};
    if (left > 0us) {
      listen(left);
    } else if (unconfirmed_.size() >= options_.max_unconfirmed) {
      listen(kLongestListen);
    } else {
      publish(slot, due);
      slot = schedule_.next();
    }
  }
  const std::int64_t deadline = world_.now() + options_.last_wait.count();
  while (link_ && !unconfirmed_.empty() && world_.now() < deadline)
    settle(kLongestListen);
  give_up_unconfirmed();
  const std::scoped_lock lock{mutex_};
  status_.finished = true;
}

bool Producer::is_last(const Slot& slot) const {
  return (options_.count && status_.sent >= *options_.count) ||
         (options_.duration && slot.offset >= *options_.duration);
}

bool Producer::connect() {
  auto link = broker_.open();
  if (!link) {
    world_.complain(link.error().message);
    world_.wait(pause_);
    pause_ = std::min(pause_ * 2, kLongestPause);
    return false;
  }
  link_ = std::move(*link);
  last_tag_ = 0;
  pause_ = kFirstPause;
  const std::scoped_lock lock{mutex_};
  status_.connected = true;
  return true;
}

void Producer::publish(const Slot& slot, std::int64_t due) {
  const std::string producer = fmt::format("{}-{}", options_.name, slot.producer);
  Sent sent{
      {fmt::format("{}-{}", producer, slot.sequence), producer, slot.sequence, slot.value}, due, world_.now(), 0, {}};
  sent.delivery = Delivery::unknown;
  {
    const std::scoped_lock lock{mutex_};
    ++status_.sent;
    status_.max_lateness = std::max(status_.max_lateness, sent.sent - due);
    status_.unconfirmed = unconfirmed_.size() + 1;
  }
  const amqp::Message message{sent.order.id, order_body(sent.order), 0};
  unconfirmed_.emplace(++last_tag_, std::move(sent));
  // Even a publish that failed may have reached the broker: it is unknown then, like all that is not confirmed.
  if (auto done = link_->publish(message); !done) return drop_link(done.error().message);
  while (link_ && settle(0ms))
    continue;
}

// Waits for confirms, not longer than `time`. Links count in milliseconds; the rest is slept.
void Producer::listen(microseconds time) {
  if (time < 1ms) return world_.wait(time);
  settle(std::min(std::chrono::floor<milliseconds>(time), kLongestListen));
}

// True when there may be more.
bool Producer::settle(milliseconds timeout) {
  auto settled = link_->settled(timeout);
  if (!settled) {
    drop_link(settled.error().message);
    return false;
  }
  if (!*settled) return false;
  take(**settled);
  return true;
}

void Producer::take(const amqp::Settled& settled) {
  if (settled.settlement == amqp::Settlement::returned) {  // its confirm follows and settles it
    for (auto& [tag, sent] : unconfirmed_)
      if (sent.order.id == settled.returned_id) sent.delivery = Delivery::returned;
    return;
  }
  const auto first = settled.multiple ? unconfirmed_.begin() : unconfirmed_.lower_bound(settled.tag);
  const auto last = unconfirmed_.upper_bound(settled.tag);
  for (auto it = first; it != last; it = unconfirmed_.erase(it)) {
    const bool returned = it->second.delivery == Delivery::returned;
    const bool confirmed = settled.settlement == amqp::Settlement::confirmed;
    settle_one(it->second, returned ? Delivery::returned : confirmed ? Delivery::confirmed : Delivery::nacked);
  }
}

void Producer::settle_one(Sent sent, Delivery delivery) {
  sent.delivery = delivery;
  sent.settled = world_.now();
  world_.record(sent);
  const std::scoped_lock lock{mutex_};
  ++status_.settled[to_string(delivery)];
  --status_.unconfirmed;
}

void Producer::give_up_unconfirmed() {
  for (const auto& [tag, sent] : unconfirmed_)
    settle_one(sent, Delivery::unknown);
  unconfirmed_.clear();
}

void Producer::drop_link(const std::string& why) {
  world_.complain(why);
  link_.reset();
  give_up_unconfirmed();
  const std::scoped_lock lock{mutex_};
  status_.connected = false;
}

}  // namespace orders
