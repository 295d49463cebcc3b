// That what is offered is what is understood: of each flag with words of its own the parser takes these and no others.
#include "plugin/flag_values.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

using Words = std::vector<std::string>;

// A command line that is whole but for what is tried.
Words line_of(Verb verb) {
  Words line;
  if (verb != Verb::migrate) line.emplace_back(to_string(verb));
  const Takes takes = taken_by(verb);
  if (takes == Takes::pod || takes == Takes::node || takes == Takes::migration) line.emplace_back("orders");
  if (verb == Verb::resume) line.emplace_back("--from-checkpoint");
  return line;
}

// The command's own words, with a template where one is needed.
std::string typed(const Flag& flag, std::string_view word) {
  return fmt::format("--{}={}{}", flag.name, word, word == "jsonpath" ? "={.kind}" : "");
}

std::string error_of(Words line, const std::string& last) {
  line.push_back(last);
  const auto options = parse(line);
  return options ? "" : options.error().message;
}

// What two flags together mean is not the subject here.
bool is_about_value(const std::string& error) {
  return error.starts_with("invalid argument") || error.starts_with("Invalid dry-run value") ||
         error.starts_with("unable to match a printer") || error.starts_with("template format");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flag_values)

BOOST_AUTO_TEST_CASE(every_word_that_is_offered_is_understood) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < kVerbs; ++i) {
    const auto verb = static_cast<Verb>(i);
    if (!has_options(verb)) continue;
    for (const Flag& flag : all_flags()) {
      if (!fits(flag, verb) || flag.name == "help") continue;
      const FlagValues values = values_of(flag, verb);
      BOOST_TEST((values.source == Source::words) == !values.words.empty(), flag.name);
      for (const std::string_view word : values.words) {
        const std::string error = error_of(line_of(verb), typed(flag, word));
        BOOST_TEST(!is_about_value(error), typed(flag, word) << ": " << error);
        ++seen;
      }
    }
  }
  BOOST_TEST(seen > 50U);
}

BOOST_AUTO_TEST_CASE(a_choice_that_the_parser_names_is_offered) {
  for (const char* name : {"strategy", "checkpoint", "restore", "transfer"}) {
    const Flag* flag = find_flag(name);
    BOOST_REQUIRE(flag != nullptr);
    const FlagValues values = values_of(*flag, Verb::migrate);
    const std::string error = error_of(line_of(Verb::migrate), fmt::format("--{}=none-of-them", name));
    const std::string all = joined({values.words.begin(), values.words.end()});
    BOOST_TEST(error.find("must be one of " + all) != std::string::npos, error);
  }
  const FlagValues kept = values_of(*find_flag("keep"), Verb::resolve);
  const std::string error = error_of(line_of(Verb::resolve), "--keep=none-of-them");
  BOOST_TEST(error.find("must be one of " + joined({kept.words.begin(), kept.words.end()})) != std::string::npos,
             error);
}

BOOST_AUTO_TEST_CASE(risks_are_each_commands_own) {
  const Flag& accept = *find_flag("accept");
  BOOST_TEST(values_of(accept, Verb::check_app).words.size() == 1U);
  BOOST_TEST(error_of(line_of(Verb::check_app), "--accept=touch-queue") == "");
  BOOST_TEST(values_of(accept, Verb::migrate).words.size() == 3U);
  BOOST_TEST(values_of(accept, Verb::migrate).is_list);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
