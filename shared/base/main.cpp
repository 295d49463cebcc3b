#include "shared/base/main.h"

#include <nss.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "shared/base/result.h"

namespace migrate {
namespace {

// A static glibc binary loads the host's NSS modules, and those bring the host's libc: on a host with another
// glibc and e.g. "hosts: files myhostname dns" that ends in SIGFPE. Files and DNS are built in and enough.
// In a constructor, because a library's own initialisation may already look a name up.
[[gnu::constructor]] void use_builtin_name_services() {
  __nss_configure_lookup("hosts", "files dns");
  for (const char* database : {"passwd", "group", "services"})
    __nss_configure_lookup(database, "files");
}

void report(std::string_view program, const char* message) noexcept {
  std::fprintf(stderr, "%.*s: error: %s\n", static_cast<int>(program.size()), program.data(), message);
}

}  // namespace

int run_main(std::string_view program, const std::function<int()>& body) noexcept {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return body();
  } catch (const Fatal& fatal) {
    report(program, fatal.what());
    return fatal.exit_code();
  } catch (const std::exception& unexpected) {
    report(program, unexpected.what());
    return 1;
  } catch (...) {
    report(program, "something was thrown that is no std::exception");
    return 1;
  }
}

}  // namespace migrate
