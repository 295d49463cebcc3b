// By which bash, fish and zsh complete the words of this program when it is called by its own name. All of them ask it
// (complete.h), so they know nothing of commands and flags. Pure.
#pragma once

#include <string>
#include <string_view>

namespace migrate::plugin {

// `shell` is one of kShells, `program` the file's name: words behind it are completed. One that is no plain word is
// taken for kubectl-migrate.
[[nodiscard]] std::string completion_script(std::string_view shell, std::string_view program);

}  // namespace migrate::plugin
