// The judge: from what producers, consumers and the results' collector left behind, what was lost, repeated, reordered
// or altered, and how long nothing went on.
//
// The order in which messages took effect is the queue's, and no producer's record knows it. The logs do: each line
// carries the digest of the state before and after, so the lines form chains. The chain that ends at the final state's
// digest is the history of the instance that lived on, followed back through all its incarnations; an instance that was
// thrown away (a source after its checkpoint) is a side branch, and what it handled there must stand on the main chain
// too. Each link is computed anew from the record's own content by a fresh consumer's state.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "test/workloads/audit/gap.h"
#include "test/workloads/audit/history.h"

namespace orders {

enum class Category {
  lost_in_state,        // the broker confirmed it, or somebody handled it, and the final state does not contain it
  lost_result,          // the same, and no result arrived
  duplicated_in_state,  // applied more than once
  duplicate_results,    // its result was published more than once, and not because its confirm was cut off
  wrong_result,         // its result is not what the replay gives
  reordered,            // applied after a later one of its producer
  foreign,              // handled or answered, but sent by nobody, or returned by the broker to its sender
  altered,              // applied with another content than it was sent with
  digest_mismatch,      // the logs do not lead to the final state, or the replay gives another one
  memory,               // the memory block is not as it was
  gap,                  // the message gap is longer than allowed
};
inline constexpr std::array kCategories{Category::lost_in_state,
                                        Category::lost_result,
                                        Category::duplicated_in_state,
                                        Category::duplicate_results,
                                        Category::wrong_result,
                                        Category::reordered,
                                        Category::foreign,
                                        Category::altered,
                                        Category::digest_mismatch,
                                        Category::memory,
                                        Category::gap};
[[nodiscard]] const char* to_string(Category category);

struct Fault {
  Category category;
  std::string subject;  // the message's id, or what else it is about
  std::string text;
};

struct Instance {
  std::uint64_t handled = 0;  // log lines, repeated messages included
  std::uint64_t effective = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

struct Audit {
  std::map<std::string, std::uint64_t> sent;  // by delivery, as a word
  std::uint64_t effective = 0;                // messages on the main chain
  std::uint64_t side_branch = 0;              // effective log lines that are not on it
  std::uint64_t results = 0;                  // publications that arrived
  std::uint64_t repeated_results = 0;         // among them those whose first confirm was cut off
  std::map<std::string, Instance> instances;  // by Pod
  Gap gap;
  std::vector<Fault> faults;

  [[nodiscard]] std::uint64_t count(Category category) const;
};

[[nodiscard]] Audit judge(const History& history);

}  // namespace orders
