// What the end of a Migration means to whoever typed the command. Pure.
#pragma once

#include <string>

#include "shared/migration/migration.h"

namespace migrate::plugin {

// There is nothing to wait for: a final phase, or a doubt that nobody has decided yet.
[[nodiscard]] bool is_over(const Migration& migration);

// By the phase; 0 while it runs.
[[nodiscard]] int exit_code_of(const Migration& migration);

// What became of it, for a person: one sentence or two, without a line end; in doubt, with the commands that decide.
[[nodiscard]] std::string verdict(const Migration& migration);

// `kubectl migrate VERB NAME -n NAMESPACE`
[[nodiscard]] std::string command_line(const std::string& verb, const Migration& migration);

// For whoever follows it no longer: that it goes on, and how to come back or to stop it.
[[nodiscard]] std::string detached(const Migration& migration);
// The same of whose patience is over, in kubectl's words.
[[nodiscard]] std::string timed_out(const Migration& migration);
// The object is gone before its end.
[[nodiscard]] std::string deleted(const Migration& migration);

// "REASON: MESSAGE", or what there is of it.
[[nodiscard]] std::string why(const MigrationStatus& status);

}  // namespace migrate::plugin
