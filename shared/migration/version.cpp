#include "shared/migration/version.h"

#include <charconv>

namespace migrate {

Version parse_version(std::string_view text) {
  Version version;
  if (text.starts_with('v')) text.remove_prefix(1);
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (unsigned* part : {&version.major, &version.minor, &version.patch}) {
    const auto [next, error] = std::from_chars(at, end, *part);
    if (error != std::errc{} || next == end || *next != '.') break;
    at = next + 1;
  }
  return version;
}

}  // namespace migrate
