// The calls that a server is carrying out, and the word to each that its caller is gone. Internal to shared/agent_api.
//
// gRPC's synchronous server tells nobody that a call was cancelled; it has to be asked. One thread asks for all of
// them, every 25 ms while there are any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>

namespace migrate::agent {

class Calls {
 public:
  Calls();
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  // One call while it lives.
  class Ticket {
   public:
    Ticket(Calls& calls, std::uint64_t id, std::stop_token stop) : calls_(calls), id_(id), stop_(std::move(stop)) {}
    ~Ticket() { calls_.leave(id_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    [[nodiscard]] const std::stop_token& stop() const { return stop_; }

   private:
    Calls& calls_;
    std::uint64_t id_;
    std::stop_token stop_;
  };
  // `is_cancelled` is asked from another thread for as long as the ticket lives.
  [[nodiscard]] Ticket enter(std::function<bool()> is_cancelled);
  // Every call that runs, and every one that comes later.
  void stop_all();

 private:
  struct Running {
    std::function<bool()> is_cancelled;
    std::stop_source stop;
  };
  void leave(std::uint64_t id);
  void watch(const std::stop_token& end);

  std::mutex mutex_;
  std::condition_variable_any came_;
  std::map<std::uint64_t, Running> running_;
  std::uint64_t last_ = 0;
  bool stopping_ = false;
  std::jthread watcher_;  // last: it uses the others
};

}  // namespace migrate::agent
