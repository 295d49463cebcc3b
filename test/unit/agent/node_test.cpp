// What the agent does to its node and says of it: installation, CRIU's configuration, facts, certificate, kubelet.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "node/agent/criu_config.h"
#include "node/agent/disk.h"
#include "node/agent/enrolment.h"
#include "node/agent/facts.h"
#include "node/agent/installation.h"
#include "node/agent/kubelet.h"
#include "shared/certificates/certificates.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using test::read_text;
using test::write_text;

constexpr const char* kAll = "tcp-close\nskip-in-flight\nfile-locks\next-unix-sk\nlink-remap\nmanage-cgroups=ignore\n";

struct Fixture {
  test::TemporaryFolder folder;
  fs::path root = folder / "host";
  InstallationPlace place{root, folder / "migrate-runc", folder / "state"};

  Fixture() {
    write_text(folder / "migrate-runc", "program 1");
    write_program("/usr/sbin/runc");
  }
  void write_program(const std::string& path) const {
    write_text(root.string() + path, "runc");
    fs::permissions(root.string() + path, fs::perms::owner_all);
  }
  [[nodiscard]] std::string at(const std::string& path) const { return read_text(root.string() + path); }
};

BOOST_FIXTURE_TEST_SUITE(node_of_an_agent, Fixture)

BOOST_AUTO_TEST_CASE(criu_options_are_added_once_and_taken_away_again) {
  BOOST_TEST(without_our_options(with_our_options("")).empty());
  BOOST_TEST(with_our_options("").find(kAll) != std::string::npos);
  const std::string theirs = "# mine\nlog-file /x\nmanage-cgroups soft\n--tcp-close\n";
  const std::string merged = with_our_options(theirs);
  BOOST_TEST(merged.rfind(theirs, 0) == 0U);
  BOOST_TEST(merged.find("manage-cgroups=ignore") == std::string::npos);
  BOOST_TEST(merged.find("\ntcp-close") == std::string::npos);
  BOOST_TEST(merged.find("\nfile-locks\n") != std::string::npos);
  BOOST_TEST(with_our_options(merged) == merged);
  BOOST_TEST(without_our_options(merged) == theirs);
  BOOST_TEST(with_our_options(kAll) == kAll);
  BOOST_TEST(without_our_options(with_our_options("no line end")) == "no line end\n");
}

BOOST_AUTO_TEST_CASE(it_installs_what_is_missing_and_only_that) {
  BOOST_TEST(value_or_fatal(install(place)).size() == 2U);
  BOOST_TEST(at(kInstalledRuntime) == "program 1");
  BOOST_TEST(test::mode_of(root.string() + kInstalledRuntime) == 0755U);
  BOOST_TEST(test::mode_of(place.state) == 0700U);
  BOOST_TEST(!test::is_there(root.string() + kRuntimeSettings));
  BOOST_TEST(value_or_fatal(install(place)).empty());
  write_text(place.program, "program 2");
  BOOST_TEST(value_or_fatal(install(place)).size() == 1U);
  BOOST_TEST(at(kInstalledRuntime) == "program 2");
}

BOOST_AUTO_TEST_CASE(a_runc_off_the_usual_path_is_written_down) {
  fs::remove(root / "usr/sbin/runc");
  BOOST_TEST(!install(place));
  write_program("/usr/libexec/crio/runc");
  value_or_fatal(install(place));
  BOOST_TEST(at(kRuntimeSettings).find("/usr/libexec/crio/runc") != std::string::npos);
  write_text(root.string() + kRuntimeSettings, R"({"runc":"/mine"})");
  value_or_fatal(install(place));
  BOOST_TEST(at(kRuntimeSettings) == R"({"runc":"/mine"})");
}

BOOST_AUTO_TEST_CASE(uninstalling_leaves_runc_in_its_place_and_the_administrators_lines) {
  write_text(root.string() + kCriuConfiguration, "log-file /x\n");
  value_or_fatal(install(place));
  BOOST_TEST(value_or_fatal(uninstall(place)).size() == 2U);
  BOOST_TEST(at(kCriuConfiguration) == "log-file /x\n");
  BOOST_TEST(fs::read_symlink(root.string() + kInstalledRuntime) == "/usr/sbin/runc");
  BOOST_TEST(value_or_fatal(uninstall(place)).empty());
  value_or_fatal(install(place));
  BOOST_TEST(at(kInstalledRuntime) == "program 1");
  BOOST_TEST(read_text(root / "usr/sbin/runc") == "runc");
}

BOOST_AUTO_TEST_CASE(links_of_the_host_lead_where_the_host_says) {
  fs::create_directories(root / "data/kubelet");
  fs::create_directories(root / "var/lib");
  fs::create_directory_symlink("/data/kubelet", root / "var/lib/kubelet");
  fs::create_directory_symlink("../../../../..", root / "var/lib/up");
  fs::create_symlink("loop", root / "loop");
  BOOST_TEST(path_in(root, "/var/lib/kubelet/pods") == root / "data/kubelet/pods");
  BOOST_TEST(path_in(root, "/var/lib/up/data") == root / "data");
  BOOST_TEST(path_in(root, "/not/there") == root / "not/there");
  (void)path_in(root, "/loop/x");
}

BOOST_AUTO_TEST_CASE(facts_are_read_from_what_the_system_says) {
  BOOST_TEST(parse_cpu_features("processor : 0\nflags\t\t: sse avx fpu\nprocessor : 1\nflags: other\n") ==
                 (std::vector<std::string>{"avx", "fpu", "sse"}),
             boost::test_tools::per_element());
  BOOST_TEST(parse_cpu_features("processor : 0\nFeatures : fp asimd\n").size() == 2U);
  BOOST_TEST(parse_cpu_features("").empty());
  BOOST_TEST(parse_criu_version("Version: 4.2.1\nGitID: v4\n") == "4.2.1");
  BOOST_TEST(parse_criu_version("command not found").empty());
  BOOST_TEST(architecture_name("x86_64") == "amd64");
  BOOST_TEST(architecture_name("riscv64") == "riscv64");
}

BOOST_AUTO_TEST_CASE(criu_is_asked_seldom_and_the_rest_each_time) {
  Node node;
  fakes::Processes host;
  host.print("Version: 4.2.1\n");
  const fakes::Files files{{"/proc/cpuinfo", "flags : avx\n"}};
  FactsOfNode facts{{"node-a", "10.0.0.1:10960", "0.1.0", "boot-1", node.folder.path().string(), node.runtime, host,
                     files, node.clock}};
  const NodeFacts first = facts.gather();
  BOOST_TEST(first.criu == "4.2.1");
  BOOST_TEST(first.runtime == "containerd");
  BOOST_TEST(first.has_handler);
  BOOST_TEST((first.heartbeat == node.clock.time));
  node.clock.tick(10s);
  (void)facts.gather();
  BOOST_TEST(host.commands.size() == 1U);
  node.clock.tick(10min);
  (void)facts.gather();
  BOOST_TEST(host.commands.size() == 2U);
}

BOOST_AUTO_TEST_CASE(certificates_are_renewed_after_half_their_life) {
  const Instant now{1h};
  BOOST_TEST((renewal_after(now, now + 24h) == 12h));
  BOOST_TEST((renewal_after(now, now + 10s) == 60s));
  BOOST_TEST((renewal_after(now, now - 1h) == 60s));
  BOOST_TEST(value_or_fatal(parse_enrolment_answer(R"({"certificate":"PEM"})")) == "PEM");
  for (const char* bad : {"", "{}", R"({"certificate":1})", "[]"})
    BOOST_TEST(!parse_enrolment_answer(bad));
}

BOOST_AUTO_TEST_CASE(an_extender_that_does_not_answer_is_asked_again) {
  SilentLog log;
  const SystemClock clock;
  std::atomic<int> asked = 0;
  {
    const Enrolment enrolment{[&](const std::stop_token&) {
                                ++asked;
                                return Result<TlsIdentity>(failure("nobody there"));
                              },
                              [](const TlsIdentity&, Instant) { return Result<void>{}; },
                              {},
                              clock,
                              log};
    for (int i = 0; i < 500 && asked < 2; ++i)
      std::this_thread::sleep_for(10ms);
  }
  BOOST_TEST(asked >= 2);
  BOOST_TEST(log.lines.size() == 1U);  // said once
}

BOOST_AUTO_TEST_CASE(a_replaced_authority_is_asked_for_a_certificate_soon) {
  SilentLog log;
  const SystemClock clock;
  const auto ca = value_or_fatal(certificates::make_authority(clock.now()));
  std::atomic<int> asked = 0;
  {
    const Enrolment enrolment{[&](const std::stop_token&) {
                                ++asked;
                                const auto own = certificates::issue(ca, {"agent/a", {}, {}}, clock.now());
                                return own.map([&](const certificates::KeyPair& pair) {
                                  return TlsIdentity{ca.certificate_pem, pair.certificate_pem, pair.key_pem};
                                });
                              },
                              [](const TlsIdentity&, Instant) { return Result<void>{}; },
                              [&](const std::string& pem) { return pem == ca.certificate_pem && asked < 2; },
                              clock,
                              log,
                              10ms};
    for (int i = 0; i < 500 && asked < 2; ++i)
      std::this_thread::sleep_for(10ms);
    std::this_thread::sleep_for(50ms);
  }
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(the_mounted_authority_is_compared) {
  const DiskFiles files;
  const std::string file = folder / "ca.crt";
  BOOST_TEST(!is_replaced("one", files, file));
  write_text(file, "");
  BOOST_TEST(!is_replaced("one", files, file));
  write_text(file, "one\n");
  BOOST_TEST(!is_replaced("one", files, file));
  write_text(file, "two\n");
  BOOST_TEST(is_replaced("one", files, file));
}

BOOST_AUTO_TEST_CASE(the_kubelets_answer_names_one_archive) {
  BOOST_TEST(value_or_fatal(parse_checkpoint_answer(R"({"items":["/var/lib/kubelet/checkpoints/x.tar"]})")) ==
             "/var/lib/kubelet/checkpoints/x.tar");
  for (const char* bad : {"", "{}", R"({"items":[]})", R"({"items":[1]})", R"({"items":["a","b"]})"})
    BOOST_TEST(!parse_checkpoint_answer(bad));
}

BOOST_AUTO_TEST_CASE(files_are_written_whole_and_moved) {
  good(write_durably(folder / "x", "one"));
  good(write_durably(folder / "x", "two", 0644));
  BOOST_TEST(read_text(folder / "x") == "two");
  BOOST_TEST(test::mode_of(folder / "x") == 0644U);
  BOOST_TEST(!write_durably(folder / "nowhere/x", "one"));
  good(move_file(folder / "x", folder / "y"));
  BOOST_TEST(read_text(folder / "y") == "two");
  BOOST_TEST(size_of_tree(folder.path()).count > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
