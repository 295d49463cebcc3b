#include "shared/base/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "test/fakes/folder.h"

namespace {

namespace data = boost::unit_test::data;
using migrate::Command;
using migrate::Completed;
using migrate::Ending;
using migrate::Exited;
using migrate::Signalled;
using migrate::TimedOut;

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  return command;
}

Completed run(const Command& command) {
  migrate::SystemProcesses processes;
  auto completed = processes.run(command);
  BOOST_TEST_REQUIRE(completed.has_value(), (completed ? "" : completed.error().message));
  return std::move(*completed);
}

struct EndingCase {
  std::string script;
  Ending ending;
  std::string said;
  friend std::ostream& operator<<(std::ostream& out, const EndingCase& c) { return out << c.script; }
};

const std::vector<EndingCase> kEndings = {
    {"exit 0", Exited{0}, "exit code 0"},
    {"exit 3", Exited{3}, "exit code 3"},
    {"exit 255", Exited{255}, "exit code 255"},
    {"kill -TERM $$", Signalled{SIGTERM}, "killed by signal 15 (Terminated)"},
    {"kill -KILL $$", Signalled{SIGKILL}, "killed by signal 9 (Killed)"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(process)

BOOST_DATA_TEST_CASE(how_it_ended_is_told, data::make(kEndings), c) {
  const Completed completed = run(shell(c.script));
  BOOST_TEST((completed.ending == c.ending));
  BOOST_TEST(to_string(completed.ending) == c.said);
  BOOST_TEST(completed.succeeded() == (c.script == "exit 0"));
}

BOOST_AUTO_TEST_CASE(arguments_arrive_as_they_are) {
  Command command;
  command.argv = {"printf", "%s|", "a b", "$HOME", "", "'\"\\*"};
  BOOST_TEST(run(command).output == "a b|$HOME||'\"\\*|");
}

BOOST_AUTO_TEST_CASE(big_outputs_on_both_streams_are_captured_apart) {
  const Completed completed = run(shell("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2; printf end"));
  BOOST_TEST(completed.output.size() == 3'000'003U);
  BOOST_TEST(completed.output.ends_with("end"));
  BOOST_TEST(completed.errors.size() == 2'000'000U);
}

BOOST_AUTO_TEST_CASE(text_is_given_as_input_however_long) {
  Command command = shell("wc -c");
  command.input = std::string(1'000'000, 'x');
  BOOST_TEST(std::stol(run(command).output) == 1'000'000);
}

BOOST_AUTO_TEST_CASE(input_that_nobody_reads_is_no_failure) {
  Command command = shell("exit 0");
  command.input = std::string(1'000'000, 'x');
  BOOST_TEST(run(command).succeeded());
}

BOOST_AUTO_TEST_CASE(without_input_the_end_of_file_comes_at_once) {
  Command command;
  command.argv = {"cat"};
  BOOST_TEST(run(command).output.empty());
}

BOOST_AUTO_TEST_CASE(our_own_input_is_passed_on_when_asked_for) {
  const migrate::fakes::Folder folder;
  const int file = ::open(folder.write("input", "from our stdin").c_str(), O_RDONLY | O_CLOEXEC);
  const int kept = ::dup(STDIN_FILENO);
  ::dup2(file, STDIN_FILENO);
  Command command;
  command.argv = {"cat"};
  command.input = Command::Inherited{};
  const Completed completed = run(command);
  ::dup2(kept, STDIN_FILENO);
  ::close(kept);
  ::close(file);
  BOOST_TEST(completed.output == "from our stdin");
}

BOOST_AUTO_TEST_CASE(an_inherited_stream_goes_where_ours_goes) {
  const migrate::fakes::Folder folder;
  const std::string path = folder.write("errors", "");
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(file, STDERR_FILENO);
  Command command = shell("echo passed on >&2");
  command.errors = Command::Stream::inherited;
  const Completed completed = run(command);
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  ::close(file);
  BOOST_TEST(completed.errors.empty());
  BOOST_TEST(std::filesystem::file_size(path) == 10U);
}

BOOST_AUTO_TEST_CASE(a_discarded_stream_is_not_captured) {
  Command command = shell("echo out; echo err >&2");
  command.output = Command::Stream::discarded;
  const Completed completed = run(command);
  BOOST_TEST(completed.output.empty());
  BOOST_TEST(completed.errors == "err\n");
}

BOOST_AUTO_TEST_CASE(variables_are_added_to_ours) {
  Command command = shell("printf '%s %s' \"$GIVEN\" \"${PATH:+inherited}\"");
  command.variables = {{"GIVEN", "first"}, {"GIVEN", "last=one"}};
  BOOST_TEST(run(command).output == "last=one inherited");
}

BOOST_AUTO_TEST_CASE(an_environment_can_be_given_whole) {
  Command command;
  command.argv = {"env"};
  command.base = Command::Variables::none;
  command.variables = {{"ONLY", "this"}};
  BOOST_TEST(run(command).output == "ONLY=this\n");
}

BOOST_AUTO_TEST_CASE(it_runs_in_the_folder_it_is_given) {
  const migrate::fakes::Folder folder;
  Command command;
  command.argv = {"pwd", "-P"};
  command.directory = folder / "";
  BOOST_TEST(std::filesystem::equivalent(run(command).output.substr(0, run(command).output.find('\n')), folder / ""));
}

BOOST_AUTO_TEST_CASE(a_missing_command_is_told_from_one_that_may_not_be_run) {
  const migrate::fakes::Folder folder;
  migrate::SystemProcesses processes;
  Command command;

  command.argv = {"migrate-no-such-program"};
  const auto on_path = processes.run(command);
  BOOST_TEST_REQUIRE(!on_path);
  BOOST_TEST(on_path.error().not_found);
  BOOST_TEST(on_path.error().message == "run migrate-no-such-program: no such program on PATH");

  command.argv = {folder / "missing"};
  const auto by_path = processes.run(command);
  BOOST_TEST_REQUIRE(!by_path);
  BOOST_TEST(by_path.error().not_found);
  BOOST_TEST(by_path.error().message == "run " + (folder / "missing") + ": No such file or directory");

  command.argv = {folder.write("no-program", "text")};
  const auto forbidden = processes.run(command);
  BOOST_TEST_REQUIRE(!forbidden);
  BOOST_TEST(!forbidden.error().not_found);
  BOOST_TEST(forbidden.error().message == "run " + command.argv[0] + ": Permission denied");

  command.argv.clear();
  BOOST_TEST(!processes.run(command).has_value());
}

BOOST_AUTO_TEST_CASE(past_its_time_it_is_killed_with_what_it_started) {
  // The grandchild holds the pipes: without the group's death the test would wait for it.
  Command command = shell("echo begun; sleep 1000 & sleep 1000");
  command.time_limit = std::chrono::milliseconds{300};
  const Completed completed = run(command);
  BOOST_TEST((completed.ending == Ending{TimedOut{}}));
  BOOST_TEST(completed.output == "begun\n");
  BOOST_TEST(to_string(completed.ending) == "killed because it took too long");
}

BOOST_AUTO_TEST_CASE(what_it_started_may_end_by_itself) {
  const migrate::test::TemporaryFolder folder;
  const std::string mark = (folder / "ended").string();
  Command command = shell("(sleep 0.6; echo yes > " + mark + ") & sleep 1000");
  command.time_limit = std::chrono::milliseconds{100};
  command.patience = std::chrono::minutes{1};
  BOOST_TEST((run(command).ending == Ending{TimedOut{}}));
  BOOST_TEST(migrate::test::read_text(mark) == "yes\n");
}

BOOST_AUTO_TEST_CASE(what_it_started_is_killed_when_it_does_not_end) {
  Command command = shell("sleep 1000 & sleep 1000");
  command.time_limit = std::chrono::milliseconds{100};
  command.patience = std::chrono::milliseconds{200};
  BOOST_TEST((run(command).ending == Ending{TimedOut{}}));
}

BOOST_AUTO_TEST_CASE(past_its_time_it_is_killed_though_its_streams_are_closed) {
  Command command = shell("exec >&- 2>&-; sleep 1000");
  command.time_limit = std::chrono::milliseconds{100};
  BOOST_TEST((run(command).ending == Ending{TimedOut{}}));
}

BOOST_AUTO_TEST_CASE(within_its_time_it_ends_by_itself) {
  Command command = shell("echo done; exit 4");
  command.time_limit = std::chrono::hours{1};
  const Completed completed = run(command);
  BOOST_TEST((completed.ending == Ending{Exited{4}}));
  BOOST_TEST(completed.output == "done\n");
}

BOOST_AUTO_TEST_CASE(a_child_gets_ordinary_signals_and_none_of_our_descriptors) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t term;
  sigset_t kept;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, &kept);
  const int leaking = ::open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): as careless libraries do
  const Completed signals = run(shell("grep -E 'SigBlk|SigIgn' /proc/self/status"));
  const Completed descriptors = run(shell("test ! -e /proc/self/fd/" + std::to_string(leaking)));
  ::close(leaking);
  ::pthread_sigmask(SIG_SETMASK, &kept, nullptr);
  std::signal(SIGPIPE, before);
  BOOST_TEST_REQUIRE(signals.output.find("SigBlk:\t0000000000000000\nSigIgn:\t") == 0U);
  // Two that programs never use are ignored by posix_spawn itself, hence only ours is asked for.
  const auto ignored = std::stoull(signals.output.substr(signals.output.rfind('\t')), nullptr, 16);
  BOOST_TEST((ignored & 1ULL << (SIGPIPE - 1)) == 0U);
  BOOST_TEST(descriptors.succeeded());
}

BOOST_AUTO_TEST_CASE(several_run_at_once) {
  std::vector<std::string> outputs(8);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    threads.emplace_back([&outputs, i] {
      migrate::SystemProcesses processes;
      if (auto completed = processes.run(shell("printf " + std::to_string(i)))) outputs[i] = completed->output;
    });
  threads.clear();
  for (std::size_t i = 0; i < outputs.size(); ++i)
    BOOST_TEST(outputs[i] == std::to_string(i));
}

BOOST_AUTO_TEST_SUITE_END()
