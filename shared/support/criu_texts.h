// CRIU's logs as agents print them into their own (node/agent/criu_log.h), put together again. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace migrate::support {

// By "MIGRATION-CONTAINER-FILE", the migration being its uid: the last lines of CRIU's dump.log or restore.log. `log`
// is an agent's; its other lines are skipped. Of a log that was told more than once, the last time counts.
[[nodiscard]] std::map<std::string, std::string> criu_texts(std::string_view log);

}  // namespace migrate::support
