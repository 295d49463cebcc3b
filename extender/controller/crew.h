// The migrations that are known, and the threads that drive them: each migration on one thread at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
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

  // A Migration as the watch shows it: what it says reaches the one at work at once. It is taken up for what people
  // want of it alone: its record is written by who drives it, and one that has just said that it waits is not to wake
  // itself.
  void changed(const Json& object);
  void gone(const Json& object);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    std::string namespace_;
    std::string name;
    bool is_dry_run = false;
    Json wanted;                       // by people: what it was told last
    std::optional<Time> due;           // nothing: not before it changes
    std::shared_ptr<Signals> at_work;  // null: nobody drives it
    bool changed_meanwhile = false;
  };

  using Entries = std::map<std::string, Entry>;  // by uid

  // Of migrations, or of dry runs.
  void work(bool of_dry_runs);
  // The one that has been due for longest, or else will be due first.
  Entries::iterator first_due(bool of_dry_runs);
  World& world_;
  std::stop_token leave_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  Entries entries_;
  std::vector<std::jthread> threads_;
};

}  // namespace migrate::controller
