#include "extender/controller/crew.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/engine.h"

namespace migrate::controller {
namespace {

constexpr unsigned kDryRunWorkers = 2;

}  // namespace

Crew::Crew(World& world, unsigned workers, const std::stop_token& leave) : world_(world), leave_(leave) {
  threads_.reserve(workers + kDryRunWorkers);
  for (unsigned i = 0; i < workers + kDryRunWorkers; ++i)
    threads_.emplace_back([this, of_dry_runs = i >= workers] { work(of_dry_runs); });
}

Crew::~Crew() {
  threads_.clear();  // joins: `leave` was requested, or this waits for it
}

void Crew::changed(const Json& object) {
  auto migration = parse_migration(object);
  if (!migration) {
    world_.log.error("cannot read a Migration", {{"name", text_at(object, {"metadata", "name"})},
                                                 {"namespace", text_at(object, {"metadata", "namespace"})},
                                                 {"error", migration.error().message}});
    return;
  }
  world_.speeds.learn(*migration);
  if (!migration->spec.dry_run) world_.metrics.stands(migration->uid, migration->created, migration->status.phase);
  const std::lock_guard lock{mutex_};
  Entry& entry = entries_[migration->uid];
  entry.namespace_ = migration->namespace_;
  entry.name = migration->name;
  entry.is_dry_run = migration->spec.dry_run;
  if (entry.at_work) {
    entry.at_work->tell(*migration);
    entry.changed_meanwhile = true;
    return;
  }
  entry.due = std::chrono::steady_clock::now();
  wake_.notify_all();  // threads are not alike
}

void Crew::gone(const Json& object) {
  const std::string uid = text_at(object, {"metadata", "uid"});
  world_.metrics.gone(uid);
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(uid);
  if (found != entries_.end() && !found->second.at_work) entries_.erase(found);
}

std::map<std::string, Crew::Entry>::iterator Crew::next_due(bool of_dry_runs, Time now) {
  return std::find_if(entries_.begin(), entries_.end(), [&](const auto& one) {
    const Entry& entry = one.second;
    return entry.is_dry_run == of_dry_runs && !entry.at_work && entry.due && *entry.due <= now;
  });
}

void Crew::work(bool of_dry_runs) {
  std::unique_lock lock{mutex_};
  while (!leave_.stop_requested()) {
    const auto found = next_due(of_dry_runs, std::chrono::steady_clock::now());
    if (found == entries_.end()) {
      // The earliest that is due later; a second at most, which costs nothing.
      Time until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
      for (const auto& [uid, entry] : entries_)
        if (entry.is_dry_run == of_dry_runs && !entry.at_work && entry.due) until = std::min(until, *entry.due);
      wake_.wait_until(lock, leave_, until,
                       [&] { return next_due(of_dry_runs, std::chrono::steady_clock::now()) != entries_.end(); });
      continue;
    }
    const std::string uid = found->first;
    const std::string space = found->second.namespace_;
    const std::string name = found->second.name;
    const auto signals = std::make_shared<Signals>(leave_);
    found->second.at_work = signals;
    found->second.changed_meanwhile = false;
    found->second.due.reset();
    lock.unlock();
    const auto again = drive(world_, *signals, space, name);
    lock.lock();
    Entry& entry = entries_[uid];
    entry.at_work.reset();
    if (entry.changed_meanwhile)
      entry.due = std::chrono::steady_clock::now();
    else if (again)
      entry.due = std::chrono::steady_clock::now() + *again;
    else
      entries_.erase(uid);
  }
}

}  // namespace migrate::controller
