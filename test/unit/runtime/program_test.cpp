// The real program with a runc that only writes down how it was called.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "node/runtime/files.h"
#include "node/runtime/process.h"
#include "test/temporary_folder.h"

namespace {

using migrate::test::is_there;
using migrate::test::read_text;
using migrate::test::write_text;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// One line for each call; `restore` does what the real one leaves behind, or fails as it does.
constexpr const char* kFakeRunc = R"(#!/bin/sh
echo "$0 $*" >>"$FAKE/calls"
grep SigIgn /proc/self/status >>"$FAKE/signals"
case "$*" in
*" restore "*) ;;
*" state "*) printf '{"ociVersion":"1.2.0","id":"id-1","status":"running"}'; exit 0 ;;
*) exit 7 ;;
esac
while [ $# -gt 1 ]; do
  [ "$1" = --root ] && root=$2
  [ "$1" = --pid-file ] && echo 4711 >"$2"
  [ "$1" = --bundle ] && ls "$2/rootfs" >"$FAKE/seen"
  [ "$1" = --work-path ] && work=$2
  shift
done
if [ -e "$FAKE/fail" ]; then
  cat "$FAKE/fail" >"$work/restore.log"
  echo '{"level":"error","msg":"criu failed: type NOTIFY errno 0","time":"t"}' >>"$FAKE/log.json"
  exit 1
fi
mkdir -p "$root/$1"
)";

struct Fixture {
  migrate::test::TemporaryFolder temporary;
  fs::path state = temporary / "state";
  fs::path at = state / "uid-1/app";
  fs::path bundle = temporary / "bundle";
  fs::path log = temporary / "log.json";
  fs::path own_log = temporary / "own.log";
  Words globals{"--root", (temporary / "root").string(), "--log", log.string(), "--log-format", "json"};

  Fixture() {
    write_text(temporary / "runc", kFakeRunc);
    fs::permissions(temporary / "runc", fs::perms::owner_all);
    write_text(temporary / "settings.json", R"({"runc":")" + (temporary / "runc").string() + R"(","stateFolder":")" +
                                                state.string() + R"(","log":")" + own_log.string() + "\"}");
    write_text(bundle / "rootfs/etc/hosts", "old");
    write_config("m-1", "container");
  }
  void write_config(const std::string& migration, const std::string& kind, const std::string& more = "") {
    write_text(bundle / "config.json",
               R"({"root":{"path":"rootfs")" + more + R"(},"annotations":{"kubectl-migrate.dev/restore":")" +
                   migration + R"(","io.kubernetes.cri.container-type":")" + kind +
                   R"(","io.kubernetes.cri.sandbox-uid":"uid-1","io.kubernetes.cri.sandbox-namespace":"shop",)"
                   R"("io.kubernetes.cri.sandbox-name":"orders-0","io.kubernetes.cri.container-name":"app"}})");
  }
  void lay_folder() {
    write_text(at / "expected", R"({"migration":"m-1","forecastMs":100})");
    fs::create_directories(at / "archive/checkpoint");
    for (const fs::path& level : {state, state / "uid-1", at})
      fs::permissions(level, fs::perms::owner_all);
  }
  void release() {
    const std::string boot = read_text("/proc/sys/kernel/random/boot_id");
    write_text(at / "go.new", R"({"bootId":")" + boot.substr(0, boot.find('\n')) + "\"}");
    fs::rename(at / "go.new", at / "go");
  }
  // Starts the program; its exit code comes from `wait`.
  pid_t start(Words words) {
    words.insert(words.begin(), globals.begin(), globals.end());
    words.insert(words.begin(), MIGRATE_RUNC);
    std::vector<char*> pointers;
    for (std::string& word : words)
      pointers.push_back(word.data());
    pointers.push_back(nullptr);
    Words environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "FAKE=" + temporary.path().string(),
                      "MIGRATE_RUNC_SETTINGS=" + (temporary / "settings.json").string()};
    std::vector<char*> variables;
    for (std::string& variable : environment)
      variables.push_back(variable.data());
    variables.push_back(nullptr);
    const std::string output = (temporary / "stdout").string(), errors = (temporary / "stderr").string();
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
      ::dup2(::open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
      ::execve(MIGRATE_RUNC, pointers.data(), variables.data());
      ::_exit(126);
    }
    return child;
  }
  static int wait(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int run(const Words& words) { return wait(start(words)); }
  std::string told(const Words& words) {
    BOOST_TEST(run(words) == 0);
    return read_text(temporary / "stdout");
  }
  int create() {
    return run({"create", "--bundle", bundle.string(), "--pid-file", (bundle / "init.pid").string(), "id-1"});
  }
  std::string call(const std::string& rest) {
    return (temporary / "runc").string() + " --root " + (temporary / "root").string() + " --log " + log.string() +
           " --log-format json " + rest + "\n";
  }
  [[nodiscard]] std::string calls() const { return read_text(temporary / "calls"); }
  void last_error_says(const std::string& part) {
    const std::string text = read_text(log);
    const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
    BOOST_TEST(last.find("{\"level\":\"error\",\"msg\":\"migrate-runc: ") == 0U, text);
    BOOST_TEST(last.find(part) != std::string::npos, text);
    BOOST_TEST(read_text(temporary / "stderr").find(part) != std::string::npos);
    BOOST_TEST(read_text(own_log).find(part) != std::string::npos);
  }
};

BOOST_FIXTURE_TEST_SUITE(program, Fixture)

BOOST_AUTO_TEST_CASE(everything_else_is_runcs_word_for_word_with_its_exit_code) {
  BOOST_TEST(run({"delete", "--force", "id-1"}) == 7);
  BOOST_TEST(run({"start", "id-1"}) == 7);
  BOOST_TEST(run({"--shiny", "brand-new", "--x=1", "id 1"}) == 7);
  BOOST_TEST(calls() == call("delete --force id-1") + call("start id-1") + call("--shiny brand-new --x=1 id 1"));
  BOOST_TEST(!is_there(own_log));
}

BOOST_AUTO_TEST_CASE(runc_finds_its_signals_as_we_found_ours) {
  run({"list"});
  const std::string ignored = read_text(temporary / "signals");
  const std::string ours = read_text("/proc/self/status");
  BOOST_TEST(ours.find(ignored.substr(0, ignored.find('\n'))) != std::string::npos, ignored);
}

BOOST_AUTO_TEST_CASE(a_container_without_annotation_and_the_sandbox_are_created_by_runc) {
  write_text(bundle / "config.json", "{}");
  BOOST_TEST(create() == 7);
  write_config("m-1", "sandbox");
  BOOST_TEST(create() == 7);
  const std::string expected =
      call("create --bundle " + bundle.string() + " --pid-file " + (bundle / "init.pid").string() + " id-1");
  BOOST_TEST(calls() == expected + expected);
}

BOOST_AUTO_TEST_CASE(a_released_container_is_restored_and_its_start_answered) {
  lay_folder();
  release();
  BOOST_REQUIRE_MESSAGE(create() == 0, read_text(log));
  BOOST_TEST(calls() == call("restore --detach --bundle " + bundle.string() + " --pid-file " +
                             (bundle / "init.pid").string() + " --image-path " + (at / "archive/checkpoint").string() +
                             " --work-path " + (at / "work").string() + " id-1"));
  BOOST_TEST(read_text(bundle / "init.pid") == "4711\n");
  BOOST_TEST(is_there(at / "claimed"));
  BOOST_TEST(is_there(at / "used"));
  BOOST_TEST(!is_there(at / "failed"));
  // Which migration it was, for who follows it through all programs' logs.
  const std::string told_of_it = read_text(own_log);
  BOOST_TEST(told_of_it.find("create id-1: restored in ") != std::string::npos, told_of_it);
  BOOST_TEST(told_of_it.find(R"("migration":"m-1","pod":"orders-0","container":"app"})") != std::string::npos,
             told_of_it);
  BOOST_TEST(run({"start", "id-1"}) == 0);
  BOOST_TEST(calls().find("start") == std::string::npos);
  BOOST_TEST(run({"start", "id-2"}) == 7);
  // Once is enough: runc itself knows what to say to another one.
  BOOST_TEST(run({"start", "id-1"}) == 7);
}

BOOST_AUTO_TEST_CASE(a_restored_container_is_created_until_it_is_started_and_then_running) {
  lay_folder();
  release();
  BOOST_REQUIRE(create() == 0);
  const Words ask{"state", "id-1"};
  BOOST_TEST(told(ask).find(R"("status": "created")") != std::string::npos);
  BOOST_TEST(told(ask).find(R"("id": "id-1")") != std::string::npos);
  BOOST_REQUIRE(run({"start", "id-1"}) == 0);
  BOOST_TEST(told(ask) == R"({"ociVersion":"1.2.0","id":"id-1","status":"running"})");
}

BOOST_AUTO_TEST_CASE(the_next_create_of_that_container_is_a_cold_start) {
  lay_folder();
  release();
  BOOST_REQUIRE(create() == 0);
  BOOST_TEST(create() == 7);
  BOOST_TEST(calls().find("create --bundle") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_read_only_root_has_a_tmp_for_as_long_as_it_is_restored) {
  lay_folder();
  release();
  write_config("m-1", "container", R"(,"readonly":true)");
  BOOST_REQUIRE_MESSAGE(create() == 0, read_text(log));
  BOOST_TEST(read_text(temporary / "seen") == "etc\ntmp\n");
  BOOST_TEST(!is_there(bundle / "rootfs/tmp"));
}

BOOST_AUTO_TEST_CASE(it_waits_until_it_is_released) {
  lay_folder();
  const pid_t child = start({"create", "--bundle", bundle.string(), "id-1"});
  release();
  BOOST_TEST(wait(child) == 0);
  BOOST_TEST(calls().find("restore --detach") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_abort_ends_it) {
  lay_folder();
  const pid_t child = start({"create", "--bundle", bundle.string(), "id-1"});
  write_text(at / "abort", "");
  BOOST_TEST(wait(child) == 1);
  BOOST_TEST(calls() == "");
  last_error_says("the migration was aborted");
}

BOOST_AUTO_TEST_CASE(a_forged_annotation_yields_neither_memory_nor_a_cold_start) {
  BOOST_TEST(create() == 1);
  last_error_says("nothing is prepared");
  lay_folder();
  release();
  write_config("m-2", "container");
  BOOST_TEST(create() == 1);
  last_error_says("belongs to migration m-1");
  BOOST_TEST(calls() == "");
}

BOOST_AUTO_TEST_CASE(a_failed_restore_shows_criu_s_words_and_is_never_repeated) {
  lay_folder();
  release();
  write_text(temporary / "fail", "(1) start\n(2) Error (criu/mount.c:9): mnt: No mapping for 537\n(3) end\n");
  BOOST_TEST(create() == 1);
  last_error_says("No mapping for 537");
  BOOST_TEST(read_text(own_log).find(R"("migration":"m-1")") != std::string::npos);
  BOOST_TEST(read_text(at / "failed").find("\"tasksResumed\":false") != std::string::npos);
  BOOST_TEST(is_there(at / "work/restore.log"));
  fs::remove(temporary / "fail");
  BOOST_TEST(create() == 1);
  last_error_says("not resumed a second time");
  const std::string made = calls();
  BOOST_TEST(made.find("restore") == made.rfind("restore --detach"));
}

BOOST_AUTO_TEST_CASE(what_create_asks_and_restore_cannot_do_is_refused_before_anything_happened) {
  lay_folder();
  release();
  BOOST_TEST(run({"create", "--bundle", bundle.string(), "--shiny", "id-1"}) == 1);
  last_error_says("--shiny");
  BOOST_TEST(!is_there(at / "claimed"));
  write_text(bundle / "config.json", "{}");
  BOOST_TEST(run({"create", "--bundle", bundle.string(), "--shiny", "id-1"}) == 7);
}

BOOST_AUTO_TEST_CASE(a_config_that_cannot_be_read_is_refused) {
  fs::remove(bundle / "config.json");
  BOOST_TEST(create() == 1);
  last_error_says("config.json");
}

BOOST_AUTO_TEST_CASE(wrong_settings_are_named) {
  write_text(temporary / "settings.json", R"({"runc":"relative"})");
  BOOST_TEST(run({"list"}) == 1);
  BOOST_TEST(read_text(temporary / "stderr").find("'runc' is not an absolute path") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(runc_is_found_on_path_but_never_ourselves) {
  using migrate::runtime::find_runc;
  const fs::path self = MIGRATE_RUNC;
  fs::create_directories(temporary / "first");
  fs::create_symlink(self, temporary / "first/runc");
  const std::string path = (temporary / "first").string() + "::relative:" + temporary.path().string();
  BOOST_TEST(find_runc("", path, self).value() == temporary / "runc");
  BOOST_TEST(!find_runc("", (temporary / "first").string(), self));
  BOOST_TEST(!find_runc(temporary / "first/runc", "", self));
  BOOST_TEST(!find_runc(temporary / "missing", "", self));
  BOOST_TEST(find_runc(temporary / "runc", "", self).value() == temporary / "runc");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
