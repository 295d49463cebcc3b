// Words that are no flags: commands, and Migrations by name. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace migrate::plugin {

// Commands that somebody may have meant, also by the word that other programs have for them.
[[nodiscard]] std::vector<std::string> commands_like(std::string_view word);

// As kubectl says it, with those that may have been meant below.
[[nodiscard]] std::string unknown_command(std::string_view word);

// The word before the slash.
[[nodiscard]] bool is_migration_type(std::string_view type);

// The name of `NAME`, `mig/NAME`, `migration/NAME`, `migrations.kubectl-migrate.dev/NAME`.
[[nodiscard]] Result<std::string> migration_named(const std::string& word);

}  // namespace migrate::plugin
