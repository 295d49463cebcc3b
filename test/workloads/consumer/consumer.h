// orders-consumer's loop: connect, obey the control queue, handle messages one by one, survive being checkpointed.
//
// A restored copy finds its connections closed and wakes in the middle of whatever it did. It needs no code of its own
// for that: the broken session ends, what was delivered but not acknowledged is dropped with it, and the next session
// begins with the control queue of the Pod it runs in now. Time may have jumped either way; no wait depends on it.
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
  std::function<std::string()> pod;
  std::function<std::string()> control_queue;
  std::function<std::int64_t()> now;  // microseconds since 1970
  std::function<std::chrono::steady_clock::time_point()> steady_now;
  std::function<void(std::chrono::milliseconds)> wait;  // the work itself, and pauses between attempts
  std::function<void(const Handled&)> log;
  std::function<void(const std::string&)> complain;  // connection troubles, for people
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
  // What belongs to one connection, and is forgotten with it.
  struct Session {
    Link& link;
    std::string control_queue;
    std::stop_token stop;
    std::chrono::steady_clock::time_point last_look;
    std::string consuming;  // empty before the first consume
  };

  migrate::Result<void> serve(Session& session);
  migrate::Result<void> look_into_control_queue(Session& session);
  migrate::Result<void> look_if_due(Session& session);
  [[nodiscard]] bool look_is_due(const Session& session) const;
  migrate::Result<void> go_to_queue(Session& session);
  migrate::Result<void> consume(Session& session);
  migrate::Result<void> finish_replay(Session& session, std::chrono::milliseconds patience);
  migrate::Result<void> work(Session& session);
  migrate::Result<void> handle(Session& session, const amqp::Message& message);
  Handled apply(const Session& session, const Order& order, ResultLedger::Taken& taken);
  void set_connected(bool connected);

  Broker& broker_;
  ConsumerOptions options_;
  ConsumerWorld world_;
  mutable std::mutex mutex_;  // guards what status() reads: everything below
  ReplayProtocol protocol_;
  ResultLedger ledger_;
  bool connected_ = false;
  std::uint64_t connects_ = 0;
};

}  // namespace orders
