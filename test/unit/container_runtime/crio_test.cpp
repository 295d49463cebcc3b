#include <boost/test/unit_test.hpp>

#include "node/container_runtime/container_runtime.h"
#include "test/fakes/host.h"
#include "test/unit/container_runtime/fake_node.h"
#include "test/unit/container_runtime/fake_runtime.h"

namespace {

using namespace migrate::node;
using namespace std::string_literals;
using migrate::Command;
using migrate::Completed;
using migrate::Exited;
using migrate::test::FakeNode;
using migrate::test::FakeRuntime;
using migrate::test::FakeRuntimeState;
using migrate::test::write_text;
using Answer = migrate::fakes::Processes::Answer;
using Words = std::vector<std::string>;
namespace fs = std::filesystem;

struct Fixture {
  Fixture() {
    node.add_process(40, 1, 10, "/usr/bin/conmon\0-c\0c1\0-r\0/usr/sbin/runc\0--runtime-arg\0--root=/run/runc\0"s);
    node.add_process(41, 40, 100);
    write_text(node.proc() / "41/mountinfo", "520 430 0:61 / / rw - overlay overlay rw\n");
    state.name = "cri-o";
    state.version = "1.34.0";
    state.info = R"({"pid":41,"runtimeSpec":{"root":{"path":"/var/lib/containers/storage/overlay/l1/merged"}}})";
    for (const char* name : {"images", "work"})
      fs::create_directories(node / name);
    processes.answer = [this](const Command& command) { return runc(command.argv); };
    connected = connect_runtime(node.paths(), processes);
    BOOST_TEST_REQUIRE(connected.has_value(), (connected ? "" : connected.error().message));
    runtime = connected->get();
  }

  // runc as it behaves: what is as asked for already is an error.
  Answer runc(const Words& argv) {
    BOOST_TEST_REQUIRE(argv.size() >= 5U);
    const std::string& verb = argv[3];
    const bool frozen = paused;
    if (verb == "state") return Completed{Exited{0}, frozen ? R"({"status":"paused"})" : R"({"status":"running"})", ""};
    if (verb == "pause" && frozen) return Completed{Exited{1}, "", "container not running\n"};
    if (verb == "resume" && !frozen) return Completed{Exited{1}, "", "container not paused\n"};
    if (verb == "checkpoint") return checkpoint_answer(argv);
    paused = verb == "pause";
    node.set_frozen(41, paused);
    return Completed{Exited{0}, "", ""};
  }

  FakeNode node;
  FakeRuntimeState state;
  FakeRuntime server{node.root() / "run/crio/crio.sock", state};
  migrate::fakes::Processes processes;
  bool paused = false;
  std::function<Answer(const Words&)> checkpoint_answer = [](const Words&) { return Completed{Exited{0}, "", ""}; };
  migrate::Result<std::unique_ptr<ContainerRuntime>> connected;
  ContainerRuntime* runtime = nullptr;
};

BOOST_FIXTURE_TEST_SUITE(crio, Fixture)

BOOST_AUTO_TEST_CASE(it_tells_its_version) {
  const auto version = runtime->version();
  BOOST_TEST_REQUIRE(version.has_value());
  BOOST_TEST(version->name == "cri-o");
  BOOST_TEST(version->version == "1.34.0");
  BOOST_TEST(version->has_handler);
  BOOST_TEST(version->can_checkpoint_directly);
}

BOOST_AUTO_TEST_CASE(a_container_is_found_with_the_runtime_its_conmon_names) {
  auto found = runtime->find("u1", "app");
  BOOST_TEST_REQUIRE(found.has_value(), found.error().message);
  BOOST_TEST_REQUIRE(found->has_value());
  BOOST_TEST((*found)->id == "c1");
  BOOST_TEST((*found)->pid == 41);
  BOOST_TEST((*found)->runtime == "runc");
  BOOST_TEST((*found)->memory.count == 108U * 1024);
  BOOST_TEST(processes.commands.empty());  // the freezer is asked, not a process
  node.set_frozen(41, true);
  BOOST_TEST(runtime->find("u1", "app").value()->paused);
  node.hide_freezer(41);
  BOOST_TEST(!runtime->find("u1", "app").value()->paused);
  BOOST_TEST(processes.commands.size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_its_conmon_nobody_knows_its_runtime) {
  node.add_process(40, 1, 10, "/sbin/init");
  const auto found = runtime->find("u1", "app");
  BOOST_TEST_REQUIRE(!found.has_value());
  BOOST_TEST(found.error().message ==
             "find the OCI runtime of container c1: the parent of its process 41 is not its conmon");
}

BOOST_AUTO_TEST_CASE(what_does_not_run_is_not_there) {
  BOOST_TEST(!runtime->find("u2", "app").value().has_value());
  BOOST_TEST(runtime->exists("c1").value());
  BOOST_TEST(!runtime->exists("c2").value());
  node.remove_process(41);
  BOOST_TEST(!runtime->exists("c1").value());
  BOOST_TEST(!runtime->find("u1", "app").value().has_value());
  node.add_process(41, 40, 100);
  state.exited = true;
  BOOST_TEST(!runtime->exists("c1").value());
}

BOOST_AUTO_TEST_CASE(its_runtime_pauses_and_resumes_however_often) {
  BOOST_TEST(runtime->pause("c1").has_value());
  BOOST_TEST(processes.commands.at(0).argv == (Words{"/usr/sbin/runc", "--root", "/run/runc", "pause", "c1"}),
             boost::test_tools::per_element());
  BOOST_TEST(runtime->pause("c1").has_value());
  BOOST_TEST(node.is_frozen(41));
  BOOST_TEST(runtime->resume("c1").has_value());
  BOOST_TEST(runtime->resume("c1").has_value());
  BOOST_TEST(!node.is_frozen(41));
}

BOOST_AUTO_TEST_CASE(a_pause_that_fails_says_why) {
  processes.answer = [](const Command&) { return Answer{Completed{Exited{1}, "", "warned\nunable to freeze\n"}}; };
  BOOST_TEST(runtime->pause("c1").error().message ==
             "pause container c1: /usr/sbin/runc pause answered: unable to freeze (exit code 1)");
  processes.answer = [](const Command&) {
    return tl::make_unexpected(migrate::StartFailure{true, "on the host: run /usr/sbin/runc: No such file"});
  };
  BOOST_TEST(runtime->pause("c1").error().message ==
             "pause container c1: on the host: run /usr/sbin/runc: No such file");
  BOOST_TEST(!runtime->pause("c2").has_value());
}

BOOST_AUTO_TEST_CASE(a_checkpoint_leaves_it_paused) {
  BOOST_TEST_REQUIRE(runtime->pause("c1").has_value());
  const auto done = runtime->checkpoint("c1", node / "images", node / "work", std::chrono::seconds{7});
  BOOST_TEST_REQUIRE(done.has_value(), (done ? "" : done.error().message));
  const Command& ran = processes.commands.back();
  BOOST_TEST(
      ran.argv == (Words{"/usr/sbin/runc", "--root", "/run/runc", "checkpoint", "--leave-running", "--image-path",
                         (node / "images").string(), "--work-path", (node / "work").string(), "c1"}),
      boost::test_tools::per_element());
  BOOST_TEST((ran.time_limit == std::chrono::seconds{7}));
  BOOST_TEST((ran.patience > std::chrono::seconds{10}));  // CRIU undoes what it did to the Pod's network
}

BOOST_AUTO_TEST_CASE(a_refused_checkpoint_has_criu_s_reason) {
  BOOST_TEST_REQUIRE(runtime->pause("c1").has_value());
  checkpoint_answer = [this](const Words&) {
    write_text(node / "work" / "dump.log", "Error (criu/x.c:1): because\n");
    return Completed{Exited{1}, "", "criu failed: type NOTIFY errno 0\n"};
  };
  const auto done = runtime->checkpoint("c1", node / "images", node / "work");
  BOOST_TEST_REQUIRE(!done.has_value());
  BOOST_TEST(
      done.error().message.find("checkpoint container c1: /usr/sbin/runc checkpoint answered: criu failed") == 0U,
      done.error().message);
  BOOST_TEST(done.error().message.find("says: Error (criu/x.c:1): because") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_that_ran_during_the_checkpoint_is_paused_again) {
  BOOST_TEST_REQUIRE(runtime->pause("c1").has_value());
  checkpoint_answer = [this](const Words&) {
    paused = false;
    node.set_frozen(41, false);
    return Completed{Exited{0}, "", ""};
  };
  const auto done = runtime->checkpoint("c1", node / "images", node / "work");
  BOOST_TEST_REQUIRE(!done.has_value());
  BOOST_TEST(done.error().message.find("it is paused again") != std::string::npos, done.error().message);
  BOOST_TEST(node.is_frozen(41));
}

BOOST_AUTO_TEST_CASE(the_upper_folder_lies_beside_the_merged_one) {
  fs::create_directories(node.root() / "var/lib/containers/storage/overlay/l1/diff");
  BOOST_TEST(runtime->upper_folder("c1").value()->string() ==
             (node.root() / "var/lib/containers/storage/overlay/l1/diff").string());
  write_text(node.proc() / "41/mountinfo", "520 430 0:61 / / rw - fuse.fuse-overlayfs fuse-overlayfs rw\n");
  BOOST_TEST(!runtime->upper_folder("c1").value().has_value());
  BOOST_TEST(!runtime->upper_folder("c2").has_value());
}

BOOST_AUTO_TEST_CASE(its_documents_are_there) {
  const auto documents = runtime->documents("c1", {});
  BOOST_TEST_REQUIRE(documents.has_value(), documents.error().message);
  BOOST_TEST(documents->spec == R"({"root":{"path":"/var/lib/containers/storage/overlay/l1/merged"}})");
  BOOST_TEST(documents->config.find(R"("runtime":"runc")") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
