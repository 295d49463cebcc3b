// What a test run left behind, as the audit takes it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "test/workloads/audit/gap.h"
#include "test/workloads/core/records.h"

namespace orders {

// The consumer's /state at the end, when its queues were empty.
struct FinalState {
  std::string pod;
  std::int64_t at = 0;
  OrderState state;
  bool memory_intact = false;
};

struct History {
  std::vector<Sent> record;
  std::vector<Handled> log;  // of all instances, in any order; lines may be there twice
  std::vector<Collected> results;
  FinalState state;
  Window gap_within = {};  // no other message gap counts
};

// Files as they were written. A record in which an id comes twice is refused: two producers shared a name, and nothing
// could be judged by it.
[[nodiscard]] migrate::Result<std::vector<Sent>> parse_record(std::string_view text);
[[nodiscard]] migrate::Result<std::vector<Collected>> parse_results(std::string_view text);
// A Pod's log, as kubectl prints it or as the runtime keeps it ("TIME stdout F LINE"); lines that are no JSON objects
// are the program's complaints and are passed over.
[[nodiscard]] migrate::Result<std::vector<Handled>> parse_log(std::string_view text);
[[nodiscard]] migrate::Result<FinalState> parse_state(std::string_view json);

struct HistoryFiles {
  std::vector<std::string> records;
  std::vector<std::string> logs;
  std::vector<std::string> results;
  std::string state;
};
[[nodiscard]] migrate::Result<History> read_history(const HistoryFiles& files);

}  // namespace orders
