// That shells read the scripts; that they complete words, with the program itself: shells_test.
#include "plugin/completion_scripts.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "plugin/flags.h"
#include "shared/base/process.h"

namespace migrate::plugin {
namespace {

// The shell's own word on what stands in `script`; empty: it is well.
std::string trouble(const std::string& shell, const std::string& script) {
  Command command;
  command.argv = {shell, "-n", "/dev/stdin"};
  command.input = script;
  const auto done = SystemProcesses{}.run(command);
  if (!done) return done.error().message;
  return done->succeeded() ? "" : to_string(done->ending) + ": " + done->errors;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(completion_scripts)

BOOST_AUTO_TEST_CASE(each_shell_can_read_its_script) {
  for (const std::string_view shell : kShells)
    for (const char* program : {"kubectl-migrate", "kubectl-migrate_pod", "migrate.new"})
      BOOST_TEST(trouble(std::string(shell), completion_script(shell, program)) == "", shell << ", " << program);
}

BOOST_AUTO_TEST_CASE(a_script_is_for_the_program_as_it_is_called) {
  for (const std::string_view shell : kShells) {
    const std::string script = completion_script(shell, "kubectl-migrate_pod");
    BOOST_TEST(script.find("kubectl-migrate_pod") != std::string::npos, shell);
    for (const char* mark : {"PROGRAM", "FUNCTION"})
      BOOST_TEST(script.find(mark) == std::string::npos, shell << ": " << mark);
  }
}

BOOST_AUTO_TEST_CASE(what_a_file_is_called_is_never_run) {
  for (const std::string_view shell : kShells)
    BOOST_TEST(completion_script(shell, "x; reboot") == completion_script(shell, "kubectl-migrate"), shell);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
