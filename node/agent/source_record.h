// The source's durable record, and what each order may do to it. Pure; the whole rule is here.
//
// Rule. `frozen` is written before anything is paused. From `frozen` exactly one step leads on, committed or thawed,
// durable before what it permits is done: only the answer `committed` lets memory run elsewhere, and only after
// `thawed` is written do the containers run again here. Uncommitted at its deadline the record becomes `thawed`
// whether somebody asks or not. After the commit only the word of the target's agent that memory never ran there leads
// back, and only while the containers still exist.
//
//                none          frozen                    committed                 thawed
//   freeze       freeze        answer (paused again)     answer                    answer
//   checkpoint   precondition  go on; too late: refused  precondition              precondition
//   read         precondition  go on                     go on                     precondition
//   commit       precondition  commit; too late: thaw    answer                    answer
//   thaw         answer        thaw                      refused; never ran: thaw  answer
//   clean_up     go on         refused                   go on                     go on, once they run again
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/agent_api/agent_api.h"

namespace migrate::agent {

struct FrozenContainer {
  std::string name;
  std::string id;  // the runtime's
  bool operator==(const FrozenContainer&) const = default;
};

struct StoredSource {
  SourceState state = SourceState::none;
  std::int64_t term = 0;  // of the order that wrote it last
  std::string name;       // the Migration's NAMESPACE/NAME
  PodRef pod;
  std::vector<FrozenContainer> containers;
  std::string target_node;
  Instant deadline;
  std::string boot_id;  // containers do not outlive a boot
  std::optional<Instant> frozen_at;
  std::optional<Instant> ended_at;
  std::string message;
  bool settled = false;  // frozen: all are paused; thawed: all run again, or are gone
  std::vector<Archive> archives;
};

[[nodiscard]] std::string to_text(const StoredSource& stored);
[[nodiscard]] Result<StoredSource> parse_source(const std::string& text);
[[nodiscard]] SourceRecord to_answer(const StoredSource& stored);
[[nodiscard]] std::string_view to_string(SourceState state);

enum class SourceOrder { freeze, checkpoint, read, commit, thaw, thaw_never_ran, clean_up };
enum class SourceAct {
  go_on,         // carry the order out
  answer,        // nothing to do: the record is the answer
  thaw,          // the deadline has passed: thaw, then answer
  precondition,  // the record is not as the order supposes
  refuse,        // the rule forbids it
};
[[nodiscard]] SourceAct decide(SourceOrder order, const StoredSource& stored, Instant now);

// For a person: why an order was not carried out.
[[nodiscard]] std::string explain(SourceOrder order, const StoredSource& stored);

}  // namespace migrate::agent
