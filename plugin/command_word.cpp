#include "plugin/command_word.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "plugin/arguments.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;
constexpr auto kElsewhere = std::to_array<Pair>({{"ls", "list"},
                                                 {"get", "list"},
                                                 {"ps", "list"},
                                                 {"show", "describe"},
                                                 {"watch", "status"},
                                                 {"cancel", "abort"},
                                                 {"stop", "abort"},
                                                 {"undo", "abort"},
                                                 {"preflight", "check"},
                                                 {"doctor", "check"},
                                                 {"node", "nodes"},
                                                 {"test", "self-test"},
                                                 {"selftest", "self-test"},
                                                 {"sysdump", "support-bundle"},
                                                 {"dump", "support-bundle"},
                                                 {"bundle", "support-bundle"},
                                                 {"must-gather", "support-bundle"}});
constexpr std::array<std::string_view, 5> kMigrations = {
    "migration", "migrations", "mig", "migration.kubectl-migrate.dev", "migrations.kubectl-migrate.dev"};

}  // namespace

std::vector<std::string> commands_like(std::string_view word) {
  std::vector<std::string> near = similar(word, {verb_words().begin(), verb_words().end()}, 2);
  for (const auto& [other, command] : kElsewhere)
    if (word == other && std::find(near.begin(), near.end(), command) == near.end()) near.emplace_back(command);
  return near;
}

std::string unknown_command(std::string_view word) {
  std::string text = fmt::format("unknown command \"{}\" for \"kubectl migrate\"", word);
  const auto near = commands_like(word);
  if (!near.empty()) text += "\n\nDid you mean this?";
  for (const std::string& command : near)
    text += "\n\t" + command;
  if (!near.empty()) text += '\n';
  return text;
}

bool is_migration_type(std::string_view type) {
  return std::find(kMigrations.begin(), kMigrations.end(), type) != kMigrations.end();
}

Result<std::string> migration_named(const std::string& word) {
  const std::size_t slash = word.find('/');
  std::string name = word;
  if (slash != std::string::npos) {
    name = word.substr(slash + 1);
    if (!is_migration_type(word.substr(0, slash))) return failure(fmt::format("{}: not a Migration", word));
  }
  if (!is_object_name(name))
    return failure(
        fmt::format("\"{}\" cannot be the name of a Migration (lower case letters, digits, '-' and '.')", name));
  return name;
}

}  // namespace migrate::plugin
