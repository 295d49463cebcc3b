#include "plugin/help.h"

#include <algorithm>
#include <sstream>

#include "plugin/format.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(help)

BOOST_AUTO_TEST_CASE(every_text_fits_80_columns_and_shows_its_usage) {
  for (int verb = -1; verb <= static_cast<int>(Verb::help); ++verb) {
    const auto about = verb < 0 ? std::nullopt : std::optional{static_cast<Verb>(verb)};
    const std::string text = help_text(about);
    BOOST_TEST(text.find("Usage:\n  kubectl migrate ") != std::string::npos, verb);
    BOOST_TEST(text.back() == '\n');
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);)
      BOOST_TEST(characters(line) <= 80U, line);
  }
}

// kubectl's layout: what, examples, options, usage.
BOOST_AUTO_TEST_CASE(every_command_has_examples_and_describes_each_of_its_flags) {
  for (std::size_t i = 0; i < kVerbs; ++i) {
    const auto verb = static_cast<Verb>(i);
    const std::string text = help_text(verb);
    BOOST_TEST_CONTEXT(to_string(verb)) {
      const std::size_t examples = text.find("\nExamples:\n  # ");
      const std::size_t options = text.find("\nOptions:\n    -");
      const std::size_t usage = text.find("\nUsage:\n  " + command_words(verb));
      BOOST_TEST(examples != std::string::npos);
      BOOST_TEST(usage != std::string::npos);
      BOOST_TEST(examples < usage);
      BOOST_TEST((options == std::string::npos || (examples < options && options < usage)));
      for (const Flag& flag : all_flags())
        if (has_options(verb) && fits(flag, verb) && flag.name != "help")
          BOOST_TEST(text.find("--" + std::string(flag.name)) != std::string::npos, flag.name);
      // Of flags that it has not, none is described.
      for (const Flag& flag : all_flags())
        if (!fits(flag, verb)) BOOST_TEST(text.find("\n    " + spelled(flag) + "=") == std::string::npos, flag.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_option_is_laid_out_as_kubectls) {
  check_says(help_text(Verb::list),
             "    -o, --output='':\n        Output format. One of: (json, jsonpath, name, wide, yaml). Nothing else\n"
             "        is on standard output then.\n\n");
  check_says(help_text(Verb::list), "\nUsage:\n  kubectl migrate list [options]\n");
  check_says(help_text(std::nullopt), "\nUse \"kubectl migrate <command> --help\" for more information");
}

BOOST_AUTO_TEST_CASE(examples_are_command_lines_that_are_understood) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < kVerbs; ++i) {
    const std::string text = help_text(static_cast<Verb>(i));
    std::istringstream lines{text.substr(0, std::min(text.find("\nOptions"), text.find("\nUsage")))};
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("  kubectl migrate ")) continue;
      std::istringstream rest{line.substr(std::string_view("  kubectl migrate ").size())};
      std::vector<std::string> words;
      // Up to where the shell takes over.
      for (std::string word; rest >> word && word.front() != '>' && word.front() != '|';)
        words.push_back(word);
      const auto options = parse(words);
      BOOST_TEST(options.has_value(), line << ": " << (options ? "" : options.error().message));
      ++seen;
    }
  }
  BOOST_TEST(seen > 30U);
}

BOOST_AUTO_TEST_CASE(the_whole_names_every_command_and_flag) {
  const std::string whole = help_text(std::nullopt);
  for (const std::string_view word : verb_words())
    BOOST_TEST(whole.find(std::string("\n  ") + std::string(word)) != std::string::npos, word);
  for (const Flag& flag : all_flags())
    if (fits(flag, Verb::migrate) && flag.name != "help" && flag.name != "v")
      BOOST_TEST(whole.find("--" + std::string(flag.name)) != std::string::npos, flag.name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
