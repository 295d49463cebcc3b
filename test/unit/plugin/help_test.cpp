#include "plugin/help.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "plugin/format.h"

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
