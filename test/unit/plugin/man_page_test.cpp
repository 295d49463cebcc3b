#include "plugin/man_page.h"

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>

#include "plugin/flags.h"
#include "shared/base/process.h"

namespace migrate::plugin {
namespace {

Completed run(const std::vector<std::string>& argv, const std::string& input) {
  Command command;
  command.argv = argv;
  command.input = input;
  auto done = SystemProcesses{}.run(command);
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  return std::move(*done);
}

// As a terminal shows it, without bold and underlined letters.
std::string shown() {
  const Completed done = run({"mandoc", "-T", "ascii", "-O", "width=80"}, man_page());
  std::string text;
  for (const char c : done.output) {
    if (c == '\b' && !text.empty())
      text.pop_back();
    else
      text += c;
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(man_pages)

BOOST_AUTO_TEST_CASE(mandoc_has_nothing_to_warn_of) {
  const Completed done = run({"mandoc", "-T", "lint", "-W", "warning"}, man_page());
  std::istringstream lines{done.output + done.errors};
  for (std::string line; std::getline(lines, line);)
    // A date would make each build's page another one.
    BOOST_TEST(line.find("missing date") != std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(it_has_the_sections_that_manual_pages_have) {
  const std::string page = "\n" + man_page();
  std::size_t last = 0;
  for (const char* title : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "\"EXIT STATUS\"", "ENVIRONMENT",
                            "FILES", "EXAMPLES", "\"SEE ALSO\""}) {
    const std::size_t at = page.find("\n.SH " + std::string(title) + "\n");
    BOOST_TEST(at != std::string::npos, title);
    BOOST_TEST(at > last, title);
    last = at;
  }
}

BOOST_AUTO_TEST_CASE(every_command_and_every_flag_is_on_it) {
  const std::string text = shown();
  for (const std::string_view word : verb_words())
    BOOST_TEST(text.find("\n   " + std::string(word) + "\n") != std::string::npos, word);
  for (const Flag& flag : all_flags())
    if (flag.name != "help") BOOST_TEST(text.find("--" + std::string(flag.name)) != std::string::npos, flag.name);
}

// Nothing of the texts is taken for a request, and what is laid out stays so.
BOOST_AUTO_TEST_CASE(texts_stand_as_they_are_in_help) {
  const std::string text = shown();
  for (const char* line : {"kubectl migrate sts/orders --ordinal 0 --to node-b\n",
                           R"(kubectl migrate status orders-x7k2p -w -o jsonpath='{.status.phase}{"\n"}')",
                           "0 done   1 failed   2 usage   3 refused, nothing was touched   4 rolled back\n",
                           "--keep-name=false\n", "-o, --output=''\n"})
    BOOST_TEST(text.find(line) != std::string::npos, line);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
