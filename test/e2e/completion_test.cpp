// A TAB in bash, fish and zsh, behind kubectl and behind the program itself, with a real cluster; and what the program
// calls itself, by the names that it can be installed under.
#include <fmt/format.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include "test/e2e/small_pods.h"

using namespace harness;
namespace data = boost::unit_test::data;

namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// kubectl itself: `cluster kubectl` gives it a flag before all other words, behind which it knows no plugins. The
// script leaves the folder's name beside the kubeconfig.
std::string folder_of_kubectl(const std::filesystem::path& kubeconfig) {
  std::ifstream file{kubeconfig.parent_path() / "kubernetes"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// A running Pod on node-a, and a user's machine: the program on PATH as it is shipped, as krew installs it, and linked
// for completion as docs/install.md says.
struct Machine {
  Stage stage{"completion"};
  migrate::test::TemporaryFolder folder;
  std::string kubeconfig = first_line(stage.cluster().must({"kubeconfig"}));

  Machine() {
    stage.cluster().apply(small_pod(ns(), "plain", "node-a"));
    stage.cluster().wait_ready(ns(), "plain");
    for (const char* name :
         {"kubectl-migrate", "kubectl_complete-migrate", "kubectl-migrate_pod", "kubectl_complete-migrate_pod"})
      std::filesystem::create_symlink(program("kubectl-migrate"), folder / name);
  }
  [[nodiscard]] const std::string& ns() const { return stage.ns().name(); }

  [[nodiscard]] migrate::Completed run(const Words& argv) const {
    migrate::Command command;
    command.argv = argv;
    command.base = migrate::Command::Variables::none;
    command.variables = {
        {"HOME", folder.path().string()},
        {"KUBECONFIG", kubeconfig},
        {"PATH", fmt::format("{}:{}:/usr/bin:/bin", folder.path().string(), folder_of_kubectl(kubeconfig))},
        {"LANG", "C.UTF-8"}};
    command.time_limit = std::chrono::minutes{3};
    auto done = migrate::SystemProcesses{}.run(command);
    if (!done) throw std::runtime_error(done.error().message);
    return std::move(*done);
  }
  [[nodiscard]] std::string plugin() const { return (folder / "kubectl-migrate").string(); }
  // As a person types it at a shell, which hands on the word itself as the program's name.
  [[nodiscard]] migrate::Completed typed(const std::string& line) const { return run({"bash", "-c", line}); }
};

const Machine& machine() {
  static const Machine made;
  return made;
}

struct Shell {
  std::string name;
  std::string of_kubectl;  // what its user has in a start-up file
  std::string of_program;
};
std::ostream& operator<<(std::ostream& out, const Shell& shell) {
  return out << shell.name;
}

const std::vector<Shell> kShells = {
    {"bash", "source /usr/share/bash-completion/bash_completion; source <(kubectl completion bash)",
     "source <(kubectl-migrate completion bash)"},
    {"fish", "kubectl completion fish | source", "kubectl-migrate completion fish | source"},
    {"zsh", "source <(kubectl completion zsh)", "source <(kubectl-migrate completion zsh)"},
};

struct Row {
  std::string typed;
  std::string after;  // a TAB
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.typed;
}

const std::vector<Row> kRows = {
    {"descr", "describe "},
    {"-n completion pla", "-n completion plain "},
    {"-n completion sts", "-n completion sts/"},
    {"plain --to=node-c", "plain --to=node-c "},
    {"plain --namespace comple", "plain --namespace completion "},
};

void check_tab(const Shell& shell, const std::string& setup, const std::string& program, const Row& row) {
  const auto done =
      machine().run({(source_folder() / "test/type_and_tab").string(), shell.name, setup, program + " " + row.typed});
  BOOST_TEST(done.output == program + " " + row.after + "\n", text_of(done));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(completion)

BOOST_DATA_TEST_CASE(kubectl_completes_the_plugins_words, data::make(kShells) * data::make(kRows), shell, row) {
  check_tab(shell, shell.of_kubectl, "kubectl migrate", row);
}

BOOST_DATA_TEST_CASE(so_it_does_under_krews_name, data::make(kShells), shell) {
  check_tab(shell, shell.of_kubectl, "kubectl migrate-pod", {"-n completion pla", "-n completion plain "});
}

// What else its scripts do is plugin_shells_test's affair.
BOOST_DATA_TEST_CASE(the_programs_own_script_completes_them, data::make(kShells), shell) {
  check_tab(shell, shell.of_program, "kubectl-migrate", {"-n completion pla", "-n completion plain "});
}

// How long a shell stands still: printed, not judged.
BOOST_AUTO_TEST_CASE(an_answer_comes_from_the_cluster) {
  for (int i = 0; i < 5; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const auto done = machine().run({machine().plugin(), "__complete", "-n", machine().ns(), "p"});
    const auto took = std::chrono::steady_clock::now() - began;
    BOOST_TEST(done.output.find("\nplain\ton node-a\n:4\n") != std::string::npos, text_of(done));
    BOOST_TEST_MESSAGE(
        fmt::format("choices after {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  }
}

// What a user without rights, or without a cluster, sees is his own line and nothing else.
BOOST_AUTO_TEST_CASE(what_cannot_be_had_is_not_complained_of) {
  for (const Words& words :
       {Words{"--as", "nobody", "plain", "--to", ""}, Words{"--server", "http://127.0.0.1:1", "plain", "--to", ""},
        Words{"--kubeconfig", "/missing", "plain", "--to", ""}, Words{"--context", "none", "plain", "--to", ""}}) {
    Words argv{machine().plugin(), "__complete"};
    argv.insert(argv.end(), words.begin(), words.end());
    const auto done = machine().run(argv);
    BOOST_TEST(done.succeeded(), text_of(done));
    BOOST_TEST(done.output == ":4\n", text_of(done));
    BOOST_TEST(done.errors == "", text_of(done));
  }
}

BOOST_DATA_TEST_CASE(each_text_calls_the_program_as_its_user_does,
                     data::make({"kubectl migrate", "kubectl migrate-pod", "kubectl-migrate"}), name) {
  const std::string own = name;
  const auto help = machine().typed(own + " --help");
  BOOST_TEST(help.output.find("Usage:\n  " + own + " (POD |") != std::string::npos, text_of(help));
  BOOST_TEST(help.output.find("  " + own + " check\n") != std::string::npos, text_of(help));
  const auto mistyped = machine().typed(own + " stauts x");
  BOOST_TEST(code_of(mistyped) == 2, text_of(mistyped));
  BOOST_TEST(mistyped.errors.find("unknown command \"stauts\" for \"" + own + "\"") != std::string::npos,
             text_of(mistyped));
  const auto absent = machine().typed(fmt::format("{} status none -n {}", own, machine().ns()));
  BOOST_TEST(absent.errors.find(own + " list -n " + machine().ns()) != std::string::npos, text_of(absent));
}

BOOST_AUTO_TEST_SUITE_END()
