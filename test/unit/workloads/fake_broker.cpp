#include "test/unit/workloads/fake_broker.h"

#include <algorithm>

namespace orders::test {
namespace {

using migrate::failure;
using migrate::Lookup;
using migrate::Result;
using namespace std::chrono_literals;

constexpr int kIdleReceives = 50;

class FakeLink : public Link {
 public:
  explicit FakeLink(FakeBroker& broker) : broker_(broker) {}
  ~FakeLink() override { give_back(); }
  FakeLink(const FakeLink&) = delete;
  FakeLink& operator=(const FakeLink&) = delete;

  Lookup<amqp::Message> take_control(const std::string& control_queue) override {
    if (!step("take")) return failure("broken");
    auto& queue = broker_.queues[control_queue];
    if (queue.empty()) return std::nullopt;
    amqp::Message message = queue.front();
    queue.pop_front();
    return message;
  }

  Result<amqp::Consuming> consume(const std::string& queue, std::uint16_t prefetch) override {
    if (!step("consume " + queue)) return failure("broken");
    give_back();
    if (!broker_.queues.contains(queue)) {
      broken_ = true;
      return amqp::Consuming::no_such_queue;
    }
    queue_ = queue;
    prefetch_ = prefetch;
    cancelled_ = false;
    return amqp::Consuming::started;
  }

  Result<void> cancel() override {
    if (!step("cancel")) return failure("broken");
    deliver();
    cancelled_ = true;
    return {};
  }

  Lookup<amqp::Message> receive(std::chrono::milliseconds timeout) override {
    if (broken_) return failure("broken");
    deliver();
    if (buffered_.empty()) {
      broker_.advance(timeout);
      if (timeout > 0ms && ++idle_ == kIdleReceives) broker_.when_idle();
      if (!step("wait")) return failure("broken");
      return std::nullopt;
    }
    idle_ = 0;
    const amqp::Message message = buffered_.front();
    if (!step("deliver " + message.id)) return failure("broken");
    buffered_.pop_front();
    unacknowledged_.push_back(message);
    return message;
  }

  Result<void> acknowledge(std::uint64_t delivery_tag) override {
    const auto held = std::find_if(unacknowledged_.begin(), unacknowledged_.end(),
                                   [&](const auto& message) { return message.delivery_tag == delivery_tag; });
    if (held == unacknowledged_.end()) throw std::logic_error("acknowledged what it does not hold");
    if (!step("acknowledge " + held->id)) return failure("broken");
    unacknowledged_.erase(held);
    return {};
  }

  Result<void> publish_result(const amqp::Message& result) override {
    if (!step("publish " + result.id)) return failure("broken");
    broker_.results.push_back(migrate::value_or_fatal(parse_result(result.body, result.id)));
    if (!step("confirm " + result.id)) return failure("broken");
    return {};
  }

 private:
  bool step(const std::string& entry) {
    if (!broken_) broken_ = !broker_.note(entry);
    return !broken_;
  }

  void deliver() {
    auto& queue = broker_.queues[queue_];
    while (!cancelled_ && !queue.empty() && buffered_.size() + unacknowledged_.size() < prefetch_) {
      queue.front().delivery_tag = ++last_tag_;
      buffered_.push_back(queue.front());
      queue.pop_front();
    }
  }

  void give_back() {
    if (queue_.empty()) return;
    auto& queue = broker_.queues[queue_];
    queue.insert(queue.begin(), buffered_.begin(), buffered_.end());
    queue.insert(queue.begin(), unacknowledged_.begin(), unacknowledged_.end());
    buffered_.clear();
    unacknowledged_.clear();
  }

  FakeBroker& broker_;
  std::string queue_;
  std::uint16_t prefetch_ = 0;
  bool cancelled_ = true;
  bool broken_ = false;
  int idle_ = 0;
  std::uint64_t last_tag_ = 0;
  std::deque<amqp::Message> buffered_;  // delivered, not received yet
  std::deque<amqp::Message> unacknowledged_;
};

}  // namespace

Order order(const std::string& producer, std::uint64_t sequence) {
  return {producer + "-" + std::to_string(sequence), producer, sequence, static_cast<std::int64_t>(sequence * 10)};
}

std::string start_replay(const std::string& queue) {
  return R"({"type":"START_REPLAY","payload":{"queue":")" + queue + R"("}})";
}

std::string end_replay() {
  return R"({"type":"END_REPLAY"})";
}

void FakeBroker::push(const std::string& queue, const Order& order) {
  queues[queue].push_back({order.id, order_body(order), 0});
}

void FakeBroker::push(const std::string& queue, std::initializer_list<Order> orders) {
  for (const Order& order : orders)
    push(queue, order);
}

void FakeBroker::control(const std::string& body) {
  queues["control." + host].push_back({"", body, 0});
}

bool FakeBroker::is_ready(const std::string& queue) const {
  const auto found = queues.find(queue);
  return found != queues.end() && !found->second.empty();
}

ConsumerStatus FakeBroker::run(ConsumerOptions options) {
  ConsumerWorld world;
  world.pod = [this] { return host; };
  world.control_queue = [this] { return "control." + host; };
  world.now = [this] { return std::chrono::microseconds(elapsed_).count(); };
  world.steady_now = [this] { return std::chrono::steady_clock::time_point{elapsed_}; };
  const Consumer* running = nullptr;
  world.wait = [&](Milliseconds time) {
    if (!running->status().connected) pauses.push_back(time);
    advance(time);
  };
  world.log = [this](const Handled& handled) { log.push_back(handled); };
  world.complain = [this](const std::string& text) { complaints.push_back(text); };
  queues["orders"];
  Consumer consumer{*this, std::move(options), std::move(world)};
  running = &consumer;
  consumer.run(stop.get_token());
  return consumer.status();
}

void FakeBroker::advance(Milliseconds time) {
  elapsed_ += time;
  meanwhile();
}

std::size_t FakeBroker::times(const std::string& entry) const {
  return static_cast<std::size_t>(std::count(journal.begin(), journal.end(), entry));
}

std::size_t FakeBroker::position(const std::string& entry) const {
  return static_cast<std::size_t>(std::find(journal.begin(), journal.end(), entry) - journal.begin());
}

std::vector<std::string> FakeBroker::outcomes() const {
  std::vector<std::string> all;
  for (const Handled& handled : log)
    all.push_back(handled.order.id + " " + handled.outcome);
  return all;
}

std::vector<std::string> FakeBroker::answered() const {
  std::vector<std::string> all;
  for (const ResultMessage& result : results)
    all.push_back(result.id);
  return all;
}

Result<std::unique_ptr<Link>> FakeBroker::open(const std::string& control_queue) {
  if (!note("open")) return failure("no broker");
  queues[control_queue];
  return std::make_unique<FakeLink>(*this);
}

bool FakeBroker::note(const std::string& entry) {
  journal.push_back(entry);
  return !breaks(entry);
}

}  // namespace orders::test
