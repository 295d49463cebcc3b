#include "node/container_runtime/facts.h"

#include <boost/test/unit_test.hpp>

namespace {

using namespace migrate::node;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(facts)

BOOST_AUTO_TEST_CASE(versions_lose_their_v) {
  BOOST_TEST(plain_version("v2.3.7") == "2.3.7");
  BOOST_TEST(plain_version("1.34.0") == "1.34.0");
  BOOST_TEST(plain_version("") == "");
}

BOOST_AUTO_TEST_CASE(the_upper_folder_is_read_from_the_mounts_of_an_overlay_only) {
  struct Case {
    const char* what;
    std::string snapshotter;
    std::vector<Mount> mounts;
    std::optional<std::filesystem::path> upper;
  };
  const std::vector<Case> cases{
      {"overlay",
       "overlayfs",
       {{"overlay", "overlay", {"index=off", "workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/8/fs:/s/7/fs"}}},
       "/s/9/fs"},
      {"overlay of another snapshotter", "stargz", {{"overlay", "overlay", {"upperdir=/z/9/fs"}}}, "/z/9/fs"},
      {"read-only overlay", "overlayfs", {{"overlay", "overlay", {"lowerdir=/s/8/fs:/s/7/fs"}}}, {}},
      {"empty option", "overlayfs", {{"overlay", "overlay", {"upperdir="}}}, {}},
      {"image without layers", "overlayfs", {{"bind", "/s/9/fs", {"rw", "rbind"}}}, "/s/9/fs"},
      {"read-only bind", "overlayfs", {{"bind", "/s/9/fs", {"ro", "rbind"}}}, {}},
      {"a whole copy", "native", {{"bind", "/n/9", {"rw", "rbind"}}}, {}},
      {"fuse", "fuse-overlayfs", {{"fuse3.fuse-overlayfs", "overlay", {"upperdir=/f/9/fs"}}}, {}},
      {"block device", "erofs", {{"erofs", "/e/1", {}}, {"overlay", "overlay", {"upperdir=/e/9/fs"}}}, {}},
      {"none", "overlayfs", {}, {}},
  };
  for (const Case& one : cases)
    BOOST_TEST((upper_folder_of(one.snapshotter, one.mounts) == one.upper), one.what);
}

BOOST_AUTO_TEST_CASE(the_root_of_a_container_is_an_overlay_when_its_mountinfo_says_so) {
  const std::string overlay = "520 430 0:61 / / rw,relatime shared:7 master:1 - overlay overlay rw,upperdir=/x/diff\n";
  const std::string fuse = "520 430 0:61 / / rw,relatime - fuse.fuse-overlayfs fuse-overlayfs rw\n";
  const std::string proc = "521 520 0:62 / /proc rw - proc proc rw\n";
  BOOST_TEST(root_is_overlay(overlay + proc));
  BOOST_TEST(root_is_overlay(proc + overlay));
  BOOST_TEST(!root_is_overlay(fuse + proc));
  BOOST_TEST(!root_is_overlay(overlay + fuse));
  BOOST_TEST(!root_is_overlay(proc));
  BOOST_TEST(!root_is_overlay("521 520 0:62 / /overlay rw - overlay overlay rw\n"));
  BOOST_TEST(!root_is_overlay(""));
  BOOST_TEST(!root_is_overlay("1 2 3 / / rw -"));
}

BOOST_AUTO_TEST_CASE(the_oci_runtime_is_the_binary_of_its_shim) {
  BOOST_TEST(runtime_of_shim("io.containerd.runc.v2", "") == "runc");
  BOOST_TEST(runtime_of_shim("io.containerd.runc.v2", "runc") == "runc");
  BOOST_TEST(runtime_of_shim("io.containerd.runc.v2", "/usr/bin/crun") == "crun");
  BOOST_TEST(runtime_of_shim("io.containerd.runc.v2", "/opt/kubectl-migrate/bin/migrate-runc") == "migrate-runc");
  BOOST_TEST(runtime_of_shim("io.containerd.runsc.v1", "runc") == "io.containerd.runsc.v1");
}

BOOST_AUTO_TEST_CASE(a_conmon_tells_its_runtime) {
  const std::string line =
      "/usr/bin/conmon\0-b\0/run/x/userdata\0-c\0c1\0--exit-dir\0/var/run/crio/exits\0-n\0k8s_app\0-r\0/usr/sbin/runc\0"
      "--runtime-arg\0--root=/run/runc\0--syslog\0-u\0c1\0-s\0"s;
  const auto found = runtime_of_conmon(line, "c1");
  BOOST_TEST_REQUIRE(found.has_value());
  BOOST_TEST(found->path == "/usr/sbin/runc");
  BOOST_TEST(found->root == "/run/runc");
  BOOST_TEST(!runtime_of_conmon(line, "c2").has_value());
  BOOST_TEST(!runtime_of_conmon("/sbin/init\0"s, "c1").has_value());
  BOOST_TEST(!runtime_of_conmon("", "c1").has_value());
  BOOST_TEST(!runtime_of_conmon("conmon\0-c\0c1\0-r"s, "c1").has_value());
  // The value of an option is no option.
  BOOST_TEST(!runtime_of_conmon("conmon\0-n\0-c\0c1\0-r\0runc\0"s, "c2").has_value());
  const auto rootless = runtime_of_conmon("conmon\0--cid\0c1\0--runtime\0crun\0--runtime-arg\0--debug\0"s, "c1");
  BOOST_TEST_REQUIRE(rootless.has_value());
  BOOST_TEST(rootless->path == "crun");
  BOOST_TEST(rootless->root == "");
}

BOOST_AUTO_TEST_CASE(the_status_is_read_from_what_state_prints) {
  BOOST_TEST(status_of_state(R"({"id":"c1","pid":7,"status":"paused"})").value() == "paused");
  for (const char* bad : {"", "[]", "{}", R"({"status":3})"})
    BOOST_TEST(!status_of_state(bad).has_value());
}

BOOST_AUTO_TEST_CASE(crio_s_verbose_info_is_read) {
  const auto info = parse_crio_info(R"({"sandboxID":"s","pid":41,"runtimeSpec":{"root":{"path":"/l/x/merged"}}})");
  BOOST_TEST_REQUIRE(info.has_value());
  BOOST_TEST(info->pid == 41);
  BOOST_TEST(info->root_path == "/l/x/merged");
  BOOST_TEST(info->spec == R"({"root":{"path":"/l/x/merged"}})");
  for (const char* odd : {R"({"pid":"x","runtimeSpec":{"root":3}})", R"({"runtimeSpec":{"root":{"path":1}}})"}) {
    const auto parsed = parse_crio_info(odd);
    BOOST_TEST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->pid == 0);
    BOOST_TEST(parsed->root_path.empty());
  }
  for (const char* bad : {"", "3", "{}", R"({"runtimeSpec":[]})"})
    BOOST_TEST(!parse_crio_info(bad).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
