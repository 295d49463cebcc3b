// The target is a full copy: its spec field by field, its memory and its volumes by checksum; and what is restarted
// later is an ordinary cold start of the real image.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/rich_pod.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

class Copy {
 public:
  Copy() {
    make_surroundings(scene_);
    scene_.start(rich_pod(scene_, "node-a"));
    for (const char* volume : {"scratch", "ram", "shared"})
      in_side(
          fmt::format("mkdir -p /{0}/sub && dd if=/dev/urandom of=/{0}/sub/data bs=64k count=50 2>/dev/null && "
                      "ln -s sub/data /{0}/link && chmod 640 /{0}/sub/data",
                      volume));
  }

  [[nodiscard]] Scene& scene() { return scene_; }
  [[nodiscard]] std::string ns() const { return scene_.stage().ns().name(); }
  std::string in_side(const std::string& script) const {
    return scene_.cluster().kubectl({"-n", ns(), "exec", scene_.consumer(), "-c", "side", "--", "sh", "-c", script});
  }
  [[nodiscard]] std::uint64_t side_count() const { return std::stoull(in_side("cat /scratch/count")); }
  // Names, modes, owners and sums of what lies in a volume, but for what changes by itself.
  [[nodiscard]] std::string content(const std::string& volume) const {
    return in_side(
        fmt::format("cd /{}; find . ! -name 'count*' ! -name . | sort | while read f; do stat -c '%n %a %u %g "
                    "%F' $f; done; find . -type f ! -name 'count*' | sort | xargs sha256sum",
                    volume));
  }
  [[nodiscard]] Json status_of(const std::string& container) const {
    const Json pod = scene_.stage().pod(scene_.consumer());
    for (const Json& status : pod.at("status").at("containerStatuses"))
      if (status.at("name") == container) return status;
    throw std::runtime_error("no container " + container);
  }

  // As containerd knows it.
  [[nodiscard]] std::string id_of(const std::string& container) const {
    const auto id = status_of(container).at("containerID").get<std::string>();
    return id.substr(id.find("//") + 2);
  }
  // "overlay / overlay ro,relatime,…", as its process sees it.
  [[nodiscard]] std::string root_mount(const std::string& container) const {
    return scene_.cluster().on(scene_.node(),
                               {"sh", "-c",
                                "pid=$(ctr -n k8s.io tasks ls | awk -v id=\"$0\" '$1 == id {print $2}'); "
                                "grep ' / ' /proc/$pid/mounts; ls -d /proc/$pid/root/tmp 2>&1 || true",
                                id_of(container)});
  }

  // Its process is killed from the node: inside, the kernel keeps pid 1 from it.
  void kill(const std::string& container) const {
    scene_.cluster().on(scene_.node(), {"ctr", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", id_of(container)});
    eventually(fmt::format("{} of {} to be started anew", container, scene_.consumer()), [&] {
      const Json status = status_of(container);
      return status.at("restartCount") == 1 && status.at("ready") == true;
    });
  }

 private:
  Scene scene_{"copy"};
};

Copy& copy() {
  static Copy made;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(copying)

BOOST_AUTO_TEST_CASE(the_target_is_a_copy_field_by_field_with_memory_and_volumes) {
  Copy& of = copy();
  const Json source = of.scene().stage().pod(of.scene().consumer());
  const std::string scratch = of.content("scratch");
  const std::string ram = of.content("ram");
  const std::string shared = of.content("shared");
  const std::uint64_t count = of.side_count();
  BOOST_REQUIRE_MESSAGE(scratch.find("sub/data 640") != std::string::npos, scratch);

  const auto move = of.scene().move({"--to", "node-b"});  // checks the consumer's memory
  BOOST_TEST_MESSAGE(move.told);
  const Json target = of.scene().stage().pod(of.scene().consumer());
  const auto found = differences(source, target);
  BOOST_TEST(found.empty(), fmt::format("{}", fmt::join(found, "\n")));
  BOOST_TEST(target["spec"]["runtimeClassName"] == "migrate");
  BOOST_TEST(target["metadata"]["labels"] == source["metadata"]["labels"], target["metadata"]["labels"].dump());
  // As read-only as it was, and what was lent to it for the restore is gone.
  const std::string root = of.root_mount("main");
  BOOST_TEST(root.find(" / overlay ro,") != std::string::npos, root);
  BOOST_TEST(root.find("No such file") != std::string::npos, root);
  BOOST_TEST(of.content("scratch") == scratch);
  BOOST_TEST(of.content("ram") == ram);
  BOOST_TEST(of.content("shared") == shared);
  BOOST_TEST(of.side_count() >= count);
  BOOST_TEST(of.in_side("cat /ram/link | wc -c") == "3276800\n");
  for (const char* container : {"main", "side"})
    BOOST_TEST(of.status_of(container).at("restartCount") == 0);
}

BOOST_AUTO_TEST_CASE(moved_once_more_it_is_still_a_copy) {
  Copy& of = copy();
  const Json source = of.scene().stage().pod(of.scene().consumer());
  const std::string ram = of.content("ram");
  const std::uint64_t count = of.side_count();
  const auto move = of.scene().move({"--to", "node-a", "--keep-name"});
  const auto found = differences(source, of.scene().stage().pod(of.scene().consumer()));
  BOOST_TEST(found.empty(), fmt::format("{}", fmt::join(found, "\n")));
  BOOST_TEST(of.content("ram") == ram);
  BOOST_TEST(of.side_count() >= count);
  of.scene().stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
}

BOOST_AUTO_TEST_CASE(without_a_fault_so_far_says_the_audit) {
  const Verdict verdict = copy().scene().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_CASE(a_killed_process_is_started_cold_from_the_real_image) {
  Copy& of = copy();
  const std::uint64_t side = of.side_count();
  BOOST_REQUIRE(side > 30);
  of.kill("side");
  BOOST_TEST(of.side_count() < side);
  BOOST_REQUIRE(of.scene().handled() > 0);
  of.kill("main");
  const Json state = of.scene().orders().state(of.scene().consumer());
  BOOST_TEST(state.at("count") == 0);
  BOOST_TEST(state.at("memory").at("intact") == true);
}

BOOST_AUTO_TEST_SUITE_END()
