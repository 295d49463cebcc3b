// The source's durable record, and what each order may do to it. Pure; the whole rule is here.
//
// Rule. `frozen` is written before anything is paused. From `frozen` exactly one step leads on, committed or thawed,
// durable before what it permits is done: only the answer `committed` lets memory run elsewhere, and only after
// `thawed` is written do the containers run again here. Uncommitted at its deadline the record becomes `thawed`
// whether somebody asks or not. After the commit only the word of the target's agent that memory never ran there leads
// back, and only while the containers still exist.
//
// Frozen for a snapshot it is `frozen` too, with a mark that forbids the commit: so it may run on before the record
// says `snapshotted`. Whatever cuts the snapshot off (the deadline, an agent that ends) makes it `thawed`.
//
//                none          snapshotted   frozen                    committed                 thawed
//   snapshot     freeze        answer        precondition (1)          precondition (1)          precondition
//   freeze       freeze        freeze        answer (paused again)     answer                    answer
//   checkpoint   precondition  precondition  go on; too late: thaw (2) precondition              precondition
//   read         precondition  go on         go on                     go on                     precondition
//   commit       precondition  precondition  commit; too late: thaw    answer                    answer
//   thaw         answer        thawed        thaw                      refused; never ran: thaw  answer
//   clean_up     go on         go on         refused                   go on                     go on, once they run
//
// (1) answer, if it was snapshotted before. (2) precondition, if it was: what the target has is the snapshot.
// While it is frozen for a snapshot: read, thaw and clean_up as frozen, else precondition; too late: thaw.
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

struct SnapshotTaken {
  Instant frozen_at;
  milliseconds frozen{0};
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
  bool settled = false;                // frozen: all are paused; thawed: all run again, or are gone
  std::vector<std::string> lost = {};  // those that are gone, by name
  std::vector<Archive> archives;
  bool for_snapshot = false;              // frozen until its memory is written, never committed
  bool runs_on = false;                   // for_snapshot: it is written, and packed now. Not on the disk
  std::optional<SnapshotTaken> snapshot;  // `archives` are of it
};

[[nodiscard]] std::string to_text(const StoredSource& stored);
[[nodiscard]] Result<StoredSource> parse_source(const std::string& text);
[[nodiscard]] SourceRecord to_answer(const StoredSource& stored);
[[nodiscard]] std::string_view to_string(SourceState state);
// Its deadline has passed, and it still waits for what should have come before.
[[nodiscard]] bool is_overdue(const StoredSource& stored, Instant now);

enum class SourceOrder { snapshot, freeze, checkpoint, read, commit, thaw, thaw_never_ran, clean_up };
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
