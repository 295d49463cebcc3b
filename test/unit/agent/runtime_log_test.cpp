#include "node/agent/runtime_log.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "node/runtime/documents.h"
#include "test/temporary_folder.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

const RestoreSubject kOurs{"m-1", "orders", "main"};

runtime::Request request(const std::string& migration, const std::string& pod = "orders",
                         const std::string& container = "main") {
  runtime::Request made;
  made.migration = migration;
  made.identity = {runtime::Identity::Kind::container, "pod-2", "shop/" + pod, container, ""};
  return made;
}

// As migrate-runc writes it.
std::string said(const std::string& message, const runtime::Request& about = request("m-1"),
                 const char* level = "info") {
  return runtime::own_log_line(level, "create c9: " + message, about, Instant{});
}

std::vector<std::string> messages_of(const std::vector<RuntimeLine>& lines) {
  std::vector<std::string> all;
  for (const RuntimeLine& line : lines)
    all.push_back(line.message);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(runtime_log_of_a_restore)

BOOST_AUTO_TEST_CASE(only_what_is_about_it_is_told) {
  const std::string text = said("waited 300 ms") + said("of another", request("m-2")) + "m-1, no JSON\n" +
                           said("of a sibling", request("m-1", "orders-2")) +
                           said("of a sidecar", request("m-1", "orders", "side")) + said("it names m-1", {}) +
                           said("CRIU failed", request("m-1"), "error");
  const auto lines = runtime_lines(text, kOurs);
  BOOST_REQUIRE(lines.size() == 2U);
  BOOST_TEST(lines[0].message == "create c9: waited 300 ms");
  BOOST_TEST(lines[0].level == "info");
  BOOST_TEST(lines[1].message == "create c9: CRIU failed");
  BOOST_TEST(lines[1].level == "error");
  BOOST_TEST(lines[1].at.starts_with("1970-01-01T"));
  // Of nobody is not of everybody.
  BOOST_TEST(runtime_lines(said("x", {}), {"", "", ""}).empty());
}

BOOST_AUTO_TEST_CASE(of_many_lines_the_last_ones_and_of_a_long_one_the_beginning) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += said(fmt::format("{}", i));
  const auto messages = messages_of(runtime_lines(text, kOurs));
  BOOST_REQUIRE(messages.size() == 40U);
  BOOST_TEST(messages.front() == "create c9: 60");
  BOOST_TEST(messages.back() == "create c9: 99");
  BOOST_TEST(runtime_lines(said(std::string(20'000, 'x')), kOurs).at(0).message.size() == 8192U);
}

BOOST_AUTO_TEST_CASE(of_a_long_file_only_the_end_is_read) {
  const test::TemporaryFolder folder;
  SilentLog log;
  test::write_text(folder / "log", said("long ago") + std::string(1 << 20, '-') + "\n" + said("just now"));
  tell_runtime_log(log, folder / "log", kOurs, "shop/orders", "");
  BOOST_TEST((log.lines == std::vector<std::string>{"migrate-runc said: create c9: just now"}));
  tell_runtime_log(log, folder / "none", kOurs, "shop/orders", "");
  tell_runtime_log(log, {}, kOurs, "shop/orders", "");
  tell_runtime_log(log, folder.path(), kOurs, "shop/orders", "");
  BOOST_TEST(log.lines.size() == 1U);
}

// The mark is there before the line.
BOOST_AUTO_TEST_CASE(what_the_log_does_not_say_yet_is_told_by_the_mark) {
  const test::TemporaryFolder folder;
  SilentLog log;
  test::write_text(folder / "log", said("restore c8: CRIU failed", request("m-1"), "error"));
  tell_runtime_log(log, folder / "log", kOurs, "shop/orders", "restore c8: CRIU failed");
  BOOST_TEST((log.lines == std::vector<std::string>{"migrate-runc said: create c9: restore c8: CRIU failed"}));
  log.lines.clear();
  tell_runtime_log(log, folder / "log", kOurs, "shop/orders", "restore c9: CRIU failed");
  BOOST_TEST(log.lines.size() == 2U);
  BOOST_TEST(log.lines.back() == "migrate-runc said: restore c9: CRIU failed");
  tell_runtime_log(log, folder / "none", kOurs, "shop/orders", std::string(20'000, 'x'));
  BOOST_TEST(log.lines.back().size() == std::string_view("migrate-runc said: ").size() + 8192U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::agent
