#include "node/agent/tree_tar.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>

#include "node/agent/untar.h"
#include "node/runtime/rootfs_diff.h"
#include "shared/image/digest.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using test::read_text;
using test::write_text;

struct Fixture {
  test::TemporaryFolder folder;
  fs::path from = folder / "from";
  fs::path to = folder / "to";
  fs::path tar = folder / "x.tar";

  Fixture() {
    fs::create_directories(from);
    fs::create_directories(to);
  }
  void pack(Whiteouts whiteouts) const {
    image::FileWriter file{tar.string()};
    good(write_tree(from, whiteouts, [&](std::span<const char> piece) { return file.write(piece); }));
    good(file.finish());
  }
  static struct stat status_of(const fs::path& path) {
    struct stat status {};
    BOOST_REQUIRE_MESSAGE(::lstat(path.c_str(), &status) == 0, path.string());
    return status;
  }
};

BOOST_FIXTURE_TEST_SUITE(tree_tar, Fixture)

BOOST_AUTO_TEST_CASE(an_empty_dir_comes_out_as_it_went_in) {
  write_text(from / "data/state.json", "{}");
  write_text(from / ".wh.strange", "a name like any other");
  write_text(from / std::string(150, 'n'), "a long name");
  write_text(from / "gr\303\266\303\237e", "bytes");
  fs::create_hard_link(from / "data/state.json", from / "same");
  fs::create_symlink("/somewhere/else", from / "link");
  BOOST_REQUIRE(::mkfifo((from / "pipe").c_str(), 0640) == 0);
  BOOST_REQUIRE(::chmod((from / "data").c_str(), 02770) == 0);
  const bool root = ::geteuid() == 0;
  if (root) {
    BOOST_REQUIRE(::lchown((from / "same").c_str(), 1000, 2000) == 0);
    BOOST_REQUIRE(::lchown(from.c_str(), 0, 3000) == 0);
  }
  const bool attributes = ::setxattr((from / "same").c_str(), "user.kind", "x\0y", 3, 0) == 0;
  BOOST_REQUIRE(::chmod(from.c_str(), 0777) == 0);
  const timespec times[2] = {{1000, 0}, {1000, 123456000}};
  BOOST_REQUIRE(::utimensat(AT_FDCWD, (from / "same").c_str(), times, 0) == 0);
  BOOST_REQUIRE(::utimensat(AT_FDCWD, (from / "data").c_str(), times, 0) == 0);

  pack(Whiteouts::none);
  const auto laid = runtime::unpack_tree(tar, to);
  BOOST_REQUIRE_MESSAGE(laid, (laid ? "" : laid.error().message));
  BOOST_TEST(laid->warnings.empty());
  BOOST_TEST(read_text(to / "data/state.json") == "{}");
  BOOST_TEST(read_text(to / ".wh.strange") == "a name like any other");
  BOOST_TEST(read_text(to / std::string(150, 'n')) == "a long name");
  BOOST_TEST(read_text(to / "gr\303\266\303\237e") == "bytes");
  BOOST_TEST(status_of(to / "same").st_ino == status_of(to / "data/state.json").st_ino);
  BOOST_TEST(fs::read_symlink(to / "link") == "/somewhere/else");
  BOOST_TEST(S_ISFIFO(status_of(to / "pipe").st_mode));
  BOOST_TEST(test::mode_of(to / "pipe") == 0640U);
  BOOST_TEST(test::mode_of(to / "data") == 02770U);
  BOOST_TEST(test::mode_of(to) == 0777U);
  if (root) BOOST_TEST((status_of(to / "same").st_uid == 1000 && status_of(to / "same").st_gid == 2000));
  if (root) BOOST_TEST(status_of(to).st_gid == 3000U);
  for (const char* name : {"same", "data"})
    BOOST_TEST((status_of(to / name).st_mtim.tv_sec == 1000 && status_of(to / name).st_mtim.tv_nsec == 123456000));
  if (attributes) {
    char value[8] = {};
    BOOST_TEST(::getxattr((to / "same").c_str(), "user.kind", value, sizeof value) == 3);
  }
}

BOOST_AUTO_TEST_CASE(the_same_folder_gives_the_same_bytes) {
  write_text(from / "b", std::string(700000, 'b'));
  write_text(from / "a/x", "x");
  pack(Whiteouts::none);
  const std::string first = read_text(tar);
  pack(Whiteouts::none);
  BOOST_TEST((read_text(tar) == first));
}

// As a tenant's other Pod may do it that was handed the folder.
BOOST_AUTO_TEST_CASE(a_folder_that_becomes_a_link_meanwhile_leads_nowhere) {
  const fs::path outside = folder / "outside";
  write_text(outside / "later", "the host's");
  write_text(from / "data/early", std::string(3000000, 'e'));
  write_text(from / "data/later", "its own!!!");
  fs::create_symlink(outside, from / "link");
  image::FileWriter file{tar.string()};
  bool swapped = false;
  good(write_tree(from, Whiteouts::none, [&](std::span<const char> piece) {
    // `data` was listed, and its first file is on its way.
    if (!swapped)
      swapped = ::renameat2(AT_FDCWD, (from / "data").c_str(), AT_FDCWD, (from / "link").c_str(), RENAME_EXCHANGE) == 0;
    return file.write(piece);
  }));
  good(file.finish());
  BOOST_REQUIRE(swapped);
  BOOST_REQUIRE(runtime::unpack_tree(tar, to));
  BOOST_TEST(read_text(to / "data/later") == "its own!!!");
  BOOST_TEST(read_text(tar).find("the host's") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(whiteouts_of_the_upper_folder_take_away_what_lies_below) {
  if (::geteuid() != 0 || ::mknod((from / "gone").c_str(), S_IFCHR | 0600, makedev(0, 0)) != 0) {
    BOOST_TEST_MESSAGE("skipped: whiteouts cannot be made here");
    return;
  }
  fs::create_directories(from / "new/inner");
  write_text(from / "new/mine", "new");
  const bool opaque = ::setxattr((from / "new").c_str(), "trusted.overlay.opaque", "y", 1, 0) == 0;
  BOOST_REQUIRE(::mknod((from / "new/inner/gone").c_str(), S_IFCHR | 0600, makedev(0, 0)) == 0);
  write_text(to / "gone/x", "old");
  write_text(to / "stays", "old");
  write_text(to / "new/old", "old");
  pack(Whiteouts::overlay);
  BOOST_REQUIRE(runtime::apply_rootfs_diff(tar, to));
  BOOST_TEST(!test::is_there(to / "gone"));
  BOOST_TEST(read_text(to / "stays") == "old");
  BOOST_TEST(read_text(to / "new/mine") == "new");
  if (opaque) BOOST_TEST(!test::is_there(to / "new/old"));
}

BOOST_AUTO_TEST_CASE(an_upper_folder_that_does_not_hold_everything_is_refused) {
  fs::create_directories(from / "moved");
  if (::setxattr((from / "moved").c_str(), "trusted.overlay.redirect", "old", 3, 0) != 0) {
    BOOST_TEST_MESSAGE("skipped: overlay's attributes cannot be set here");
    return;
  }
  const auto written = write_tree(from, Whiteouts::overlay, [](std::span<const char>) { return true; });
  BOOST_REQUIRE(!written);
  BOOST_TEST(written.error().message.find("kubelet") != std::string::npos, written.error().message);
}

BOOST_AUTO_TEST_CASE(a_stream_is_unpacked_while_it_comes) {
  write_text(from / "checkpoint/pages-1.img", std::string(3000000, 'p'));
  write_text(from / "spec.dump", "{}");
  write_text(from / "empty", "");
  Untar untar{to};
  good(write_tree(from, Whiteouts::none, [&](std::span<const char> piece) {
    return untar.feed({piece.data(), piece.size()});
  }));
  good(untar.finish());
  BOOST_TEST((read_text(to / "checkpoint/pages-1.img") == std::string(3000000, 'p')));
  BOOST_TEST(read_text(to / "spec.dump") == "{}");
  BOOST_TEST(test::is_there(to / "empty"));
  BOOST_TEST(test::mode_of(to / "spec.dump") == 0600U);
}

void add(image::ArchiveWriter& writer, const std::string& name, mode_t kind, const char* link) {
  const image::EntryPtr entry = image::new_entry(name);
  archive_entry_set_mode(entry.get(), kind | 0644);
  archive_entry_set_size(entry.get(), 0);
  if (link != nullptr) archive_entry_set_symlink(entry.get(), link);
  good(writer.header(entry.get()));
}

BOOST_AUTO_TEST_CASE(what_leads_out_of_the_folder_is_an_error) {
  struct Case {
    std::string name;
    mode_t kind;
    const char* link;
  };
  for (const Case& bad :
       {Case{"../out", S_IFREG, nullptr}, Case{"/etc/out", S_IFREG, nullptr}, Case{"a/../../out", S_IFDIR, nullptr},
        Case{"link", S_IFLNK, "/etc"}, Case{"pipe", S_IFIFO, nullptr}}) {
    fs::remove_all(to);
    fs::create_directories(to);
    Untar untar{to};
    image::ArchiveWriter writer{image::ArchiveWriter::Format::tar, [&](std::span<const char> piece) {
                                  return untar.feed({piece.data(), piece.size()});
                                }};
    add(writer, bad.name, bad.kind, bad.link);
    (void)writer.close();
    const auto unpacked = untar.finish();
    BOOST_TEST(!unpacked, bad.name);
    BOOST_TEST(fs::is_empty(to), bad.name);
    BOOST_TEST(!test::is_there(folder / "out"));
  }
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_early_is_an_error) {
  write_text(from / "pages", std::string(100000, 'p'));
  pack(Whiteouts::none);
  Untar untar{to};
  BOOST_TEST(untar.feed(read_text(tar).substr(0, 50000)));
  BOOST_TEST(!untar.finish());
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_given_up_ends) {
  const Untar untar{to};  // whose end must not hang
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
