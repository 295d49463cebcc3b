// Carries out what is done about leftovers, one by one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/cleanup_finds.h"
#include "plugin/cleanup_sweep.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

class Remedies {
 public:
  // `image`: of the agent, for nodes that are to be swept.
  Remedies(const Session& session, const std::vector<Leftover>& all, std::string image);
  ~Remedies();
  Remedies(const Remedies&) = delete;
  Remedies& operator=(const Remedies&) = delete;

  // Success, too, when it has gone by itself. One that has changed since it was looked at is left.
  [[nodiscard]] Outcome<void> apply(const Leftover& leftover);

 private:
  [[nodiscard]] Outcome<void> carry_out(const Leftover& leftover);
  [[nodiscard]] Outcome<void> remove(const RemoveObject& remedy);
  [[nodiscard]] Outcome<void> release(const RemoveObject& remedy);
  [[nodiscard]] Outcome<void> change(const ChangeObject& remedy);
  [[nodiscard]] Outcome<void> remove_queue(const std::string& name, const RemoveQueue& remedy);
  [[nodiscard]] Outcome<void> purge(const std::string& name, const PurgeQueue& remedy);
  [[nodiscard]] Outcome<void> ask(const std::string& node);
  [[nodiscard]] Outcome<void> forget(const std::string& node, const std::string& migration);
  [[nodiscard]] Outcome<void> sweep(const std::string& node);

  const Session& session_;
  // What each node is asked for is asked for at once: its agent looks every 10 s.
  std::map<std::string, std::set<std::string>> to_forget_;
  std::map<std::string, Outcome<void>> asked_;
  // Migrations whose mirror could not be removed: what else is kept of them stays with it.
  std::set<std::string> unreplayed_;
  std::vector<std::string> to_sweep_;
  NodeSweep sweep_;
  std::optional<Outcome<void>> sweep_begun_;
};

}  // namespace migrate::plugin
