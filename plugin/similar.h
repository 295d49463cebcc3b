// "Did you mean": which of the known words somebody may have meant. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace migrate::plugin {

// The nearest first, at most `most`: those that begin alike, or differ by few letters.
[[nodiscard]] std::vector<std::string> similar(std::string_view word, const std::vector<std::string>& known,
                                               std::size_t most = 3);
// "\nDid you mean ONE or TWO?", to stand behind a message; nothing where nothing is near.
[[nodiscard]] std::string near_hint(std::string_view word, const std::vector<std::string>& known);
[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

}  // namespace migrate::plugin
