#include "plugin/typed.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "plugin/flags.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

std::string definition(const Flag& flag) {
  std::string text;
  if (flag.letter != 0) text = fmt::format("-{},", flag.letter);
  return text + fmt::format("--{}", flag.name);
}

bool is_short(std::string_view word) {
  return word.size() > 1 && word.front() == '-' && word[1] != '-';
}

std::string unknown_flag(const std::string& word) {
  if (is_short(word)) return fmt::format("unknown shorthand flag: '{}' in {}", word[1], word);
  const std::string name = word.substr(0, word.find('='));
  Texts known;
  known.reserve(all_flags().size());
  for (const Flag& flag : all_flags())
    known.push_back(fmt::format("--{}", flag.name));
  // One alone: what begins the same is not meant as well.
  const Texts near = similar(name, known, 1);
  return fmt::format("unknown flag: {}{}", name, near.empty() ? "" : fmt::format("\nDid you mean {}?", near.front()));
}

// `what` begins with the option's long name: "--namespace: 1 required TEXT missing".
std::string needs_value(std::string_view what, const Texts& arguments) {
  const std::string& last = arguments.back();
  const Flag* flag = is_short(last) ? find_flag(last.back()) : nullptr;
  if (flag != nullptr && flag->kind != FlagKind::toggle)
    return fmt::format("flag needs an argument: '{}' in {}", last.back(), last);
  return fmt::format("flag needs an argument: {}", what.substr(0, what.find(':')));
}

}  // namespace

const Flag* assigned(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return nullptr;
  if (word.starts_with("--") && equals > 2) return find_flag(word.substr(2, equals - 2));
  return is_short(word) && equals == 2 ? find_flag(word[1]) : nullptr;
}

const std::string* Typed::value(std::string_view name) const {
  const auto found = flags.find(name);
  return found != flags.end() ? &found->second.back() : nullptr;
}

const Texts& Typed::values(std::string_view name) const {
  static const Texts none;
  const auto found = flags.find(name);
  return found != flags.end() ? found->second : none;
}

Result<Typed> split(const Texts& arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const Flag*, CLI::Option*>> options;
  options.reserve(all_flags().size());
  CLI::Option* words = app.add_option("words");
  words->allow_extra_args()->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  for (const Flag& flag : all_flags()) {
    CLI::Option* option =
        flag.kind == FlagKind::toggle ? app.add_flag(definition(flag)) : app.add_option(definition(flag));
    if (flag.kind != FlagKind::toggle) option->expected(1)->allow_extra_args(false);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    options.emplace_back(&flag, option);
  }
  Texts backwards = normalised(arguments);
  std::reverse(backwards.begin(), backwards.end());  // as CLI11 wants a vector
  try {
    app.parse(std::move(backwards));
  } catch (const CLI::ArgumentMismatch& error) {
    return failure(needs_value(error.what(), arguments));
  } catch (const CLI::ParseError& error) {
    return failure(error.what());
  }
  const Texts rest = app.remaining();
  for (const std::string& word : rest)
    if (word.size() > 1 && word.front() == '-' && word != "--") return failure(unknown_flag(word));
  Typed typed;
  typed.words = words->results();
  for (const auto& [flag, option] : options)
    if (option->count() > 0) typed.flags[flag->name] = option->results();
  return typed;
}

Texts normalised(const Texts& arguments) {
  Texts words;
  words.reserve(arguments.size() + 4);
  bool plain = false;
  for (const std::string& word : arguments) {
    plain = plain || word == "--";
    const Flag* flag = plain ? nullptr : assigned(word);
    const std::size_t equals = word.find('=');
    if (flag == nullptr || (flag->kind == FlagKind::toggle && word.starts_with("--"))) {
      words.push_back(word);
    } else if (flag->kind == FlagKind::toggle) {
      words.push_back(fmt::format("--{}{}", flag->name, word.substr(equals)));
    } else {
      words.push_back(word.substr(0, equals));
      words.push_back(word.substr(equals + 1));
    }
  }
  return words;
}

}  // namespace migrate::plugin
