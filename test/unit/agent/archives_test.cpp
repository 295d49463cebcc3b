#include "node/agent/archives.h"

#include "node/agent/untar.h"
#include "shared/image/digest.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;

struct Fixture {
  Node node;
  Source source{node.source_parts()};
  Archives archives{node.source_parts(), "node-a", source, node.kubelet};
  Call call;

  Fixture() {
    node.run("c1", "main");
    node.run("c2", "side");
    test::write_text(node.runtime.containers["c1"].upper / "tmp/file", "changed");
    test::write_text(node.places.empty_dir("pod-1", "scratch") / "note", "kept");
  }
  void freeze() { good(source.freeze(order(), {pod(), {"main", "side"}, "node-b", 30s})); }
  std::vector<Archive> checkpoint(Backend backend = Backend::direct) {
    return good(archives.checkpoint(order(), {backend, {"scratch"}}, call));
  }
  std::string read(const std::string& name, const std::string& peer = "agent/node-b") {
    std::string bytes;
    call.peer = peer;
    good(archives.read(
        order(), name,
        [&](std::string_view piece) {
          bytes += piece;
          return true;
        },
        call));
    return bytes;
  }
};

BOOST_FIXTURE_TEST_SUITE(archives_of_a_source, Fixture)

BOOST_AUTO_TEST_CASE(what_is_read_is_what_was_announced_as_often_as_it_is_read) {
  freeze();
  const auto made = checkpoint();
  BOOST_REQUIRE(made.size() == 3U);
  BOOST_TEST(made[2].name == "volume/scratch");
  for (int i = 0; i < 2; ++i)
    for (const Archive& archive : made) {
      const std::string bytes = read(archive.name);
      BOOST_TEST(bytes.size() == archive.size.count);
      BOOST_TEST(image::sha256_of(bytes) == archive.digest);
    }
  std::filesystem::create_directories(node.folder / "out");
  Untar untar{node.folder / "out"};
  BOOST_TEST(untar.feed(read("main")));
  good(untar.finish());
  BOOST_TEST(test::read_text(node.folder / "out/checkpoint/pages-1.img") == "memory");
  BOOST_TEST(test::read_text(node.folder / "out/config.dump") == R"({"id":"c1"})");
  BOOST_TEST(test::is_there(node.folder / "out/rootfs-diff.tar"));
  BOOST_TEST(test::is_there(node.folder / "out/spec.dump"));
}

BOOST_AUTO_TEST_CASE(a_repeated_order_finds_the_first_ones_archives) {
  freeze();
  const auto first = checkpoint();
  node.runtime.asked.clear();
  const auto again = checkpoint();
  BOOST_TEST(again.size() == first.size());
  BOOST_TEST(again[0].digest == first[0].digest);
  BOOST_TEST(node.runtime.asked.empty());
}

BOOST_AUTO_TEST_CASE(only_what_is_frozen_is_checkpointed) {
  fails(archives.checkpoint(order(), {}, call), Kind::precondition, "not frozen");
  freeze();
  good(source.thaw(order(), false));
  fails(archives.checkpoint(order(), {}, call), Kind::precondition, "thawed");
}

BOOST_AUTO_TEST_CASE(thawed_meanwhile_is_no_checkpoint) {
  freeze();
  node.runtime.at_asking = [&](const std::string& what) {
    if (what == "upper c2") node.clock.tick(30s);
  };
  fails(archives.checkpoint(order(), {}, call), Kind::precondition);
}

BOOST_AUTO_TEST_CASE(what_criu_says_reaches_the_controller) {
  freeze();
  node.runtime.fails["checkpoint c2"] = "CRIU: Can't dump a tty";
  fails(archives.checkpoint(order(), {}, call), Kind::failed, "Can't dump a tty");
  BOOST_TEST((source.record(order()).state == SourceState::frozen));
}

BOOST_AUTO_TEST_CASE(and_its_log_is_told_in_ours_when_it_failed_alone) {
  freeze();
  node.runtime.at_asking = [&](const std::string& what) {
    if (what == "checkpoint c2")
      test::write_text(node.places.source("m-1") / "work/side/dump.log", "(00.1) Error: a tty\n");
  };
  node.runtime.fails["checkpoint c2"] = "CRIU: Can't dump a tty";
  fails(archives.checkpoint(order(), {}, call), Kind::failed);
  BOOST_REQUIRE(node.log.fields.size() == 1U);
  const LogFields wanted = {{"migration", "m-1"},
                            {"name", "shop/orders"},
                            {"container", "side"},
                            {"pod", "orders"},
                            {"file", "dump.log"},
                            {"part", "1/1"},
                            {"criuLog", "(00.1) Error: a tty\n"}};
  BOOST_TEST((node.log.fields[0] == wanted));
}

BOOST_AUTO_TEST_CASE(a_root_that_is_no_overlay_is_for_the_kubelet) {
  freeze();
  node.runtime.containers["c1"].upper.clear();
  fails(archives.checkpoint(order(), {}, call), Kind::precondition, "kubelet");
}

BOOST_AUTO_TEST_CASE(by_the_kubelet_the_archive_is_its_file) {
  freeze();
  checkpoint(Backend::kubelet);
  BOOST_TEST(read("main") == "a tar file");
}

BOOST_AUTO_TEST_CASE(a_kubelet_whose_runtime_ends_the_freeze_is_of_no_use) {
  freeze();
  node.kubelet.afterwards = [&] { node.runtime.containers["c1"].paused = false; };
  fails(archives.checkpoint(order(), {Backend::kubelet, {}}, call), Kind::failed, "ended its freeze");
}

BOOST_AUTO_TEST_CASE(what_the_kubelet_says_reaches_the_controller) {
  freeze();
  node.kubelet.error = "it answered 403";
  fails(archives.checkpoint(order(), {Backend::kubelet, {}}, call), Kind::failed, "403");
}

BOOST_AUTO_TEST_CASE(only_the_target_and_this_node_may_read) {
  freeze();
  checkpoint();
  BOOST_TEST(!read("main", "agent/node-a").empty());
  const auto never = [](std::string_view) { return true; };
  for (const char* peer : {"agent/node-c", "controller", "agent/"}) {
    call.peer = peer;
    fails(archives.read(order(), "main", never, call), Kind::refused, "node-b");
  }
  call.peer = "agent/node-b";
  fails(archives.read(order(), "other", never, call), Kind::precondition, "none of that name");
  fails(archives.read(order(), "../m-1/record.json", never, call), Kind::precondition);
  good(source.commit(order()));
  BOOST_TEST(!read("main").empty());
}

BOOST_AUTO_TEST_CASE(a_reader_may_have_enough) {
  freeze();
  checkpoint();
  good(archives.read(
      order(), "main", [](std::string_view) { return false; }, call));
}

BOOST_AUTO_TEST_CASE(it_looks_before_anything_is_frozen) {
  for (auto& [id, container] : node.runtime.containers)
    container.shm = {Bytes{4096}, 2};
  const SourceFacts facts = good(inspect(node.places, node.runtime, pod(), {"main"}, {"scratch"}));
  BOOST_TEST(facts.containers.at(0).memory.count == 1000U);
  BOOST_TEST(facts.containers.at(0).image.count == 5000U);
  BOOST_TEST(node.runtime.asked.back() == "image_size image of main");
  BOOST_TEST(facts.containers.at(0).shm.count == 4096U);
  BOOST_TEST(facts.containers.at(0).shm_entries == 2U);
  BOOST_TEST(facts.volumes.at(0).size.count == 4U);
  BOOST_TEST(facts.free_disk.count > 0U);
  fails(inspect(node.places, node.runtime, pod(), {"other"}, {}), Kind::precondition, "does not run");
  fails(inspect(node.places, node.runtime, pod(), {}, {"../.."}), Kind::precondition);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
