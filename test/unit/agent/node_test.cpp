// What the agent does to its node and says of it: installation, CRIU's configuration, facts, certificate, kubelet.
#include <sys/stat.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "node/agent/criu_config.h"
#include "node/agent/disk.h"
#include "node/agent/enrolment.h"
#include "node/agent/facts.h"
#include "node/agent/installation.h"
#include "node/agent/kubelet.h"
#include "node/agent/probes.h"
#include "node/agent/source_record.h"
#include "shared/certificates/certificates.h"
#include "shared/migration/names.h"
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
  fs::path pods = root / "var/lib/kubelet/pods";

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

BOOST_AUTO_TEST_CASE(criu_options_count_as_criu_reads_them) {
  using Lines = std::vector<std::string>;
  struct Row {
    std::string text;
    Lines missing;
  };
  const std::string all = kAll;
  const std::vector<Row> rows{
      {all, {}},
      {with_our_options(""), {}},
      {"", {"tcp-close", "skip-in-flight", "file-locks", "ext-unix-sk", "link-remap", "manage-cgroups=ignore"}},
      {all + "manage-cgroups=soft\n", {"manage-cgroups=ignore"}},
      {"manage-cgroups=soft\n" + all, {}},
      // A value that stands behind a blank is none.
      {all + "manage-cgroups ignore\n", {"manage-cgroups=ignore"}},
      {all + "no-tcp-close\nno-file-locks", {"tcp-close", "file-locks"}},
      {all + "--link-remap\n", {"link-remap"}},
      {all + "# no-tcp-close\n", {}},
      {with_our_options("manage-cgroups full\n"), {"manage-cgroups=ignore"}},
  };
  for (const Row& row : rows)
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(missing_options(row.text) == row.missing, boost::test_tools::per_element());
    }
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
  BOOST_TEST(value_or_fatal(uninstall(place, pods, HandlerUse::perhaps)).changed.size() == 3U);
  BOOST_TEST(at(kCriuConfiguration) == "log-file /x\n");
  BOOST_TEST(fs::read_symlink(root.string() + kInstalledRuntime) == "/usr/sbin/runc");
  BOOST_TEST(!test::is_there(place.state));
  const Uninstalled again = value_or_fatal(uninstall(place, pods, HandlerUse::perhaps));
  BOOST_TEST(again.changed.empty());
  BOOST_TEST(again.kept.size() == 1U);
  value_or_fatal(install(place));
  BOOST_TEST(at(kInstalledRuntime) == "program 1");
  BOOST_TEST(read_text(root / "usr/sbin/runc") == "runc");
}

BOOST_AUTO_TEST_CASE(with_no_pod_under_the_handler_nothing_stays) {
  fs::remove(root / "usr/sbin/runc");
  write_program("/usr/libexec/crio/runc");
  for (const HandlerUse before : {HandlerUse::perhaps, HandlerUse::none}) {
    value_or_fatal(install(place));
    // An uninstall that left the link, or none before.
    if (before == HandlerUse::perhaps) value_or_fatal(uninstall(place, pods, before));
    BOOST_TEST(test::is_there(root.string() + kInstalledRuntime));
    const Uninstalled done = value_or_fatal(uninstall(place, pods, HandlerUse::none));
    BOOST_TEST(done.kept.empty());
    for (const char* folder : {"opt/kubectl-migrate", "etc/kubectl-migrate"})
      BOOST_TEST(!test::is_there(root / folder), folder);
    BOOST_TEST(!test::is_there(place.state));
    BOOST_TEST(value_or_fatal(uninstall(place, pods, HandlerUse::none)).changed.empty());
  }
}

BOOST_AUTO_TEST_CASE(settings_of_an_administrator_and_others_files_stay) {
  write_text(root.string() + kRuntimeSettings, R"({"runc":"/usr/sbin/runc","mine":1})");
  write_text(root / "opt/kubectl-migrate/note", "mine");
  value_or_fatal(install(place));
  const Uninstalled done = value_or_fatal(uninstall(place, pods, HandlerUse::none));
  BOOST_TEST(done.kept.empty());
  BOOST_REQUIRE(done.left.size() == 1U);
  BOOST_TEST(done.left.front().starts_with(kRuntimeSettings));
  BOOST_TEST(!test::is_there(root.string() + kInstalledRuntime));
  BOOST_TEST(read_text(root / "opt/kubectl-migrate/note") == "mine");
}

BOOST_AUTO_TEST_CASE(the_log_of_migrate_runc_is_where_its_settings_say) {
  BOOST_TEST(runtime_log_in(root) == root / "var/log/migrate-runc.log");
  write_text(root.string() + kRuntimeSettings, R"({"log":"/srv/log/restores"})");
  BOOST_TEST(runtime_log_in(root) == root / "srv/log/restores");
  write_text(root.string() + kRuntimeSettings, "no JSON");
  BOOST_TEST(runtime_log_in(root) == root / "var/log/migrate-runc.log");
}

BOOST_AUTO_TEST_CASE(memory_that_somebody_may_need_stays) {
  const auto record = [&](const std::string& migration, SourceState state, bool settled, const char* uid = "pod-1") {
    StoredSource stored;
    stored.state = state;
    stored.name = "shop/" + migration;
    stored.pod.uid = uid;
    stored.deadline = Instant{1h};
    stored.settled = settled;
    write_text(place.state / "sources" / migration / "record.json", to_text(stored));
  };
  record("frozen", SourceState::frozen, true);
  record("committed", SourceState::committed, true);
  record("thawing", SourceState::thawed, false);
  record("thawed", SourceState::thawed, true);
  record("ended", SourceState::committed, true, "pod-9");
  write_text(place.state / "sources/strange/record.json", "{}");
  write_text(place.state / "targets/gone/images/main.tar", "memory");
  write_text(place.state / "restores/pod-1/main/used", "{}");
  write_text(place.state / "restores/pod-2/main/used", "{}");
  fs::create_directories(pods / "pod-1");
  value_or_fatal(install(place));
  const Uninstalled done = value_or_fatal(uninstall(place, pods, HandlerUse::none));
  BOOST_TEST(done.kept.size() == 6U);  // four sources, a restored Pod, and the link that it runs under
  for (const char* kept :
       {"sources/frozen", "sources/committed", "sources/thawing", "sources/strange", "restores/pod-1"})
    BOOST_TEST(test::is_there(place.state / kept), kept);
  for (const char* gone : {"sources/thawed", "sources/ended", "restores/pod-2"})
    BOOST_TEST(!test::is_there(place.state / gone), gone);
  BOOST_TEST(fs::is_symlink(root.string() + kInstalledRuntime));
}

BOOST_AUTO_TEST_CASE(of_a_restored_pod_nothing_stays_but_its_own_folder) {
  write_text(place.state / "restores/pod-1/main/used", "{}");
  write_text(place.state / "targets/gone/archives/main/checkpoint/pages-1.img", "memory");
  write_text(place.state / "terms/gone", "7");
  fs::create_directories(place.state / "sources");
  fs::create_directories(pods / "pod-1");
  value_or_fatal(install(place));
  const Uninstalled done = value_or_fatal(uninstall(place, pods, HandlerUse::perhaps));
  BOOST_TEST(done.kept.size() == 2U);  // and the link
  BOOST_TEST(test::is_there(place.state / "restores/pod-1/main/used"));
  for (const char* gone : {"targets", "terms", "sources"})
    BOOST_TEST(!test::is_there(place.state / gone), gone);
}

// k0s and microk8s keep the kubelet's folders elsewhere: that none is found here says nothing of any Pod.
BOOST_AUTO_TEST_CASE(without_the_kubelets_folder_every_pod_is_perhaps_there) {
  StoredSource stored;
  stored.state = SourceState::committed;
  stored.name = "shop/m";
  stored.pod.uid = "pod-1";
  stored.deadline = Instant{1h};
  write_text(place.state / "sources/m/record.json", to_text(stored));
  write_text(place.state / "restores/pod-2/main/used", "{}");
  value_or_fatal(install(place));
  for (const bool is_there : {false, true}) {
    if (is_there) fs::create_directories(pods);
    (void)value_or_fatal(uninstall(place, pods, HandlerUse::none));
    BOOST_TEST(test::is_there(place.state / "sources/m") == !is_there);
    BOOST_TEST(test::is_there(place.state / "restores/pod-2") == !is_there);
  }
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

BOOST_AUTO_TEST_CASE(what_is_to_be_forgotten_stands_in_an_annotation) {
  const auto named = [](const nlohmann::json& value) {
    nlohmann::json node;
    node["metadata"]["annotations"][kForgetAnnotation] = value;
    return to_be_forgotten(node);
  };
  using Uids = std::vector<std::string>;
  BOOST_TEST((named("u-1,u-2") == Uids{"u-1", "u-2"}));
  BOOST_TEST((named(",../up,u-1,") == Uids{"u-1"}), "they become names of folders");
  BOOST_TEST(named(7).empty());
  BOOST_TEST(to_be_forgotten({{"metadata", {{"name", "node-a"}}}}).empty());
}

// Facts of a node, with what its programs say.
struct Facts {
  Node node;
  fakes::Processes host;
  fakes::Files files{{"/proc/cpuinfo", "flags : avx\n"}, {"/host/etc/criu/runc.conf", kAll}};
  Probes probes{host, node.kubelet, node.clock};
  FactsOfNode facts{{"node-a", "10.0.0.1:10960", "0.1.0", "boot-1", node.folder.path().string(), "/host", node.runtime,
                     host, files, probes, node.clock}};

  Facts() { host.print("Version: 4.2.1\n"); }
  [[nodiscard]] std::size_t asked(const std::string& what) const {
    const auto is_that = [&](const Command& one) { return one.argv == std::vector<std::string>{"criu", what}; };
    return static_cast<std::size_t>(std::count_if(host.commands.begin(), host.commands.end(), is_that));
  }
};

BOOST_AUTO_TEST_CASE(criu_is_asked_seldom_and_the_rest_each_time) {
  Facts scene;
  const NodeFacts first = scene.facts.gather();
  BOOST_TEST(first.criu == "4.2.1");
  BOOST_TEST(first.runtime == "containerd");
  BOOST_TEST(first.has_handler);
  BOOST_TEST((first.heartbeat == scene.node.clock.time));
  scene.node.clock.tick(10s);
  (void)scene.facts.gather();
  BOOST_TEST(scene.asked("--version") == 1U);
  scene.node.clock.tick(10min);
  (void)scene.facts.gather();
  BOOST_TEST(scene.asked("--version") == 2U);
  // A clock that was set back does not silence us until it has caught up.
  scene.node.clock.tick(-5h);
  (void)scene.facts.gather();
  BOOST_TEST(scene.asked("--version") == 3U);
}

BOOST_AUTO_TEST_CASE(criu_s_options_are_read_each_time) {
  Facts scene;
  BOOST_TEST(scene.facts.gather().criu_options_missing.empty());
  scene.files.contents["/host/etc/criu/runc.conf"] = std::string(kAll) + "no-tcp-close\n";
  BOOST_TEST(scene.facts.gather().criu_options_missing == std::vector<std::string>{"tcp-close"},
             boost::test_tools::per_element());
  scene.files.contents.erase("/host/etc/criu/runc.conf");
  BOOST_TEST(scene.facts.gather().criu_options_missing.size() == 6U);
  scene.files.unreadable = {"/host/etc/criu/runc.conf"};
  BOOST_TEST(scene.facts.gather().criu_options_missing.empty());
}

BOOST_AUTO_TEST_CASE(a_heartbeat_tells_the_last_answers_and_asks_nobody) {
  Facts scene;
  NodeFacts told = scene.facts.gather();
  BOOST_TEST(!told.criu_check);
  BOOST_TEST(!told.kubelet_checkpoint);
  BOOST_TEST(scene.node.kubelet.probes == 0);
  BOOST_TEST(scene.asked("check") == 0U);
  scene.host.print("Looks good.\n");
  scene.probes.ask({});
  told = scene.facts.gather();
  BOOST_REQUIRE(told.criu_check);
  BOOST_TEST(told.criu_check->ok);
  BOOST_TEST(told.criu_check->message == "Looks good.");
  BOOST_REQUIRE(told.kubelet_checkpoint);
  BOOST_TEST(told.kubelet_checkpoint->state == "Allowed");
}

BOOST_AUTO_TEST_CASE(probes_ask_when_it_is_time) {
  Facts scene;
  const auto asked_after = [&](Microseconds span) {
    scene.node.clock.tick(span);
    scene.probes.ask({});
    return std::pair{scene.node.kubelet.probes, scene.asked("check")};
  };
  BOOST_TEST((asked_after(0s) == std::pair{1, std::size_t{1}}));
  BOOST_TEST((asked_after(60s) == std::pair{1, std::size_t{1}}));
  BOOST_TEST((asked_after(1s) == std::pair{2, std::size_t{1}}));
  BOOST_TEST((asked_after(4min) == std::pair{3, std::size_t{2}}));
  for (const Command& one : scene.host.commands)
    BOOST_TEST((one.time_limit && *one.time_limit <= 10s));
}

struct CriuRow {
  const char* what;
  fakes::Processes::Answer answer;
  std::optional<bool> ok;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const CriuRow& row) { return out << row.what; }
};

const std::vector<CriuRow> kCriuRows{
    {"a warning beside success", Completed{Exited{0}, "", "Warn (x.c:1): w\nLooks good.\n"}, true,
     "Warn (x.c:1): w; Looks good."},
    {"an error", Completed{Exited{1}, "", "Error (criu/cr-check.c:1): No map_files\nDoes not look good.\n"}, false,
     "exit code 1: Error (criu/cr-check.c:1): No map_files"},
    {"nothing but an end", Completed{TimedOut{}, "", ""}, false, "killed because it took too long"},
    {"no CRIU", tl::make_unexpected(StartFailure{true, "on the host: run criu: No such file"}), std::nullopt, ""},
    {"a CRIU that cannot be run", tl::make_unexpected(StartFailure{false, "on the host: run criu: Permission denied"}),
     false, "on the host: run criu: Permission denied"},
};

BOOST_DATA_TEST_CASE(what_criu_s_own_check_says, boost::unit_test::data::make(kCriuRows), row) {
  Facts scene;
  scene.host.answer = [&](const Command&) { return row.answer; };
  scene.probes.ask({});
  const auto told = scene.probes.answers().criu;
  BOOST_REQUIRE(told.has_value() == row.ok.has_value());
  if (!told) return;
  BOOST_TEST(told->ok == *row.ok);
  BOOST_TEST(told->message == row.says);
}

// The API server would refuse the whole object for a text that is too long, and our own writer one that is no UTF-8.
BOOST_AUTO_TEST_CASE(what_programs_say_fits_a_field) {
  BOOST_TEST(field_text("a\nb\tc\x1b[31m\xff\xc3\xa4") == "a b c?[31m???");
  BOOST_TEST(field_text(std::string(5'000, 'x')).size() == 1'000U);
  Facts scene;
  scene.node.kubelet.error = "\xff" + std::string(5'000, 'x');
  scene.probes.ask({});
  BOOST_TEST(scene.probes.answers().kubelet->message.size() == 1'000U);
  BOOST_TEST(scene.probes.answers().kubelet->message.front() == '?');
}

BOOST_AUTO_TEST_CASE(programs_that_hang_delay_no_heartbeat) {
  Facts scene;
  std::atomic<bool> is_asked = false;
  std::atomic<bool> may_end = false;
  scene.host.answer = [&](const Command&) -> fakes::Processes::Answer {
    is_asked = true;
    for (int i = 0; i < 1'000 && !may_end; ++i)
      std::this_thread::sleep_for(10ms);
    return Completed{Exited{0}, "", ""};
  };
  // Of CRIU's version, which the heartbeat asks for, somebody else knows.
  fakes::Processes quick;
  quick.print("Version: 4.2.1\n");
  FactsOfNode facts{{"node-a", "", "", "", scene.node.folder.path().string(), "/host", scene.node.runtime, quick,
                     scene.files, scene.probes, scene.node.clock}};
  const std::jthread asking = keep_asking(scene.probes);
  for (int i = 0; i < 1'000 && !is_asked; ++i)
    std::this_thread::sleep_for(10ms);
  const NodeFacts told = facts.gather();
  BOOST_TEST(is_asked);
  BOOST_TEST(!told.criu_check);
  BOOST_TEST(told.kubelet_checkpoint.has_value());
  may_end = true;
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
