// A broker and a world in memory for the consumer's loop. Time passes only while the consumer waits; every call is
// written into a journal, and any of them can be made to fail, which breaks that link for good.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "test/workloads/consumer/consumer.h"

namespace orders::test {

[[nodiscard]] Order order(const std::string& producer, std::uint64_t sequence);
[[nodiscard]] std::string start_replay(const std::string& queue);
[[nodiscard]] std::string end_replay();

class FakeBroker : public Broker {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // What stands ready in each queue.
  std::map<std::string, std::deque<amqp::Message>> queues;
  std::vector<ResultMessage> results;
  std::vector<std::string> journal;  // "open", "take", "consume QUEUE", "deliver ID", "publish ID", "confirm ID", …
  std::vector<Handled> log;
  std::vector<std::string> complaints;
  std::vector<Milliseconds> pauses;  // between sessions
  std::string host = "orders-0";

  // Called with each entry of the journal; true breaks the link in place of the call.
  std::function<bool(const std::string&)> breaks = [](const std::string&) { return false; };
  // Called whenever time has passed: another party that acts.
  std::function<void()> meanwhile = [] {};
  // Nothing was delivered for a long time: the consumer has done all it will do. Ends the run by default.
  std::function<void()> when_idle = [this] { stop.request_stop(); };
  std::stop_source stop;

  void push(const std::string& queue, const Order& order);
  void push(const std::string& queue, std::initializer_list<Order> orders);
  void control(const std::string& body);                        // into the control queue of this host
  [[nodiscard]] bool is_ready(const std::string& queue) const;  // something stands in it

  // Runs a consumer until it is idle, and answers with its status then.
  ConsumerStatus run(ConsumerOptions options = {});
  void advance(Milliseconds time);
  [[nodiscard]] Milliseconds elapsed() const { return elapsed_; }
  void jump(Milliseconds by) { elapsed_ += by; }  // the clock of another machine

  [[nodiscard]] std::size_t times(const std::string& entry) const;
  [[nodiscard]] std::size_t position(const std::string& entry) const;  // in the journal; its size when absent
  [[nodiscard]] std::vector<std::string> outcomes() const;             // "ID outcome", in order
  [[nodiscard]] std::vector<std::string> answered() const;             // ids of results, in order

  migrate::Result<std::unique_ptr<Link>> open(const std::string& control_queue) override;
  [[nodiscard]] bool note(const std::string& entry);  // false when it breaks

 private:
  Milliseconds elapsed_{1'000'000};
};

}  // namespace orders::test
