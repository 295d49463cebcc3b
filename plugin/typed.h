// What was typed, as words and as values of flags, none of them understood yet: pflag's rules over CLI11. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace migrate::plugin {

struct Flag;
using Texts = std::vector<std::string>;

struct Typed {
  Texts words;
  std::map<std::string_view, Texts> flags;  // by their names in flags.h

  [[nodiscard]] bool has(std::string_view name) const { return flags.contains(name); }
  // The last one counts; null: not typed.
  [[nodiscard]] const std::string* value(std::string_view name) const;
  [[nodiscard]] const Texts& values(std::string_view name) const;
};

// The error is pflag's sentence ("unknown flag: --x"), perhaps with a hint on a second line.
[[nodiscard]] Result<Typed> split(const Texts& arguments);

// The flag that `word` gives a value with "=": `--to=x`, `-n=x`; null: none.
[[nodiscard]] const Flag* assigned(std::string_view word);

// As pflag takes them: `-n=shop` and `--to=` become two words each, which the parser behind would misunderstand.
// Everything after "--" stays.
[[nodiscard]] Texts normalised(const Texts& arguments);

}  // namespace migrate::plugin
