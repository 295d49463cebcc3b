// The books of a drain: what becomes of each Pod of the node, from one look to the next, and what is to be done now.
// Nothing in it reaches out, and there is nothing in it that a second drain would not find out from its first looks,
// but how often something was tried.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
  std::string why = {};            // of what is not moved: a clause
  std::string advice = {};         // what to do about it
  std::optional<Migration> moves;  // the Migration that moves it, or has, as last seen
  unsigned tries = 0;              // Migrations that have been made for it
  std::chrono::steady_clock::time_point not_before = {};
  std::optional<std::chrono::steady_clock::time_point> held_since = {};  // by a PodDisruptionBudget
  bool is_hold_told = false;
};

// Whether something can still come of it without anybody's help.
[[nodiscard]] bool is_open(const DrainEntry& entry);
// Whether it keeps the node from being drained.
[[nodiscard]] bool is_pending(const DrainEntry& entry);

// How long to wait before a migration that ended is tried once more; nothing: it is not. `tries` were made so far.
// A refusal that passes by itself (the set rolls out, the Pod is not ready) is tried for a minute; what was rolled back
// three times in all, unless somebody had it aborted.
[[nodiscard]] std::optional<std::chrono::seconds> again_after(const Migration& ended, unsigned tries);

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
    std::vector<DrainPod> evict;
    Lines lines;
  };
  [[nodiscard]] Next next(Time now);

  // What came of it. Who could not even ask for a Migration evicts nothing instead: a right that is missing is no
  // reason to lose memory.
  void started(const DrainPod& pod, const Migration& migration);
  void not_started(const DrainPod& pod, const std::string& why);
  // The controller's answer to a dry run.
  void would_be_refused(const DrainPod& pod, const Migration& answer);
  void evicting(const DrainPod& pod);
  void evict_later(const DrainPod& pod, const std::string& why, Time when);
  void not_evicted(const DrainPod& pod, const std::string& why);

  // Something is under way, or waits for its turn.
  [[nodiscard]] bool is_open() const;
  // By namespace and name.
  [[nodiscard]] std::vector<const DrainEntry*> entries() const;

 private:
  [[nodiscard]] const Migration* at_work_on(const std::string& pod_uid) const;
  [[nodiscard]] const Migration* known(const std::string& uid) const;
  // The Migration at work whose target, or whose place for one, the Pod is.
  [[nodiscard]] const Migration* towards(const DrainPod& pod) const;
  [[nodiscard]] std::vector<AtWork> all_at_work() const;
  [[nodiscard]] Mover mover_of(const DrainPod& pod) const;

  void take_pods();
  void adopt_moved();
  void judge(DrainEntry& entry);
  void leave(DrainEntry& entry, Leaving leaving);
  void follow(DrainEntry& entry, Time now, Lines& lines);
  void conclude(DrainEntry& entry, const Migration& ended, Time now, Lines& lines);
  static void stay(DrainEntry& entry, const std::string& why, const std::string& advice = "");
  static void hold(DrainEntry& entry, const Wait& wait, Time now, Lines& lines);
  static void look_whether_gone(DrainEntry& entry, Lines& lines);

  Aims aims_;
  DrainLook look_;
  std::map<std::string, DrainEntry> entries_;  // by the Pod's uid
};

}  // namespace migrate::plugin
