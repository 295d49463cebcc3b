#include "node/container_runtime/on_host.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "test/fakes/host.h"
#include "test/temporary_folder.h"

namespace {

using migrate::Command;
using migrate::Completed;
using migrate::Exited;
using migrate::node::OnHostProcesses;
using Answer = migrate::fakes::Processes::Answer;

Command command(std::vector<std::string> argv) {
  Command made;
  made.argv = std::move(argv);
  return made;
}

BOOST_AUTO_TEST_SUITE(on_host)

BOOST_AUTO_TEST_CASE(a_command_goes_through_ourselves_with_everything_it_asked_for) {
  migrate::fakes::Processes processes;
  processes.print("paused");
  Command asked = command({"runc", "state", "c1"});
  asked.time_limit = std::chrono::seconds{3};
  asked.directory = "/somewhere";
  const auto done = OnHostProcesses(processes, "/agent").run(asked);
  BOOST_TEST_REQUIRE(done.has_value());
  BOOST_TEST(done->output == "paused");
  const Command& ran = processes.commands.at(0);
  BOOST_TEST(ran.argv == (std::vector<std::string>{"/agent", "on-host", "runc", "state", "c1"}),
             boost::test_tools::per_element());
  BOOST_TEST((ran.time_limit == asked.time_limit));
  BOOST_TEST(ran.directory == "");
}

BOOST_AUTO_TEST_CASE(what_could_not_be_started_there_is_no_program_that_failed) {
  struct Case {
    int code;
    const char* errors;
    bool started;
    bool not_found;
  };
  for (const Case& one : {Case{127, "on-host: run runc: No such file or directory\n", false, true},
                          Case{126, "on-host: enter /proc/1/ns/mnt: Operation not permitted\n", false, false},
                          Case{127, "sh: no such command\n", true, false}, Case{1, "on-host: \n", true, false}}) {
    migrate::fakes::Processes processes;
    processes.answer = [&](const Command&) { return Answer{Completed{Exited{one.code}, "", one.errors}}; };
    const auto done = OnHostProcesses(processes, "/agent").run(command({"runc"}));
    BOOST_TEST_CONTEXT(one.errors) {
      BOOST_TEST(done.has_value() == one.started);
      if (!done) BOOST_TEST(done.error().not_found == one.not_found);
      if (!done) BOOST_TEST(done.error().message.find("on the host: ") == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_named_is_an_error) {
  migrate::fakes::Processes processes;
  BOOST_TEST(!OnHostProcesses(processes).run(command({})));
}

// A shell as process 1 of a pid namespace is the host, with a file that only its mount namespace has; what it starts in
// further namespaces is the container.
BOOST_AUTO_TEST_CASE(it_becomes_the_program_in_the_namespaces_of_process_1) {
  const migrate::test::TemporaryFolder folder;
  const std::string script = R"(
    mount -t tmpfs tmpfs "$FOLDER" && echo host >"$FOLDER/file" || exit 99
    unshare --mount --uts --ipc --net sh -c '
      umount "$FOLDER"; cd "$FOLDER"; cat file
      $PROGRAM on-host sh -c "cat $FOLDER/file; pwd; echo \$PATH; exit 7"; echo $?
      $PROGRAM on-host no-such-program; echo $?' 2>&1
    exit 0)";
  Command all = command({"unshare", "--pid", "--fork", "--mount", "--mount-proc", "sh", "-c", script});
  all.variables = {{"FOLDER", folder.path().string()}, {"PROGRAM", ON_HOST_PROGRAM}};
  const auto done = migrate::SystemProcesses().run(all);
  BOOST_TEST_REQUIRE(done.has_value());
  if (!done->succeeded() && ::geteuid() != 0) return;  // only root may make namespaces
  BOOST_TEST(done->succeeded(), done->errors);
  BOOST_TEST(done->output ==
             "cat: file: No such file or directory\n"
             "host\n/\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n7\n"
             "on-host: run no-such-program: No such file or directory\n127\n");
}

BOOST_AUTO_TEST_CASE(without_the_hidden_command_main_goes_on) {
  migrate::SystemProcesses processes;
  for (const auto& argv : {command({ON_HOST_PROGRAM}), command({ON_HOST_PROGRAM, "on-host"}),
                           command({ON_HOST_PROGRAM, "serve", "on-host", "true"})}) {
    const auto done = processes.run(argv);
    BOOST_TEST_REQUIRE(done.has_value());
    BOOST_TEST((done->ending == migrate::Ending{Exited{3}}));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
