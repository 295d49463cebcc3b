#include "plugin/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "plugin/arguments.h"
#include "plugin/command_word.h"
#include "plugin/format.h"
#include "plugin/help_flags.h"
#include "plugin/help_texts.h"
#include "plugin/pod_word.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

// The words before the last one, as the parser takes them, but for what makes it fail.
struct Sofar {
  Typed typed;
  const Flag* open = nullptr;  // whose value comes next
  bool is_plain = false;       // "--" came: no flags any more
};

bool is_flag(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

void give(Sofar& sofar, const Flag& flag, std::string_view value) {
  sofar.typed.flags[flag.name].emplace_back(value);
}

void read_long(Sofar& sofar, std::string_view word) {
  const std::size_t equals = word.find('=');
  const Flag* flag = find_flag(word.substr(2, equals == std::string_view::npos ? equals : equals - 2));
  if (flag == nullptr) return;
  if (equals != std::string_view::npos) return give(sofar, *flag, word.substr(equals + 1));
  if (flag->kind == FlagKind::toggle) return give(sofar, *flag, "true");
  sofar.open = flag;
}

// "-A", "-nshop", "-Ao".
void read_short(Sofar& sofar, std::string_view letters) {
  for (; !letters.empty(); letters.remove_prefix(1)) {
    const Flag* flag = find_flag(letters.front());
    if (flag == nullptr) return;
    if (flag->kind == FlagKind::toggle) {
      give(sofar, *flag, "true");
    } else if (letters.size() > 1) {
      return give(sofar, *flag, letters.substr(1));
    } else {
      sofar.open = flag;
    }
  }
}

Sofar read(const Texts& words) {
  Sofar sofar;
  for (const std::string& word : normalised(words)) {
    if (const Flag* flag = std::exchange(sofar.open, nullptr); flag != nullptr)
      give(sofar, *flag, word);
    else if (sofar.is_plain || !is_flag(word))
      sofar.typed.words.push_back(word);
    else if (word == "--")
      sofar.is_plain = true;
    else if (word.starts_with("--"))
      read_long(sofar, word);
    else
      read_short(sofar, std::string_view(word).substr(1));
  }
  return sofar;
}

// What has been typed of a choice begins behind so much of the last word.
void split_at(Question& question, std::size_t length) {
  question.before = question.typed.substr(0, length);
  question.typed.erase(0, length);
}

// The StatefulSet in `sts/NAME`, the command's first name.
std::string set_of(const Typed& typed, Verb verb) {
  const std::size_t first = verb == Verb::migrate ? 0 : 1;
  if (typed.words.size() <= first) return "";
  const std::string& word = typed.words[first];
  const std::size_t slash = word.find('/');
  return slash != std::string::npos && is_set_type(word.substr(0, slash)) ? word.substr(slash + 1) : "";
}

bool is_part(std::string_view list, std::string_view word) {
  return fmt::format(",{},", list).find(fmt::format(",{},", word)) != std::string::npos;
}

// `typed` is what has been typed of the value.
void ask_value(Question& question, const Flag& flag, const Typed& sofar) {
  const FlagValues values = values_of(flag, question.verb);
  question.source = values.source;
  if (values.source == Source::ordinals) question.set = set_of(sofar, question.verb);
  if (values.source == Source::ordinals && question.set.empty()) question.source = Source::nowhere;
  std::string given;
  if (values.is_list) {
    split_at(question, question.typed.rfind(',') + 1);
    given = joined(sofar.values(flag.name), ",") + "," + question.before;
  }
  for (const std::string_view word : values.words)
    if (!is_part(given, word))
      question.known.push_back({flag.name == "output" && word == "jsonpath" ? "jsonpath=" : std::string(word)});
}

std::string first_sentence(std::string_view text) {
  constexpr std::size_t kWidth = 60;
  const std::size_t end = text.find(". ");
  if (end == std::string_view::npos && text.ends_with('.')) text.remove_suffix(1);
  return elided(text.substr(0, end), kWidth);
}

void offer_flags(Question& question, const Typed& sofar) {
  const std::vector<FlagHelp> helps = flag_helps(question.verb);
  for (const Flag& flag : all_flags()) {
    if (!fits(flag, question.verb) || (!has_options(question.verb) && flag.name != "help")) continue;
    if (flag.kind != FlagKind::many && sofar.has(flag.name)) continue;
    const auto help = std::find_if(helps.begin(), helps.end(), [&](const FlagHelp& one) { return one.flag == &flag; });
    const std::string about = help != helps.end() ? first_sentence(help->text) : "";
    question.known.push_back({fmt::format("--{}", flag.name), about});
    if (flag.letter != 0) question.known.push_back({fmt::format("-{}", flag.letter), about});
  }
}

void offer_commands(Question& question) {
  for (const std::string_view word : verb_words())
    question.known.push_back({std::string(word), std::string(help_text_of(*verb_from(word)).summary)});
}

void ask_pod(Question& question) {
  const std::size_t slash = question.typed.find('/');
  if (slash == std::string::npos) {
    question.source = Source::pods;
    question.known.push_back({"pod/", "A Pod, also one that is called like a command"});
    question.known.push_back({"sts/", "One of a StatefulSet, with --ordinal"});
    return;
  }
  const std::string type = question.typed.substr(0, slash);
  if (is_pod_type(type)) question.source = Source::pods;
  if (is_set_type(type)) question.source = Source::stateful_sets;
  split_at(question, slash + 1);
}

void ask_migration(Question& question) {
  const std::size_t slash = question.typed.find('/');
  if (slash != std::string::npos) {
    if (!is_migration_type(question.typed.substr(0, slash))) return;
    split_at(question, slash + 1);
  }
  question.source = Source::migrations;
}

// No command takes two.
void ask_name(Question& question) {
  switch (taken_by(question.verb)) {
    case Takes::pod:
    case Takes::maybe_pod:
      return ask_pod(question);
    case Takes::maybe_migration:
    case Takes::migration:
      return ask_migration(question);
    case Takes::node:
      question.source = Source::nodes;
      return;
    case Takes::shell:
      for (const std::string_view shell : kShells)
        question.known.push_back({std::string(shell)});
      return;
    case Takes::command:
      return offer_commands(question);
    case Takes::nothing:
      return;
  }
}

// Names and contexts may be anything; what a shell would take for more than a word is not worth a surprise.
bool is_plain_word(std::string_view word) {
  constexpr std::string_view kMarks = "-_./:=@,%+";
  return !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

}  // namespace

Question question_of(const Texts& words) {
  const Sofar sofar = read({words.begin(), words.end() - 1});
  const Texts& before = sofar.typed.words;
  const auto verb = before.empty() ? std::nullopt : verb_from(before.front());
  Question question;
  question.verb = verb.value_or(Verb::migrate);
  question.typed = words.back();
  question.connection = connection_of(sofar.typed);
  const Flag* with_value = sofar.is_plain ? nullptr : assigned(question.typed);
  if (sofar.open != nullptr) {
    ask_value(question, *sofar.open, sofar.typed);
  } else if (with_value != nullptr) {
    // Shells keep the flag to themselves.
    question.typed.erase(0, question.typed.find('=') + 1);
    ask_value(question, *with_value, sofar.typed);
  } else if (!sofar.is_plain && question.typed.starts_with('-')) {
    offer_flags(question, sofar.typed);
  } else {
    if (before.empty() && question.typed.find('/') == std::string::npos) offer_commands(question);
    if (before.size() == (verb ? 1U : 0U)) ask_name(question);
  }
  return question;
}

std::string answer_to(const Question& question, const std::vector<Choice>& choices) {
  constexpr unsigned kNoSpace = 2;
  constexpr unsigned kNoFiles = 4;
  std::string lines;
  std::set<std::string_view> told;
  bool goes_on = true;
  for (const Choice& one : choices) {
    if (!one.word.starts_with(question.typed) || !is_plain_word(one.word)) continue;
    // A Pod that is called like a command would not be taken for one.
    if (!told.insert(one.word).second) continue;
    lines += fmt::format("{}{}{}\n", question.before, one.word, one.about.empty() ? "" : "\t" + one_line(one.about));
    goes_on = goes_on && (one.word.ends_with('/') || one.word.ends_with('='));
  }
  if (lines.empty()) return fmt::format(":{}\n", question.source == Source::files ? 0 : kNoFiles);
  return fmt::format("{}:{}\n", lines, goes_on ? kNoFiles | kNoSpace : kNoFiles);
}

}  // namespace migrate::plugin
