// One way of a self-test, there and back: a workload, two migrations, and after each whether its memory came along.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "plugin/check_list.h"
#include "plugin/cluster.h"
#include "plugin/self_test_ways.h"
#include "shared/counter/counter.h"

namespace migrate::plugin {

// Of each migration that succeeded.
struct Spans {
  std::vector<milliseconds> freezes;
  std::vector<milliseconds> gaps;
};

class SelfTestTrip {
 public:
  // Of a workload that has been asked for already.
  SelfTestTrip(const Session& session, CheckList& checks, const Way& way, const NodePair& nodes, Spans& spans);

  // In the list, up to the first step that fails: then false. The only error is that the user wants to go.
  [[nodiscard]] Outcome<bool> run();

 private:
  using Steady = std::chrono::steady_clock::time_point;

  Outcome<void> there_and_back();
  Outcome<void> deploy();
  Outcome<void> move();
  Outcome<void> check_owner();
  Outcome<void> check_memory();

  // What the Pod has said: its first line, or its last.
  enum class Which { first, last };
  [[nodiscard]] Outcome<counter::Line> line(Which which);
  // Once it is ready. An error says what keeps it from that.
  [[nodiscard]] Outcome<Json> ready_pod();
  // Its end, when it succeeded.
  [[nodiscard]] Outcome<Migration> follow_bounded(Seen first);
  [[nodiscard]] std::string account_of(const Migration& migration) const;
  Outcome<void> wait(milliseconds span);
  [[nodiscard]] Steady now() const { return session_.io.pacer.now(); }

  const Session& session_;
  CheckList& checks_;
  const Way& way_;
  const NodePair& nodes_;
  Spans& spans_;
  std::string step_;  // what is tried
  std::string pod_;
  std::string node_;
  counter::Line before_;  // the last that was said before a migration
};

}  // namespace migrate::plugin
