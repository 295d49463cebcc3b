// How a server wants to be asked: the WWW-Authenticate header (RFC 9110, section 11.6.1). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace migrate::registry {

struct Challenge {
  std::string scheme;                             // in lower case: "basic", "bearer"
  std::map<std::string, std::string> parameters;  // names in lower case, values without quotes
};

// Several challenges may stand in one header. What cannot be read is left out.
[[nodiscard]] std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace migrate::registry
