#include "test/unit/agent/hop.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;
using test::is_there;
using test::read_text;

BOOST_FIXTURE_TEST_SUITE(pull_of_archives, Hop)

BOOST_AUTO_TEST_CASE(an_altered_archive_is_told_by_its_digest) {
  wire.spoil = [](std::string bytes) {
    bytes[bytes.size() / 2] ^= 1;
    return bytes;
  };
  fails(pull(), Kind::failed, "digest");
  BOOST_TEST(!is_there(node.places.target("m-1") / "archives/main"));
  wire.spoil = nullptr;
  good(pull());
}

BOOST_AUTO_TEST_CASE(an_altered_head_is_told_by_its_digest_too) {
  wire.spoil = [](const std::string& bytes) { return std::string(512, 'x') + bytes.substr(512); };
  fails(pull(), Kind::failed, "digest");
}

BOOST_AUTO_TEST_CASE(an_archive_that_is_cut_short_or_too_long_is_told) {
  wire.spoil = [](const std::string& bytes) { return bytes.substr(0, bytes.size() / 2); };
  fails(pull(), Kind::failed, "bytes came");
  wire.spoil = [](const std::string& bytes) { return bytes + bytes; };
  fails(pull(), Kind::failed, "bytes came");
}

BOOST_AUTO_TEST_CASE(an_archive_that_does_not_fit_is_not_begun) {
  made[0].size = Bytes{std::uint64_t{1} << 60};
  fails(pull(), Kind::no_space, "free");
  BOOST_TEST(wire.reads == 0);
}

BOOST_AUTO_TEST_CASE(names_cannot_lead_elsewhere) {
  for (const char* name : {"../x", "volume/../x", "", "volume/"}) {
    made[0].name = name;
    fails(pull(), Kind::precondition);
  }
  fails(target->prepare(order(), {pod("../x"), {"main"}, 1ms}), Kind::precondition);
  fails(target->prepare(order(), {pod("x"), {"a/b"}, 1ms}), Kind::precondition);
  fails(target->release(order(), {pod("x"), {"main"}, {"../y"}}), Kind::precondition);
}

// On the way back into a name, and for a restore where the archives were made.
struct WithinOneNode : Hop {
  WithinOneNode() {
    TargetParts parts = from.target_parts([this](const std::string&, const std::string&) { return peer; });
    parts.node = "node-a";
    parts.own_archive = [this](const Order& order, const Archive& archive) {
      return archives.folder_of(order, archive);
    };
    target = std::make_unique<Target>(std::move(parts));
  }
  [[nodiscard]] std::filesystem::path pulled() const { return from.places.target("m-1") / "archives/main"; }
};

BOOST_FIXTURE_TEST_CASE(within_one_node_nothing_is_copied, WithinOneNode) {
  good(pull());
  BOOST_TEST(wire.reads == 1);  // the emptyDir's
  const auto made_here = from.places.source("m-1") / "containers/main";
  for (const char* file : {"checkpoint/pages-1.img", "rootfs-diff.tar", "spec.dump"})
    BOOST_TEST(std::filesystem::equivalent(pulled() / file, made_here / file), file);
  BOOST_TEST(test::mode_of(pulled()) == 0700U);
  good(pull());
  BOOST_TEST(wire.reads == 1);
}

BOOST_FIXTURE_TEST_CASE(what_was_made_before_a_reboot_is_read_and_digested, WithinOneNode) {
  good(source.commit(order()));
  from.boot_id = "boot-2";
  Source again{from.source_parts()};
  Archives read_anew{from.source_parts(), "node-a", again, from.kubelet};
  BOOST_TEST(!good(read_anew.folder_of(order(), made[0])).has_value());
  BOOST_TEST(good(archives.folder_of(order(), made[0])).has_value());
  Archive other = made[0];
  other.digest = "sha256:00";
  BOOST_TEST(!good(archives.folder_of(order(), other)).has_value());
}

BOOST_AUTO_TEST_CASE(without_a_certificate_there_is_no_peer) {
  peer = nullptr;
  fails(pull(), Kind::failed, "certificate");
}

BOOST_AUTO_TEST_CASE(what_was_pulled_before_a_reboot_is_pulled_anew) {
  prepare();
  good(pull());
  good(release());
  node.boot_id = "boot-2";
  restart();
  BOOST_TEST((its().observe().go == runtime::Mark::earlier_boot));
  fails(release(), Kind::precondition, "pull it first");
  good(pull());
  BOOST_TEST(wire.reads == 4);
  good(release());
  BOOST_TEST((its().observe().go == runtime::Mark::this_boot));
}

BOOST_AUTO_TEST_CASE(each_order_may_be_repeated_also_by_another_agent_process) {
  prepare();
  prepare();
  good(pull());
  good(pull());
  BOOST_TEST(wire.reads == 2);
  restart();
  good(pull());
  BOOST_TEST(wire.reads == 2);
  good(release());
  restart();
  good(release());
  good(pull());
  BOOST_TEST(wire.reads == 2);
  prepare();
  BOOST_TEST((read_text(folder() / "archive/checkpoint/pages-1.img") == from.runtime.memory));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
