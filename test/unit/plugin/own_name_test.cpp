#include "plugin/own_name.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "plugin/format.h"
#include "plugin/help.h"

namespace migrate::plugin {
namespace {

namespace data = boost::unit_test::data;

struct Called {
  std::string program;
  std::string name;
};
std::ostream& operator<<(std::ostream& out, const Called& one) {
  return out << '"' << one.program << '"';
}

const std::vector<Called> kCalled = {
    {"/usr/local/bin/kubectl-migrate", "kubectl migrate"},
    {"./kubectl-migrate", "kubectl migrate"},
    {"/home/jane/.krew/bin/kubectl-migrate_pod", "kubectl migrate-pod"},
    {"/opt/bin/kubectl-pod-migrate", "kubectl pod migrate"},
    {"kubectl-migrate", "kubectl-migrate"},
    {"kubectl-migrate_pod", "kubectl-migrate_pod"},
    {"/usr/bin/migrate", "migrate"},
    {"", "kubectl migrate"},
    {"/usr/bin/", "kubectl migrate"},
    {"/usr/bin/kubectl-\x1b[31m", "kubectl migrate"},
    {"kubectl-migrate $(reboot)", "kubectl migrate"},
};

struct Worded {
  std::string text;
  std::string reworded;
};
std::ostream& operator<<(std::ostream& out, const Worded& one) {
  return out << '"' << one.text << '"';
}

const std::vector<Worded> kTexts = {
    {"", ""},
    {"kubectl migrate", "kubectl migrate-pod"},
    {"see 'kubectl migrate --help', or: kubectl migrate list",
     "see 'kubectl migrate-pod --help', or: kubectl migrate-pod list"},
    {"kubectl get pods; kubectl-migrate is not installed", "kubectl get pods; kubectl-migrate is not installed"},
    {"kubectl migrate-pod", "kubectl migrate-pod"},
    {"kubectl migrates, mykubectl migrate", "kubectl migrates, mykubectl migrate"},
    {"kubectl kubectl migrate\n", "kubectl kubectl migrate-pod\n"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(own_names)

BOOST_DATA_TEST_CASE(a_program_is_called_as_it_was_started, data::make(kCalled), one) {
  BOOST_TEST(own_name(one.program) == one.name);
}

BOOST_DATA_TEST_CASE(only_the_command_is_reworded, data::make(kTexts), one) {
  BOOST_TEST(reworded(one.text, "kubectl migrate-pod") == one.reworded);
  BOOST_TEST(reworded(one.text, kUsualName) == one.text);
}

BOOST_AUTO_TEST_CASE(what_is_written_is_handed_on_reworded) {
  std::ostringstream shown;
  RewordingBuffer buffer{shown, "kubectl-migrate"};
  std::ostream stream{&buffer};
  stream << "Follow it with: kubectl migrate status x" << '\n' << 7 << std::flush;
  BOOST_TEST(shown.str() == "Follow it with: kubectl-migrate status x\n7");
  BOOST_TEST(stream.good());
}

BOOST_AUTO_TEST_CASE(a_stream_that_takes_no_more_is_told_of) {
  std::ostringstream shown;
  RewordingBuffer buffer{shown, "kubectl-migrate"};
  std::ostream stream{&buffer};
  shown.setstate(std::ios::badbit);
  stream << "lost";
  BOOST_TEST(!stream.good());
}

BOOST_AUTO_TEST_CASE(help_fits_80_columns_under_krews_name_too) {
  for (int verb = -1; verb < static_cast<int>(kVerbs); ++verb) {
    const auto about = verb < 0 ? std::nullopt : std::optional{static_cast<Verb>(verb)};
    std::istringstream lines{reworded(help_text(about), "kubectl migrate-pod")};
    for (std::string line; std::getline(lines, line);)
      BOOST_TEST(characters(line) <= 80U, line);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
