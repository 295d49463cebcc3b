// The migrations that are known, and the threads that drive them: each migration on one thread at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "extender/controller/signals.h"
#include "extender/controller/world.h"

namespace migrate::controller {

class Crew {
 public:
  // Works until `leave`; its end waits for all threads. Dry runs have two of their own beside `workers`: no migration
  // at work waits for a thread because somebody asks what would be.
  Crew(World& world, unsigned workers, const std::stop_token& leave);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // A Migration as the watch shows it: what it says reaches the one at work at once.
  void changed(const Json& object);
  void gone(const Json& object);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    std::string namespace_;
    std::string name;
    bool is_dry_run = false;
    std::optional<Time> due;           // nothing: not before it changes
    std::shared_ptr<Signals> at_work;  // null: nobody drives it
    bool changed_meanwhile = false;
  };

  // Of migrations, or of dry runs.
  void work(bool of_dry_runs);
  std::map<std::string, Entry>::iterator next_due(bool of_dry_runs, Time now);
  World& world_;
  std::stop_token leave_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::string, Entry> entries_;  // by uid
  std::vector<std::jthread> threads_;
};

}  // namespace migrate::controller
