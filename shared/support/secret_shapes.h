// What passwords, tokens and keys look like in a text. Written by hand instead of as regular expressions: libstdc++'s
// recurse on long lines until the stack is used up, and logs have such lines. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace migrate::support {

// What stands in the place of a secret.
inline constexpr std::string_view kMask = "***";

// Whether a field, flag, header or variable of that name holds a secret ("dbPassword", "X-Api-Key", "--token"). The
// names of objects that do ("secretName") hold none.
[[nodiscard]] bool names_secret(std::string_view name);

struct SecretSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view shape;  // for a person: "a private key"
};

// The first one that begins at `from` or behind it.
[[nodiscard]] std::optional<SecretSpan> find_secret(std::string_view text, std::size_t from = 0);

// Each is replaced by kMask. Masks too much rather than too little: in a sentence such as "token: expired", too.
[[nodiscard]] std::string masked(std::string_view text);

// What is still in a text that went through masked(), or should have; nothing: it may be given away. Also looks for
// what masked() cannot cut out: the end of a key whose beginning is missing, and keys in base64.
[[nodiscard]] std::optional<std::string_view> secret_left_in(std::string_view text);

}  // namespace migrate::support
