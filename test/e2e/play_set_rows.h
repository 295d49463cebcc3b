// Plays rows of the table of faults with the middle one of a set of three, its siblings watched; and at the end the set
// scales.
#pragma once

#include "test/e2e/play_rows.h"
#include "test/e2e/sets.h"

namespace harness {

inline void play_set_rows(const std::string& ns, const std::vector<Row>& rows) {
  constexpr int kPlayed = 1;
  std::vector<PlayOf<SetScene>> plays;
  plays.reserve(rows.size() + 1);
  for (const Row& row : rows)
    plays.push_back({to_string(row), [row](SetScene& set) { return set.play(kPlayed, row); }});
  plays.push_back({"the set scales", [](SetScene& set) {
                     set.check_scales();
                     return std::string{"to four and back"};
                   }});
  play_rows_of<SetScene>(ns, plays,
                         [](SetScene& set) { set.start({.replicas = 3, .parallel = false, .per_second = 10}); });
}

}  // namespace harness
