// Whether what runs on one node can be restored on another, by their facts. Pure.
#pragma once

#include <string>
#include <vector>

#include "shared/migration/node_facts.h"
#include "shared/migration/version.h"

namespace migrate {

// One thing that `to` has otherwise than `from`.
struct Misfit {
  enum class What {
    architecture,
    cpu_features,
    criu,    // none, too old for anybody, or older than what writes the archives
    kernel,  // older; it restores what asks for nothing newer, and so is no obstacle
  };
  What what = What::architecture;
  std::string message;  // with both nodes' names
  std::string brief;    // without: "arm64, not amd64"
  [[nodiscard]] bool is_obstacle() const { return what != What::kernel; }
};
[[nodiscard]] std::vector<Misfit> misfits(const NodeFacts& from, const NodeFacts& to);

struct NodeMatch {
  bool fits = true;
  std::vector<std::string> why;  // of a pair that fits: what is worth knowing all the same
};
[[nodiscard]] NodeMatch match(const NodeFacts& from, const NodeFacts& to);

// Two pieces of it, for who asks of thousands of nodes: what `to` lacks of `from`, both sorted; and the oldest CRIU
// that restores what `writer` has written.
[[nodiscard]] std::vector<std::string> missing_features(const std::vector<std::string>& from,
                                                        const std::vector<std::string>& to);
[[nodiscard]] Version least_criu(Version writer);

}  // namespace migrate
