// CRIU's configuration for runc: what the project needs in it, beside what an administrator has there. Pure.
#pragma once

#include <string>

namespace migrate::agent {

// Adds, in a block that says whose it is, the options that `text` lacks; a block of ours that is there already is
// replaced. What others wrote stays as it is, also where it sets one of the options otherwise.
[[nodiscard]] std::string with_our_options(const std::string& text);

// Without our block.
[[nodiscard]] std::string without_our_options(const std::string& text);

}  // namespace migrate::agent
