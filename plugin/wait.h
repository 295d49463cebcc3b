// Following a Migration until there is nothing more to wait for, and telling what became of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "plugin/arguments.h"
#include "plugin/cluster.h"
#include "plugin/io.h"
#include "plugin/progress.h"

namespace migrate::plugin {

struct Followed {
  enum class End {
    over,       // a final phase, or in doubt
    detached,   // the user went
    timed_out,  // the user's patience is over
    deleted,    // the object is gone
    broken,     // it can no longer be watched
  };
  End end = End::over;
  Seen latest;
  Failure trouble;  // for broken
};

// Watches until the Migration is over (see outcome.h), through lost connections, or for as long as `patience`. Its uid
// is the first one's: another object of that name is a deletion.
[[nodiscard]] Followed follow(const Session& session, Seen first, Progress& progress,
                              std::optional<std::chrono::milliseconds> patience = std::nullopt);

// Follows one, showing it on stdout (on stderr when -o asks for a document on stdout), prints account or document, and
// what went wrong on stderr. `wanted` is the phase that counts as success: what abort wants is no failure.
[[nodiscard]] int follow_to_end(const Session& session, const Options& options, Seen first,
                                Phase wanted = Phase::succeeded,
                                std::optional<std::chrono::milliseconds> patience = std::nullopt);

// A Migration as it is now: picture and account, or document. Exit code by its phase.
[[nodiscard]] int show_once(const Session& session, const Options& options, const Seen& now,
                            Phase wanted = Phase::succeeded);

}  // namespace migrate::plugin
