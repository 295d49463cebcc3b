// The one catch of every program: main is `return migrate::run_main("name", [&] { …; return 0; });`
#pragma once

#include <functional>
#include <string_view>

namespace migrate {

// Runs body and returns its exit code. A Fatal is printed as "PROGRAM: error: …" on stderr and gives its own exit
// code, any other exception 1. Also settles what every program needs first: writes to a closed pipe or socket
// answer EPIPE instead of killing us, and a static binary never loads the host's NSS modules.
int run_main(std::string_view program, const std::function<int()>& body) noexcept;

}  // namespace migrate
