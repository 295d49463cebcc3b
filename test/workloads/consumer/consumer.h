// orders-consumer's loop: connect, obey the control queue, handle messages one by one, survive being checkpointed.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "test/workloads/consumer/link.h"
#include "test/workloads/core/order_state.h"
#include "test/workloads/core/records.h"
#include "test/workloads/protocol/replay_protocol.h"

namespace orders {

struct ConsumerOptions {
  std::string queue = "orders";
  std::uint16_t prefetch = 10;
  std::chrono::milliseconds service_time{50};
  Idempotency idempotency = Idempotency::yes;
};

// The world around the loop; real ones in main, recorded ones in tests.
struct ConsumerWorld {
  std::function<std::string()> control_queue = control_queue_name;
  std::function<std::int64_t()> now;                          // microseconds since 1970
  std::function<std::chrono::steady_clock::time_point()> steady_now;
  std::function<void(std::chrono::milliseconds)> wait;        // the work itself, and pauses between attempts
  std::function<void(const Handled&)> log;
  std::function<void(const std::string&)> complain;           // connection troubles, for people
};

struct ConsumerStatus {
  OrderState state;
  std::uint64_t duplicates = 0;
  std::size_t unpublished = 0;
  std::string queue;
  bool replaying = false;
  bool connected = false;
  std::uint64_t connects = 0;
};

// `run` belongs to one thread; `status` may be called from any.
class Consumer {
 public:
  Consumer(Broker& broker, ConsumerOptions options, ConsumerWorld world);

  void run(const std::stop_token& stop);
  [[nodiscard]] ConsumerStatus status() const;

 private:
  migrate::Result<void> session(Link& link, const std::string& control_queue, const std::stop_token& stop);
  migrate::Result<ReplayProtocol::Change> obey_control_queue(Link& link, const std::string& control_queue);
  migrate::Result<void> finish_replay(Link& link);
  migrate::Result<void> handle(Link& link, const amqp::Message& message, const std::string& queue);

  Broker& broker_;
  ConsumerOptions options_;
  ConsumerWorld world_;
  ReplayProtocol protocol_;
  mutable std::mutex mutex_;  // guards what status() reads: everything below
  ResultLedger ledger_;
  bool connected_ = false;
  std::uint64_t connects_ = 0;
};

}  // namespace orders
