// Every command and every flag, in one table: the parser, the checks, the hints and completion all read it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace migrate::plugin {

enum class Verb {
  migrate,
  status,
  list,
  describe,
  abort,
  resolve,
  resume,
  check,
  check_app,
  nodes,
  self_test,
  drain,
  support_bundle,
  enable,
  disable,
  cleanup,
  version,
  completion,
  help
};
inline constexpr std::size_t kVerbs = static_cast<std::size_t>(Verb::help) + 1;

// The word as it is typed; `migrate` is the default action and has none.
[[nodiscard]] std::string_view to_string(Verb verb);
[[nodiscard]] std::optional<Verb> verb_from(std::string_view word);
// All words, for hints.
[[nodiscard]] std::span<const std::string_view> verb_words();

// What its words name.
enum class Takes { nothing, maybe_pod, pod, node, maybe_migration, migration, shell, command };
[[nodiscard]] Takes taken_by(Verb verb);
// Those that have a completion script.
inline constexpr std::array<std::string_view, 3> kShells = {"bash", "fish", "zsh"};

enum class FlagKind {
  value,   // the last one counts
  many,    // may be repeated
  toggle,  // --flag, --flag=true, --flag=false
};

struct Flag {
  std::string_view name;  // without dashes
  char letter = 0;        // 0: none
  FlagKind kind = FlagKind::value;
  std::uint32_t verbs = 0;  // bits of Verb
};

[[nodiscard]] std::span<const Flag> all_flags();
[[nodiscard]] const Flag* find_flag(std::string_view name);
[[nodiscard]] const Flag* find_flag(char letter);
[[nodiscard]] bool fits(const Flag& flag, Verb verb);
// Whether flags but --help mean anything to it.
[[nodiscard]] constexpr bool has_options(Verb verb) {
  return verb != Verb::help && verb != Verb::completion;
}
// The words that --output takes, sorted.
[[nodiscard]] std::span<const std::string_view> formats_of(Verb verb);
// As kubectl names it in errors: "--to", "-n, --namespace".
[[nodiscard]] std::string spelled(const Flag& flag);
// "kubectl migrate list"; of the default action "kubectl migrate".
[[nodiscard]] std::string command_words(Verb verb);

}  // namespace migrate::plugin
