// What is on the screen: the program itself at a pseudo-terminal, and into pipes, against a small API server. One file
// golden/CASE.txt for each case has what each kind of screen shows. After a change that is meant
//
//   GOLDEN_WRITE=1 build/asan/test/plugin_screen_test
//
// writes them anew; `git diff test/unit/plugin/golden` is then what a person looks at, and docs/pictures/make draws the
// pictures of docs/ of them.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <ostream>
#include <regex>
#include <set>
#include <sstream>
#include <string_view>

#include "shared/base/process.h"
#include "test/temporary_folder.h"
#include "test/unit/plugin/golden_world.h"
#include "test/unit/plugin/screen.h"
#include "test/unit/plugin/terminal_program.h"

namespace migrate::plugin {
namespace {

namespace data = boost::unit_test::data;
using Words = std::vector<std::string>;

struct Look {
  std::string name;
  unsigned short columns = 0;  // 0: no terminal, but pipes
  bool is_unicode = true;
  bool is_colour = false;
};

const Look kNarrow{.name = "40 columns", .columns = 40};
const Look kUsual{.name = "80 columns", .columns = 80};
const Look kWide{.name = "200 columns", .columns = 200};
const Look kAscii{.name = "80 columns, ASCII", .columns = 80, .is_unicode = false};
const Look kColour{.name = "80 columns, colours", .columns = 80, .is_unicode = true, .is_colour = true};
const Look kPipes{.name = "pipes"};

const std::vector<Look> kPlain = {kUsual, kWide, kPipes};
const std::vector<Look> kMarked = {kUsual, kWide, kAscii, kColour, kPipes};
const std::vector<Look> kDrawn = {kNarrow, kUsual, kWide, kAscii, kColour, kPipes};

struct Case {
  std::string name;
  Words words;
  std::function<GoldenWorld()> world = empty_world;
  std::vector<Look> looks = kPlain;
  bool is_served = true;  // else nobody listens
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}

const std::vector<Case> kCases = {
    {.name = "help", .words = {"--help"}},
    {.name = "help-list", .words = {"list", "--help"}},
    {.name = "help-check", .words = {"help", "check"}},
    {.name = "help-status", .words = {"status", "-h"}},
    {.name = "help-nodes", .words = {"help", "nodes"}},
    {.name = "help-check-app", .words = {"help", "check-app"}},
    {.name = "help-self-test", .words = {"help", "self-test"}},
    {.name = "help-describe", .words = {"help", "describe"}},
    {.name = "help-abort", .words = {"help", "abort"}},
    {.name = "help-resolve", .words = {"help", "resolve"}},
    {.name = "help-resume", .words = {"help", "resume"}},
    {.name = "help-drain", .words = {"help", "drain"}},
    {.name = "help-enable", .words = {"help", "enable"}},
    {.name = "help-disable", .words = {"help", "disable"}},
    {.name = "help-cleanup", .words = {"help", "cleanup"}},
    {.name = "help-support-bundle", .words = {"help", "support-bundle"}},
    {.name = "help-version", .words = {"help", "version"}},
    {.name = "help-completion", .words = {"help", "completion"}},
    {.name = "list", .words = {"list"}, .world = world_of_many},
    {.name = "list-everywhere", .words = {"list", "-A"}, .world = world_of_many},
    {.name = "list-wide", .words = {"list", "-o", "wide"}, .world = world_of_many},
    {.name = "list-names", .words = {"list", "-o", "name"}, .world = world_of_many, .looks = {kUsual, kPipes}},
    {.name = "list-jsonpath",
     .words = {"list", "-o", R"(jsonpath={range .items[*]}{.metadata.name}{"\t"}{.status.phase}{"\n"}{end})"},
     .world = world_of_many,
     .looks = {kUsual, kPipes}},
    {.name = "list-nothing", .words = {"list"}, .looks = {kUsual, kPipes}},
    {.name = "status-of-a-replay",
     .words = {"status", "orders-x7k2p", "--no-wait"},
     .world = world_of_replay,
     .looks = kDrawn},
    {.name = "status-followed", .words = {"status", "orders-x7k2p"}, .world = world_that_finishes, .looks = kDrawn},
    {.name = "status-refused", .words = {"status", "database-b4vv9"}, .world = world_of_many, .looks = kDrawn},
    {.name = "status-rolled-back", .words = {"status", "ghost-2zt6c"}, .world = world_of_many, .looks = kDrawn},
    {.name = "status-in-doubt", .words = {"status", "ledger-doubt"}, .world = world_of_many, .looks = kDrawn},
    {.name = "status-json",
     .words = {"status", "ghost-2zt6c", "-o", "json"},
     .world = world_of_many,
     .looks = {kPipes}},
    {.name = "describe-finished", .words = {"describe", "orders-x7k2p"}, .world = world_of_many},
    {.name = "describe-refused", .words = {"describe", "database-b4vv9"}, .world = world_of_many},
    {.name = "describe-in-doubt", .words = {"describe", "ledger-doubt"}, .world = world_of_many},
    {.name = "check-well", .words = {"check"}, .world = world_that_is_well, .looks = kMarked},
    {.name = "check-faults", .words = {"check"}, .world = world_with_faults, .looks = kMarked},
    {.name = "check-pod", .words = {"check", "orders", "--to", "node-b"}, .world = world_of_plan},
    {.name = "check-pod-refused",
     .words = {"check", "orders", "--to", "node-b"},
     .world = world_of_refusal,
     .looks = kMarked},
    {.name = "check-json", .words = {"check", "-o", "json"}, .world = world_that_is_well, .looks = {kPipes}},
    {.name = "check-usage",
     .words = {"check", "orders", "--registry-secret", "pull"},
     .world = world_that_is_well,
     .looks = {kUsual, kPipes}},
    {.name = "dry-run-planned",
     .words = {"orders", "--to", "node-b", "--dry-run=server"},
     .world = world_of_plan,
     .looks = kDrawn},
    {.name = "dry-run-refused", .words = {"orders", "--to", "node-b", "--dry-run=server"}, .world = world_of_refusal},
    {.name = "nodes-mixed", .words = {"nodes"}, .world = world_of_nodes, .looks = kMarked},
    {.name = "nodes-wide", .words = {"nodes", "-o", "wide"}, .world = world_of_nodes},
    {.name = "drain-dry-run", .words = {"drain", "node-a", "--dry-run=client"}, .world = world_to_drain},
    {.name = "cleanup-dry-run", .words = {"cleanup", "--dry-run"}, .world = world_of_leftovers},
    {.name = "cleanup-nothing", .words = {"cleanup"}, .world = world_that_is_well, .looks = {kUsual, kPipes}},
    {.name = "version", .words = {"version"}, .world = world_that_is_well, .looks = {kUsual, kPipes}},
    {.name = "self-test-without-rights", .words = {"self-test"}, .world = world_without_rights},
    {.name = "check-app-without-queue", .words = {"check-app", "orders"}, .world = world_that_is_well},
    {.name = "requests-told",
     .words = {"list", "-v=6", "--as", "jane", "--token", "SECRET-TOKEN"},
     .world = world_of_many,
     .looks = {kUsual, kPipes}},
    {.name = "error-no-such-migration", .words = {"status", "orders-x7k2q"}, .world = world_of_many},
    {.name = "error-name-of-a-pod", .words = {"describe", "database"}, .world = world_of_many},
    {.name = "error-no-such-pod", .words = {"order", "--to", "node-b"}, .world = world_of_many},
    {.name = "error-mistyped-command", .words = {"stauts"}, .world = world_of_many},
    {.name = "error-forbidden", .words = {"list"}, .world = forbidden_world},
    {.name = "error-not-installed", .words = {"list"}, .world = world_without_install},
    // Five attempts.
    {.name = "error-no-connection", .words = {"list"}, .looks = {kUsual}, .is_served = false},
    {.name = "error-unknown-flag", .words = {"orders", "--keep-names"}},
    {.name = "error-unknown-command", .words = {"stauts", "orders-x7k2p"}},
    {.name = "error-wrong-value", .words = {"orders", "--strategy", "sop"}},
    {.name = "error-flag-of-another-command", .words = {"status", "orders-x7k2p", "--to", "node-b"}},
    {.name = "error-output-format", .words = {"list", "-o", "jason"}},
    {.name = "error-jsonpath", .words = {"list", "-o", "jsonpath={.items[0]"}},
};

std::filesystem::path folder() {
  return GOLDEN_FOLDER;
}

bool writes() {
  return std::getenv("GOLDEN_WRITE") != nullptr;
}

std::vector<std::pair<std::string, std::string>> variables_for(const Look& look, const test::TemporaryFolder& home) {
  std::vector<std::pair<std::string, std::string>> variables = {{"HOME", home.path().string()},
                                                                {"KUBECONFIG", (home / "kubeconfig").string()},
                                                                {"PATH", "/usr/bin:/bin"},
                                                                {"TERM", "xterm-256color"},
                                                                {"TZ", "UTC"},
                                                                {"LANG", look.is_unicode ? "C.UTF-8" : "C"}};
  if (!look.is_colour) variables.emplace_back("NO_COLOR", "1");
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* value = std::getenv(name); value != nullptr) variables.emplace_back(name, value);
  return variables;
}

// What is not the same each time: ports, what is counted up to now or read from a clock, and our own version.
std::string settled(std::string text) {
  const std::pair<std::regex, std::string> changing[] = {
      {std::regex{R"(127\.0\.0\.1:\d+)"}, "127.0.0.1:PORT"},
      {std::regex{R"(\b\d{4,}d\b)"}, "<age>"},
      {std::regex{R"( *\b\d+ h \d+ m\b)"}, " <long since>"},
      {std::regex{R"(\bin \d+ ms\b)"}, "in N ms"},
      {std::regex{R"((^|\n)\d\d:\d\d:\d\d\.\d\d\d )"}, "$1HH:MM:SS.mmm "},
  };
  for (const auto& [pattern, word] : changing)
    text = std::regex_replace(text, pattern, word);
  constexpr std::string_view kVersionNow = MIGRATE_VERSION;
  for (std::size_t at = 0; (at = text.find(kVersionNow, at)) != std::string::npos;)
    text.replace(at, kVersionNow.size(), "VERSION");
  return text;
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  return text;
}

// What this screen shows, below the exit code.
std::string shown(const Words& words, const Look& look, const test::TemporaryFolder& home) {
  Words argv = {KUBECTL_MIGRATE};
  argv.insert(argv.end(), words.begin(), words.end());
  const auto variables = variables_for(look, home);
  if (look.columns == 0) {
    Command command;
    command.argv = argv;
    command.base = Command::Variables::none;
    command.variables = variables;
    command.time_limit = std::chrono::seconds{30};
    const auto done = SystemProcesses{}.run(command);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
    std::string text = to_string(done->ending) + "\n" + settled(done->output);
    if (!text.ends_with('\n')) text += "\n(no line end)\n";
    if (!done->errors.empty()) text += "--- standard error\n" + settled(done->errors);
    return text;
  }
  Words environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables)
    environment.push_back(fmt::format("{}={}", name, value));
  const auto seen = test::run_at_terminal(argv, environment, look.columns);
  return fmt::format("exit code {}\n{}", seen.code, joined_lines(test::screen_of(settled(seen.bytes), look.columns)));
}

std::string typed(const Words& words) {
  std::string line = "$ kubectl migrate";
  for (const std::string& word : words)
    line += word.find_first_of(" {") == std::string::npos ? " " + word : fmt::format(" '{}'", word);
  return line + "\n";
}

// Screens that show the same stand under one title.
std::string page_of(const Case& one) {
  const test::TemporaryFolder home;
  const test::FakeServer server{serve(one.world())};
  const test::ClosedPort nobody;
  test::write_text(home / "kubeconfig",
                   fmt::format(R"({{"current-context": "c", "contexts": [{{"name": "c", "context": {{"cluster": "c",
                     "namespace": "shop"}}}}], "clusters": [{{"name": "c", "cluster": {{"server": "{}"}}}}]}})",
                               one.is_served ? server.url() : fmt::format("http://127.0.0.1:{}", nobody.port())));
  std::vector<std::pair<std::string, std::string>> screens;  // title and what is shown
  for (const Look& look : one.looks) {
    const std::string text = shown(one.words, look, home);
    const auto same =
        std::find_if(screens.begin(), screens.end(), [&](const auto& other) { return other.second == text; });
    if (same != screens.end()) same->first += "; " + look.name;
    if (same == screens.end()) screens.emplace_back(look.name, text);
  }
  std::string page = typed(one.words);
  for (const auto& [title, text] : screens)
    page += fmt::format("\n=== {}: {}", title, text);
  return page;
}

std::string first_difference(const std::string& wanted, const std::string& got) {
  std::istringstream left{wanted};
  std::istringstream right{got};
  std::string here;
  std::string there;
  for (int line = 1;; ++line) {
    const bool has_left = static_cast<bool>(std::getline(left, here));
    const bool has_right = static_cast<bool>(std::getline(right, there));
    if (!has_left && !has_right) return "only ends of lines differ";
    if (has_left && has_right && here == there) continue;
    return fmt::format("line {} is\n  {}\nand was\n  {}", line, has_right ? there : "(not there)",
                       has_left ? here : "(not there)");
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden)

BOOST_DATA_TEST_CASE(screens_show_what_they_showed, data::make(kCases), one) {
  const std::filesystem::path file = folder() / (one.name + ".txt");
  const std::string page = page_of(one);
  BOOST_TEST(page.find("SECRET-TOKEN\n") == page.rfind("SECRET-TOKEN"), "a token is on the screen:\n" << page);
  if (writes()) test::write_text(file, page);
  BOOST_REQUIRE_MESSAGE(test::is_there(file), file.string() << " is not there; GOLDEN_WRITE=1 makes it");
  const std::string wanted = test::read_text(file);
  if (page != wanted)
    BOOST_ERROR(file.string() << ": " << first_difference(wanted, page)
                              << "\nIf that is meant, GOLDEN_WRITE=1 writes it anew. All of it:\n"
                              << page);
}

BOOST_AUTO_TEST_CASE(every_file_belongs_to_a_case) {
  std::set<std::string> names;
  for (const Case& one : kCases)
    names.insert(one.name + ".txt");
  BOOST_TEST(names.size() == kCases.size());
  BOOST_REQUIRE(test::is_there(folder()));
  for (const auto& entry : std::filesystem::directory_iterator{folder()})
    BOOST_TEST(names.contains(entry.path().filename().string()), entry.path().string());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
