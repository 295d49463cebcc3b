// What a TAB does in real shells: each at a pseudo-terminal, with the program and a small API server.
#include <fmt/format.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "plugin/flags.h"
#include "shared/base/process.h"
#include "test/temporary_folder.h"
#include "test/unit/plugin/golden_world.h"

namespace migrate::plugin {
namespace {

namespace data = boost::unit_test::data;

// A machine with the program on PATH, and a kubeconfig that names the small server.
struct Machine {
  test::TemporaryFolder home;
  test::FakeServer server{serve(world_of_many())};

  Machine() {
    std::filesystem::create_symlink(KUBECTL_MIGRATE, home / "kubectl-migrate");
    test::write_text(home / "kubeconfig",
                     fmt::format(R"({{"current-context": "c", "contexts": [{{"name": "c", "context": {{"cluster": "c",
                       "namespace": "shop"}}}}], "clusters": [{{"name": "c", "cluster": {{"server": "{}"}}}}]}})",
                                 server.url()));
  }
  // The line as it stands after a TAB behind it.
  [[nodiscard]] std::string after_tab(const std::string& shell, const std::string& line) const {
    Command command;
    command.argv = {TYPE_AND_TAB, shell,
                    shell == "fish" ? "kubectl-migrate completion fish | source"
                                    : fmt::format("source <(kubectl-migrate completion {})", shell),
                    line};
    command.base = Command::Variables::none;
    command.variables = {{"HOME", home.path().string()},
                         {"KUBECONFIG", (home / "kubeconfig").string()},
                         {"PATH", home.path().string() + ":/usr/bin:/bin"},
                         {"LANG", "C.UTF-8"}};
    for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
      if (const char* value = std::getenv(name); value != nullptr) command.variables.emplace_back(name, value);
    command.time_limit = std::chrono::minutes{3};
    const auto done = SystemProcesses{}.run(command);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
    BOOST_TEST_MESSAGE(done->errors);
    return done->succeeded() ? done->output : to_string(done->ending) + "\n" + done->errors;
  }
};

struct Row {
  std::string line;
  std::string after;
};
std::ostream& operator<<(std::ostream& out, const Row& one) {
  return out << one.line;
}

std::vector<std::string> names_of_shells() {
  return {kShells.begin(), kShells.end()};
}

const std::vector<Row> kRows = {
    {"descr", "describe "},
    // a running Pod of the namespace, from the API server
    {"bill", "billing-7f9c-x2x "},
    // goes on: no blank behind it
    {"sts", "sts/"},
    {"orders --strategy=seq", "orders --strategy=sequential "},
    {"status -n shop data", "status -n shop database-b4vv9 "},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shells)

BOOST_DATA_TEST_CASE(a_tab_completes_the_word, data::make(names_of_shells()) * data::make(kRows), shell, row) {
  const Machine machine;
  BOOST_TEST(machine.after_tab(shell, "kubectl-migrate " + row.line) == "kubectl-migrate " + row.after + "\n");
}

BOOST_DATA_TEST_CASE(files_are_the_shells_to_complete, data::make(names_of_shells()), shell) {
  const Machine machine;
  const std::string line = "kubectl-migrate --kubeconfig=" + (machine.home / "kubeconfig").string();
  BOOST_TEST(machine.after_tab(shell, line.substr(0, line.size() - 3)) == line + " \n");
}

// The shell's user waits for it. What is known without the cluster is told all the same.
BOOST_AUTO_TEST_CASE(a_server_that_is_silent_does_not_hold_the_shell) {
  const test::FakeServer silent{test::FakeServer::each(
      [](test::Connection& connection, const test::Request&) { connection.wait_until_closed(); })};
  const test::TemporaryFolder home;
  Command command;
  command.base = Command::Variables::none;
  command.variables = {{"HOME", home.path().string()}};
  command.argv = {KUBECTL_MIGRATE, "__complete", "--server", silent.url(), "sts"};
  command.time_limit = std::chrono::seconds{30};
  const auto began = std::chrono::steady_clock::now();
  const auto done = SystemProcesses{}.run(command);
  const auto took = std::chrono::steady_clock::now() - began;
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  BOOST_TEST_MESSAGE("an answer after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                                        << " ms");
  BOOST_TEST(done->succeeded(), to_string(done->ending));
  BOOST_TEST(done->output == "sts/\tOne of a StatefulSet, with --ordinal\n:6\n");
  BOOST_TEST(done->errors == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
