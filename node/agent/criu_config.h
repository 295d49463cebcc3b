// CRIU's configuration for runc: what the project needs in it, beside what an administrator has there. Pure.
#pragma once

#include <string>
#include <vector>

namespace migrate::agent {

// Adds, in a block that says whose it is, the options that `text` lacks; a block of ours that is there already is
// replaced. What others wrote stays as it is, also where it sets one of the options otherwise.
[[nodiscard]] std::string with_our_options(const std::string& text);

// Those of our options that are not in force by `text`, as CRIU reads it: a value stands behind "=", the last line of
// an option counts, and "no-" before one takes it back.
[[nodiscard]] std::vector<std::string> missing_options(const std::string& text);

// Without our block.
[[nodiscard]] std::string without_our_options(const std::string& text);

}  // namespace migrate::agent
