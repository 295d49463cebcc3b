// The lines that make a node's container runtime know the handler `migrate`, as docs/install.md has them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace migrate::plugin {

// What an administrator does on a node of that runtime, in lines; those to be copied are indented. Of a runtime that
// nobody knows: where to read on.
[[nodiscard]] std::string handler_advice(std::string_view runtime, std::string_view version);

}  // namespace migrate::plugin
