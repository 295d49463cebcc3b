#include "extender/controller/crew.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/engine.h"

namespace migrate::controller {
namespace {

constexpr unsigned kDryRunWorkers = 2;

Json wanted_of(const Json& object, const Migration& migration) {
  Json wanted = Json::object();
  wanted["spec"] = object.value("spec", Json::object());
  wanted["deleting"] = migration.deleting;
  return wanted;
}

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
  Json wanted = wanted_of(object, *migration);
  const std::lock_guard lock{mutex_};
  Entry& entry = entries_[migration->uid];
  const bool is_news = entry.wanted != wanted;
  entry.wanted = std::move(wanted);
  entry.namespace_ = migration->namespace_;
  entry.name = migration->name;
  entry.is_dry_run = migration->spec.dry_run;
  if (entry.at_work) {
    entry.at_work->tell(*migration);
    entry.changed_meanwhile |= is_news;
    return;
  }
  if (!is_news) return;
  const Time now = std::chrono::steady_clock::now();
  entry.due = std::min(entry.due.value_or(now), now);  // who waits for a thread keeps its turn
  wake_.notify_all();                                  // threads are not alike
}

void Crew::gone(const Json& object) {
  const std::string uid = text_at(object, {"metadata", "uid"});
  world_.metrics.gone(uid);
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(uid);
  if (found != entries_.end() && !found->second.at_work) entries_.erase(found);
}

Crew::Entries::iterator Crew::first_due(bool of_dry_runs) {
  auto first = entries_.end();
  for (auto one = entries_.begin(); one != entries_.end(); ++one) {
    const Entry& entry = one->second;
    if (entry.is_dry_run != of_dry_runs || entry.at_work || !entry.due) continue;
    if (first == entries_.end() || *entry.due < *first->second.due) first = one;
  }
  return first;
}

void Crew::work(bool of_dry_runs) {
  std::unique_lock lock{mutex_};
  while (!leave_.stop_requested()) {
    const auto found = first_due(of_dry_runs);
    const Time now = std::chrono::steady_clock::now();
    if (found == entries_.end() || *found->second.due > now) {
      // A second at most, which costs nothing.
      const Time latest = now + std::chrono::seconds{1};
      const Time until = found == entries_.end() ? latest : std::min(latest, *found->second.due);
      wake_.wait_until(lock, leave_, until, [&] {
        const auto first = first_due(of_dry_runs);
        return first != entries_.end() && *first->second.due <= std::chrono::steady_clock::now();
      });
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
