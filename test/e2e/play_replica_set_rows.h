// Plays rows of the table of faults with one of a Deployment's two Pods, their ReplicaSet watched.
#pragma once

#include "test/e2e/deployment.h"
#include "test/e2e/play_rows.h"

namespace harness {

struct TwoReplicas : DeploymentScene {
  explicit TwoReplicas(const std::string& ns) : DeploymentScene(ns, 2, 10) {}
};

inline void play_replica_set_rows(const std::string& ns, const std::vector<Row>& rows) {
  constexpr std::size_t kPlayed = 0;
  std::vector<PlayOf<TwoReplicas>> plays;
  plays.reserve(rows.size());
  for (const Row& row : rows)
    plays.push_back({to_string(row), [row](TwoReplicas& pods) { return pods.play(kPlayed, row); }});
  play_rows_of<TwoReplicas>(ns, plays, [](TwoReplicas& /*pods*/) {});  // it is made at work
}

}  // namespace harness
