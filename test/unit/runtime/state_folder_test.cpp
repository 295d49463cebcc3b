#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "node/runtime/folder_watch.h"
#include "node/runtime/state_folder.h"
#include "test/temporary_folder.h"

namespace {

using namespace migrate::runtime;
using namespace std::chrono_literals;
using migrate::test::read_text;
using migrate::test::write_text;
namespace fs = std::filesystem;
using Folder = Observation::Folder;

struct Fixture {
  migrate::test::TemporaryFolder temporary;
  fs::path base = temporary / "restores";
  fs::path pod = base / "uid-1";
  fs::path at = pod / "app";
  StateFolder folder{base, {Identity::Kind::container, "uid-1", "shop/orders-0", "app", ""}, "boot-1"};

  void lay() {
    fs::create_directories(at);
    for (const fs::path& path : {base, pod, at})
      fs::permissions(path, fs::perms::owner_all);
    write_text(at / "expected", R"({"migration":"m-1","forecastMs":100})");
  }
  void untrusted(const std::string& says) {
    const Observation seen = folder.observe();
    BOOST_TEST((seen.folder == Folder::untrusted));
    BOOST_TEST(seen.trouble.find(says) != std::string::npos, seen.trouble);
  }
};

BOOST_FIXTURE_TEST_SUITE(state_folder, Fixture)

BOOST_AUTO_TEST_CASE(absent_is_not_broken) {
  BOOST_TEST((folder.observe().folder == Folder::absent));
  lay();
  fs::remove(at / "expected");
  BOOST_TEST((folder.observe().folder == Folder::absent));
}

BOOST_AUTO_TEST_CASE(a_prepared_folder_is_read_with_all_its_marks) {
  lay();
  Observation seen = folder.observe();
  BOOST_TEST((seen.folder == Folder::prepared));
  BOOST_TEST(seen.expected.migration == "m-1");
  BOOST_TEST((seen.go == Mark::none && seen.claimed == Mark::none && !seen.abort && !seen.used));
  write_text(at / "go", R"({"bootId":"boot-1"})");
  write_text(at / "claimed", R"({"bootId":"boot-0"})");
  write_text(at / "abort", "");
  write_text(at / "used", "");
  seen = folder.observe();
  BOOST_TEST((seen.go == Mark::this_boot && seen.claimed == Mark::earlier_boot && seen.abort && seen.used));
}

BOOST_AUTO_TEST_CASE(a_release_that_does_not_tell_its_boot_counts_as_an_earlier_one) {
  lay();
  write_text(at / "go", "");
  BOOST_TEST((folder.observe().go == Mark::earlier_boot));
}

BOOST_AUTO_TEST_CASE(used_is_seen_also_after_the_rest_was_cleaned_up) {
  lay();
  fs::remove(at / "expected");
  write_text(at / "used", "");
  BOOST_TEST(folder.observe().used);
}

BOOST_AUTO_TEST_CASE(an_expectation_that_cannot_be_read_is_broken_and_says_why) {
  lay();
  write_text(at / "expected", "{");
  const Observation seen = folder.observe();
  BOOST_TEST((seen.folder == Folder::broken));
  BOOST_TEST(seen.trouble.find("expected") != std::string::npos, seen.trouble);
}

BOOST_AUTO_TEST_CASE(a_folder_open_to_others_is_untrusted_at_every_level) {
  lay();
  for (const fs::path& level : {base, pod, at}) {
    fs::permissions(level, fs::perms::owner_all | fs::perms::group_read);
    untrusted("mode 0740");
    fs::permissions(level, fs::perms::owner_all);
  }
  BOOST_TEST((folder.observe().folder == Folder::prepared));
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_is_untrusted_at_every_level) {
  lay();
  for (const fs::path& level : {base, pod, at}) {
    const fs::path moved = temporary / "moved";
    fs::rename(level, moved);
    fs::create_symlink(moved, level);
    untrusted("is a link");
    fs::remove(level);
    fs::rename(moved, level);
  }
}

BOOST_AUTO_TEST_CASE(a_mark_that_is_a_link_or_no_file_is_untrusted) {
  lay();
  fs::create_symlink("/etc/hostname", at / "go");
  untrusted("go is a link");
  fs::remove(at / "go");
  fs::create_directory(at / "used");
  untrusted("used is no regular file");
}

BOOST_AUTO_TEST_CASE(a_folder_of_another_user_is_untrusted_at_every_level) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("skipped: only root can give a folder away");
    return;
  }
  lay();
  for (const fs::path& level : {base, pod, at, at / "expected"}) {
    BOOST_REQUIRE(::chown(level.c_str(), 65534, 65534) == 0);
    untrusted("belongs to uid 65534");
    BOOST_REQUIRE(::chown(level.c_str(), 0, 0) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_mark_is_made_once) {
  lay();
  BOOST_REQUIRE(folder.mark("claimed", "first"));
  const auto again = folder.mark("claimed", "second");
  BOOST_REQUIRE(!again);
  BOOST_TEST(again.error().message.find("File exists") != std::string::npos, again.error().message);
  BOOST_TEST(read_text(at / "claimed") == "first");
  BOOST_TEST(migrate::test::mode_of(at / "claimed") == 0600U);
}

BOOST_AUTO_TEST_CASE(whoever_looks_while_a_mark_is_made_sees_none_or_the_whole_one) {
  lay();
  std::atomic<bool> seen_in_part = false;
  const std::jthread reader{[&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      if (folder.observe().claimed == Mark::earlier_boot) seen_in_part = true;
  }};
  for (int i = 0; i < 500; ++i) {
    BOOST_REQUIRE(folder.mark("claimed", R"({"bootId":"boot-1"})"));
    BOOST_REQUIRE(folder.unmark("claimed"));
  }
  BOOST_TEST(!seen_in_part);
  BOOST_TEST(std::distance(fs::directory_iterator{at}, {}) == 1);  // `expected`
}

BOOST_AUTO_TEST_CASE(a_mark_that_decides_nothing_is_taken_away_again) {
  lay();
  BOOST_REQUIRE(folder.unmark("waiting"));
  BOOST_REQUIRE(folder.mark("waiting", "first"));
  BOOST_REQUIRE(folder.unmark("waiting"));
  BOOST_TEST(!migrate::test::is_there(at / "waiting"));
  BOOST_REQUIRE(folder.mark("waiting", "second"));
}

BOOST_AUTO_TEST_CASE(work_begins_empty_and_only_beside_a_checkpoint) {
  lay();
  BOOST_TEST(!folder.prepare_work());
  fs::create_directories(at / "archive");
  BOOST_TEST(!folder.prepare_work());
  fs::create_directories(temporary / "elsewhere");
  fs::create_directory_symlink(temporary / "elsewhere", at / "archive/checkpoint");
  BOOST_TEST(!folder.prepare_work());
  fs::remove(at / "archive/checkpoint");
  fs::create_directories(at / "archive/checkpoint");
  write_text(at / "work/restore.log", "Tasks resumed");
  BOOST_REQUIRE(folder.prepare_work());
  BOOST_TEST(fs::is_empty(at / "work"));
  BOOST_TEST(migrate::test::mode_of(at / "work") == 0700U);
}

BOOST_AUTO_TEST_CASE(a_change_before_the_wait_is_not_missed) {
  lay();
  FolderWatch watch{at};
  write_text(at / "abort", "");
  watch.wait(10min);  // hangs no longer than a moment even if it were missed; what counts is what is seen after it
  BOOST_TEST(folder.observe().abort);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_can_be_waited_for) {
  FolderWatch watch{temporary / "nowhere"};
  watch.wait(1ms);
  BOOST_TEST((folder.observe().folder == Folder::absent));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
