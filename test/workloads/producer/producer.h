// orders-producer's loop: several logical producers over one connection with publisher confirms, and a record of what
// became of every message.
//
// A message is sent once. When the connection breaks before the broker confirmed it, it is recorded as unknown and the
// next sequence number follows: to send it again would make a duplicate, and tests look for those.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "test/workloads/core/records.h"
#include "test/workloads/producer/links.h"
#include "test/workloads/producer/schedule.h"

namespace orders {

struct ProducerOptions {
  std::string name = "producer";  // the logical ones are called NAME-0, NAME-1, …, the messages NAME-0-1, NAME-0-2, …
  ScheduleOptions schedule;
  std::optional<std::uint64_t> count{};                 // messages of all producers together
  std::optional<std::chrono::microseconds> duration{};  // no message is due at or after it
  std::size_t max_unconfirmed = 1000;                   // at so many it waits, and what is due meanwhile is sent late
  std::chrono::microseconds last_wait = std::chrono::seconds{10};  // for confirms, when all is sent
};

// The world around the loop. There is one clock, the wall's: the instants of the record are compared with others'.
struct ProducerWorld {
  std::function<std::int64_t()> now;  // microseconds since 1970
  std::function<void(std::chrono::microseconds)> wait;
  std::function<void(const Sent&)> record;  // called once for each message sent
  std::function<void(const std::string&)> complain;
};

struct ProducerStatus {
  std::uint64_t sent = 0;
  std::map<std::string, std::uint64_t> settled;  // by delivery, as a word
  std::size_t unconfirmed = 0;
  std::int64_t max_lateness = 0;  // microseconds
  bool connected = false;
  bool finished = false;  // nothing will be sent any more and everything sent is recorded
};

// `run` belongs to one thread; `status` may be called from any.
class Producer {
 public:
  Producer(Opener<PublishLink>& broker, ProducerOptions options, ProducerWorld world);

  // Until everything is sent or stop is requested; then until everything is settled.
  void run(const std::stop_token& stop);
  [[nodiscard]] ProducerStatus status() const;

 private:
  [[nodiscard]] bool is_last(const Slot& slot) const;
  bool connect();
  void publish(const Slot& slot, std::int64_t due);
  void listen(std::chrono::microseconds time);
  bool settle(std::chrono::milliseconds timeout);
  void settle_one(Sent sent, Delivery delivery);
  void take(const amqp::Settled& settled);
  void give_up_unconfirmed();
  void drop_link(const std::string& why);

  Opener<PublishLink>& broker_;
  ProducerOptions options_;
  ProducerWorld world_;
  Schedule schedule_;
  std::unique_ptr<PublishLink> link_;
  std::uint64_t last_tag_ = 0;
  std::map<std::uint64_t, Sent> unconfirmed_;  // by tag on this link
  std::chrono::milliseconds pause_;
  mutable std::mutex mutex_;  // guards what status() reads
  ProducerStatus status_;
};

}  // namespace orders
