#include <boost/test/unit_test.hpp>

#include "node/container_runtime/container_runtime.h"
#include "test/fakes/host.h"
#include "test/unit/container_runtime/fake_node.h"
#include "test/unit/container_runtime/fake_runtime.h"

namespace {

using namespace migrate::node;
using migrate::test::FakeNode;
using migrate::test::FakeRuntime;
using migrate::test::FakeRuntimeState;
using migrate::test::write_text;
namespace fs = std::filesystem;

struct Fixture {
  Fixture() {
    node.add_process(41, 1, 100);
    state.on_pause = [this] { node.set_frozen(41, true); };
    state.on_resume = [this] { node.set_frozen(41, false); };
    for (const char* name : {"images", "work"})
      fs::create_directories(node / name);
    connected = connect_runtime(node.paths(), processes);
    BOOST_TEST_REQUIRE(connected.has_value(), (connected ? "" : connected.error().message));
    runtime = connected->get();
    state.calls.clear();
  }
  std::string checkpoint() {
    const auto done = runtime->checkpoint("c1", node / "images", node / "work");
    return done ? "" : done.error().message;
  }

  FakeNode node;
  FakeRuntimeState state;
  FakeRuntime server{node.root() / "run/containerd/containerd.sock", state};
  migrate::fakes::Processes processes;
  migrate::Result<std::unique_ptr<ContainerRuntime>> connected;
  ContainerRuntime* runtime = nullptr;
};

BOOST_FIXTURE_TEST_SUITE(containerd, Fixture)

BOOST_AUTO_TEST_CASE(it_tells_its_version_and_whether_it_knows_us) {
  auto version = runtime->version();
  BOOST_TEST_REQUIRE(version.has_value());
  BOOST_TEST(version->name == "containerd");
  BOOST_TEST(version->version == "2.3.7");
  BOOST_TEST(version->has_handler);
  BOOST_TEST(version->can_checkpoint_directly);
  BOOST_TEST(!version->restore_via_create.has_value());
  state.config = R"({"enableExperimentalRestoreViaCreate": true, "rootDir": "/"})";
  BOOST_TEST(runtime->version()->restore_via_create.value_or(false));
  state.config = R"({"enableExperimentalRestoreViaCreate": false})";
  BOOST_TEST(!runtime->version()->restore_via_create.value_or(true));
  state.handlers = {"", "runc"};
  BOOST_TEST(!runtime->version()->has_handler);
}

BOOST_AUTO_TEST_CASE(images_have_a_size_where_it_is_known) {
  BOOST_TEST(runtime->image_size("sha256:ab").count == 123'456U);
  BOOST_TEST(runtime->image_size("sha256:other").count == 0U);
  state.failures["ImageStatus"] = "no";
  BOOST_TEST(runtime->image_size("sha256:ab").count == 0U);
}

BOOST_AUTO_TEST_CASE(a_container_is_found_by_its_pod_and_name) {
  state.binary = "/usr/local/bin/crun";
  const auto found = runtime->find("u1", "app");
  BOOST_TEST_REQUIRE(found.has_value());
  BOOST_TEST_REQUIRE(found->has_value());
  BOOST_TEST((*found)->id == "c1");
  BOOST_TEST((*found)->pid == 41);
  BOOST_TEST((*found)->runtime == "crun");
  BOOST_TEST((*found)->image == "sha256:ab");
  BOOST_TEST((*found)->memory.count == 108U * 1024);
  BOOST_TEST(!(*found)->paused);
  for (const std::string& name : state.namespaces)
    BOOST_TEST(name == "k8s.io");
}

BOOST_AUTO_TEST_CASE(the_runtime_without_options_is_runc) {
  state.options_type = "runtimeoptions.v1.Options";
  BOOST_TEST(runtime->find("u1", "app").value()->runtime == "runc");
  state.shim = "io.containerd.runsc.v1";
  BOOST_TEST(runtime->find("u1", "app").value()->runtime == "io.containerd.runsc.v1");
}

BOOST_AUTO_TEST_CASE(what_does_not_run_is_not_there) {
  BOOST_TEST(!runtime->find("u2", "app").value().has_value());
  BOOST_TEST(!runtime->find("u1", "other").value().has_value());
  BOOST_TEST(runtime->exists("c1").value());
  BOOST_TEST(!runtime->exists("c2").value());
  state.task = "stopped";
  BOOST_TEST(!runtime->find("u1", "app").value().has_value());
  BOOST_TEST(!runtime->exists("c1").value());
  state.has_task = false;
  BOOST_TEST(!runtime->find("u1", "app").value().has_value());
  BOOST_TEST(!runtime->exists("c1").value());
}

BOOST_AUTO_TEST_CASE(it_pauses_and_resumes_however_often) {
  BOOST_TEST(runtime->pause("c1").has_value());
  BOOST_TEST(node.is_frozen(41));
  BOOST_TEST(runtime->pause("c1").has_value());
  BOOST_TEST(runtime->find("u1", "app").value()->paused);
  BOOST_TEST(runtime->resume("c1").has_value());
  BOOST_TEST(!node.is_frozen(41));
  BOOST_TEST(runtime->resume("c1").has_value());
}

BOOST_AUTO_TEST_CASE(the_kernel_s_word_is_worth_more_than_its_own) {
  state.task = "paused";  // but it runs
  BOOST_TEST(!runtime->find("u1", "app").value()->paused);
  BOOST_TEST(runtime->pause("c1").has_value());
  BOOST_TEST(node.is_frozen(41));
  state.task = "running";  // and yet it is frozen
  BOOST_TEST(runtime->find("u1", "app").value()->paused);
  BOOST_TEST(!runtime->resume("c1").has_value());
  node.hide_freezer(41);
  BOOST_TEST(!runtime->find("u1", "app").value()->paused);
}

BOOST_AUTO_TEST_CASE(a_pause_that_fails_says_why) {
  state.failures["Pause"] = "cgroups: unable to freeze";
  const auto done = runtime->pause("c1");
  BOOST_TEST_REQUIRE(!done.has_value());
  BOOST_TEST(done.error().message == "pause container c1: containerd answered: cgroups: unable to freeze");
  const auto missing = runtime->resume("c2");
  BOOST_TEST_REQUIRE(!missing.has_value());
  BOOST_TEST(missing.error().message == "resume container c2: containerd answered: not found");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_goes_into_the_folders_named) {
  std::string images;
  std::string work;
  state.on_checkpoint = [&](const std::string& into, const std::string& logs) { images = into, work = logs; };
  BOOST_TEST_REQUIRE(runtime->pause("c1").has_value());
  BOOST_TEST(checkpoint() == "");
  BOOST_TEST(images == (node / "images").string());
  BOOST_TEST(work == (node / "work").string());
  BOOST_TEST(node.is_frozen(41));
}

BOOST_AUTO_TEST_CASE(only_a_paused_one_is_checkpointed) {
  BOOST_TEST(checkpoint() == "checkpoint container c1: it is not paused: pause it first");
}

BOOST_AUTO_TEST_CASE(a_refused_checkpoint_has_criu_s_reason) {
  BOOST_TEST_REQUIRE(runtime->pause("c1").has_value());
  state.on_checkpoint = [&](const std::string&, const std::string& work) {
    write_text(fs::path(work) / "dump.log", "x\nError (criu/sk-inet.c:191): Connected TCP socket\n");
  };
  state.failures["Checkpoint"] = "criu failed: type NOTIFY errno 0";
  const std::string message = checkpoint();
  BOOST_TEST(message.find("containerd answered: criu failed: type NOTIFY errno 0") != std::string::npos, message);
  BOOST_TEST(message.find("says: Error (criu/sk-inet.c:191): Connected TCP socket") != std::string::npos, message);
}

BOOST_AUTO_TEST_CASE(one_that_ran_during_the_checkpoint_is_paused_again) {
  BOOST_TEST_REQUIRE(runtime->pause("c1").has_value());
  state.on_checkpoint = [&](const std::string&, const std::string&) {
    state.task = "running";
    node.set_frozen(41, false);
  };
  BOOST_TEST(checkpoint() ==
             "checkpoint container c1: it runs after the checkpoint; it is paused again. What was written must be "
             "thrown away");
  BOOST_TEST(node.is_frozen(41));
}

BOOST_AUTO_TEST_CASE(the_upper_folder_is_found_below_the_host_s_root) {
  state.mount_options = {"upperdir=/var/lib/containerd/9/fs"};
  const auto hidden = runtime->upper_folder("c1");
  BOOST_TEST_REQUIRE(!hidden.has_value());
  BOOST_TEST(hidden.error().message.find("/var/lib/containerd/9/fs is not to be seen") != std::string::npos);
  fs::create_directories(node.root() / "data/9/fs");
  fs::create_directories(node.root() / "var/lib");
  fs::create_directory_symlink("/data", node.root() / "var/lib/containerd");
  BOOST_TEST(runtime->upper_folder("c1").value()->string() == (node.root() / "data/9/fs").string());
  state.mount_type = "fuse3.fuse-overlayfs";
  BOOST_TEST(!runtime->upper_folder("c1").value().has_value());
}

BOOST_AUTO_TEST_CASE(its_documents_are_there) {
  const auto documents = runtime->documents("c1", {});
  BOOST_TEST_REQUIRE(documents.has_value());
  BOOST_TEST(documents->spec == state.spec);
  BOOST_TEST(documents->config.find(R"("rootfsImageRef":"registry.test/orders@sha256:ab")") != std::string::npos);
  BOOST_TEST(!runtime->documents("c2", {}).has_value());
}

BOOST_AUTO_TEST_CASE(errors_name_the_call) {
  state.failures["ListContainers"] = "shutting down";
  BOOST_TEST(runtime->find("u1", "app").error().message ==
             "look for container app of the Pod with uid u1: containerd answered: shutting down");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connecting)

BOOST_AUTO_TEST_CASE(a_node_without_a_runtime_is_an_error) {
  const FakeNode node;
  migrate::fakes::Processes processes;
  const auto none = connect_runtime(node.paths(), processes);
  BOOST_TEST_REQUIRE(!none.has_value());
  BOOST_TEST(none.error().message.find("no socket /run/containerd/containerd.sock") != std::string::npos);
  const auto named = connect_runtime(node.paths(), processes, "/run/other.sock");
  BOOST_TEST_REQUIRE(!named.has_value());
  BOOST_TEST(named.error().message.find("run/other.sock cannot be reached") != std::string::npos,
             named.error().message);
}

BOOST_AUTO_TEST_CASE(so_is_one_we_do_not_know) {
  const FakeNode node;
  FakeRuntimeState state;
  state.name = "docker";
  const FakeRuntime server{node.root() / "run/crio/crio.sock", state};
  migrate::fakes::Processes processes;
  const auto other = connect_runtime(node.paths(), processes);
  BOOST_TEST_REQUIRE(!other.has_value());
  BOOST_TEST(other.error().message.find("calls itself 'docker'") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
