// What is told of the messages of a migration with replay: while it runs, and in the end. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/migration/migration.h"

namespace migrate::plugin {

// "10.2/s", "1234/s"
[[nodiscard]] std::string rate_text(double per_second);
// "measured at the target"; "" while it is unknown.
[[nodiscard]] std::string known_from(RateSource source);
// Of status.messages.cutBecause: "the target had caught up".
[[nodiscard]] std::string cut_text(std::string_view because);

// "4.250 s after the mirror began", "planned 57.9 s", "the target had caught up"; none before the cut.
[[nodiscard]] std::vector<std::string> cutoff_parts(const MessagesStatus& messages);
// "in 10.2/s", "out 19.8/s, measured at the target": what is known of them.
[[nodiscard]] std::vector<std::string> rate_parts(const MessagesStatus& messages);
// "342", or "about 342" where it is not counted; "" while nothing is known.
[[nodiscard]] std::string mirrored_text(const MessagesStatus& messages);
[[nodiscard]] std::string replayed_text(const MessagesStatus& messages);
// "342 mirrored", "342 replayed", "5 left at the cut", "0 lost", "no more than 3 repeated": what is known of them.
[[nodiscard]] std::vector<std::string> count_parts(const MessagesStatus& messages);

// As it stands now: "replaying 34 left", "in 10.2/s", "out 19.8/s", "source stops at the latest in 12 s". Nothing where
// the phase has nothing to do with the mirror, or nothing is known yet.
[[nodiscard]] std::vector<std::string> replay_parts(const MigrationStatus& status, Instant now);

}  // namespace migrate::plugin
