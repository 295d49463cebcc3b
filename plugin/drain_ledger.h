// The books of a drain: what becomes of each Pod of the node, from one look to the next, and what is to be done now.
// Nothing in it reaches out, and there is nothing in it that a second drain would not find out from its first looks,
// but how often something was tried.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin/drain_again.h"
#include "plugin/drain_look.h"
#include "plugin/drain_turns.h"

namespace migrate::plugin {

struct DrainEntry {
  enum class State {
    waiting,   // is to be migrated, when it is its turn
    moving,    // a Migration is at work
    moved,     // it has succeeded; what is left on the node is ended by the kubelet
    to_evict,  // is to be evicted
    evicting,  // the API server has agreed
    evicted,   // and it is gone
    going,     // somebody else deletes it
    gone,      // has left by itself
    ignored,   // belongs to the node
    left,      // nothing more is tried
    failed,    // its Migration has: where its memory is, is for a person to find out
    in_doubt,  // a person has to decide
  };

  DrainPod pod;
  State state = State::waiting;
  bool is_there = true;            // on the node
  bool is_judged = false;          // its state is by what its object said, which may change
  std::string why = {};            // of what is not moved: a clause
  std::string advice = {};         // what to do about it
  std::optional<Migration> moves;  // the Migration that moves it, or has, as last seen
  Tries tries = {};                // how those that were made for it ended
  std::chrono::steady_clock::time_point not_before = {};
  std::optional<std::chrono::steady_clock::time_point> held_since = {};  // by a PodDisruptionBudget
  bool is_hold_told = false;
};

// Whether something can still come of it without anybody's help.
[[nodiscard]] bool is_open(const DrainEntry& entry);
// Whether it keeps the node from being drained.
[[nodiscard]] bool is_pending(const DrainEntry& entry);

class DrainLedger {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Lines = std::vector<std::string>;

  struct Aims {
    DrainScope scope;
    DrainRules rules;
    DrainLimits limits;
    std::string target;  // --to
  };
  explicit DrainLedger(Aims aims) : aims_(std::move(aims)) {}

  // What has changed, for a person.
  [[nodiscard]] Lines take(DrainLook look, Time now);

  struct Next {
    std::vector<DrainPod> migrate;  // in their turn
    // But for what has finished, when nobody is to move any more: a broker that goes takes its consumers' moves with
    // it.
    std::vector<DrainPod> evict;
    Lines lines;
  };
  [[nodiscard]] Next next(Time now);

  // What came of it. Who could not even ask for a Migration evicts nothing instead: a right that is missing is no
  // reason to lose memory.
  void started(const DrainPod& pod, const Migration& migration);
  void not_started(const DrainPod& pod, const std::string& why);
  // The same for what may pass: how long until it is tried once more; nothing: it has been tried often enough.
  [[nodiscard]] std::optional<std::chrono::seconds> start_later(const DrainPod& pod, const std::string& why, Time now);
  // The controller's answer to a dry run.
  void would_be_refused(const DrainPod& pod, const Migration& answer);
  void evicting(const DrainPod& pod);
  void evict_later(const DrainPod& pod, const std::string& why, Time when);
  void not_evicted(const DrainPod& pod, const std::string& why);

  // What budget keeps it from moving as things stand, a clause; empty: none does.
  [[nodiscard]] std::string budget_wait(const DrainPod& pod) const;
  // Something is under way, or waits for its turn.
  [[nodiscard]] bool is_open() const;
  // By namespace and name.
  [[nodiscard]] std::vector<const DrainEntry*> entries() const;

 private:
  [[nodiscard]] std::vector<AtWork> all_at_work() const;
  [[nodiscard]] Mover mover_of(const DrainPod& pod) const;
  [[nodiscard]] bool is_anybody_to_move(Time now) const;
  [[nodiscard]] std::vector<Mover> movers(Time now);
  void take_evictions(Next& next, std::vector<AtWork> at_work, Time now);

  void take_pods();
  void adopt_moved();
  void judge(DrainEntry& entry);
  void leave(DrainEntry& entry, Leaving leaving);
  void follow(DrainEntry& entry, Time now, Lines& lines);
  void follow_at_work(DrainEntry& entry, const Migration& at_work, Time now, Lines& lines);
  void conclude(DrainEntry& entry, const Migration& ended, Time now, Lines& lines);
  static void stay(DrainEntry& entry, const std::string& why, const std::string& advice = "");
  static void hold(DrainEntry& entry, const Wait& wait, Time now, Lines& lines);
  static void look_whether_gone(DrainEntry& entry, Lines& lines);

  Aims aims_;
  DrainLook look_;
  std::map<std::string, DrainEntry> entries_;  // by the Pod's uid
};

}  // namespace migrate::plugin
