#include "node/runtime/rootfs_diff.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/temporary_folder.h"

namespace {

using namespace migrate::runtime;
using migrate::test::is_there;
using migrate::test::mode_of;
using migrate::test::read_text;
using migrate::test::write_text;
namespace fs = std::filesystem;

struct Entry {
  std::string path;
  unsigned type = AE_IFREG;
  std::string content = {};  // of a file; target of a link
  unsigned mode = 0644;
};
constexpr unsigned kHardLink = 1;

void write_tar(const fs::path& path, const std::vector<Entry>& entries, bool gzip = false) {
  archive* writer = archive_write_new();
  archive_write_set_format_pax_restricted(writer);
  if (gzip) archive_write_add_filter_gzip(writer);
  BOOST_REQUIRE(archive_write_open_filename(writer, path.c_str()) == ARCHIVE_OK);
  for (const Entry& entry : entries) {
    archive_entry* header = archive_entry_new();
    archive_entry_set_pathname(header, entry.path.c_str());
    archive_entry_set_perm(header, static_cast<mode_t>(entry.mode));
    archive_entry_set_uid(header, ::geteuid());
    archive_entry_set_mtime(header, 1'700'000'000, 0);
    archive_entry_set_gid(header, ::getegid());
    archive_entry_set_filetype(header, entry.type == kHardLink ? AE_IFREG : entry.type);
    if (entry.type == AE_IFLNK) archive_entry_set_symlink(header, entry.content.c_str());
    if (entry.type == kHardLink) archive_entry_set_hardlink(header, entry.content.c_str());
    archive_entry_set_size(header, entry.type == AE_IFREG ? static_cast<la_int64_t>(entry.content.size()) : 0);
    BOOST_REQUIRE(archive_write_header(writer, header) >= ARCHIVE_WARN);
    if (entry.type == AE_IFREG) archive_write_data(writer, entry.content.data(), entry.content.size());
    archive_entry_free(header);
  }
  archive_write_close(writer);
  archive_write_free(writer);
}

struct Fixture {
  migrate::test::TemporaryFolder temporary;
  fs::path root = temporary / "rootfs";
  fs::path tar = temporary / "rootfs-diff.tar";

  Fixture() {
    write_text(root / "etc/hosts", "old");
    write_text(root / "var/cache/a", "a");
    write_text(root / "var/cache/b", "b");
    write_text(root / "var/cache/deep/c", "c");
    write_text(temporary / "outside/secret", "secret");
    fs::create_directory_symlink(temporary / "outside", root / "way-out");
  }
  void apply(const std::vector<Entry>& entries) {
    write_tar(tar, entries);
    const auto applied = apply_rootfs_diff(tar, root);
    BOOST_REQUIRE_MESSAGE(applied, applied.error().message);
    BOOST_TEST(applied->warnings.empty());
  }
  void refused(const std::vector<Entry>& entries, const std::string& says) {
    write_tar(tar, entries);
    const auto applied = apply_rootfs_diff(tar, root);
    BOOST_REQUIRE(!applied);
    BOOST_TEST(applied.error().message.find(says) != std::string::npos, applied.error().message);
    BOOST_TEST(read_text(temporary / "outside/secret") == "secret");
    BOOST_TEST(std::distance(fs::directory_iterator(temporary / "outside"), {}) == 1);
  }
};

BOOST_FIXTURE_TEST_SUITE(rootfs_diff, Fixture)

BOOST_AUTO_TEST_CASE(files_folders_and_links_are_laid_over_the_root) {
  apply({{"./etc/hosts", AE_IFREG, "new", 0600},
         {"var/new", AE_IFDIR, "", 0711},
         {"var/new/file", AE_IFREG, "x"},
         {"var/new/link", AE_IFLNK, "/etc/hosts"},
         {"var/new/again", kHardLink, "var/new/file"}});
  BOOST_TEST(read_text(root / "etc/hosts") == "new");
  BOOST_TEST(mode_of(root / "etc/hosts") == 0600U);
  BOOST_TEST(mode_of(root / "var/new") == 0711U);
  BOOST_TEST(fs::read_symlink(root / "var/new/link") == "/etc/hosts");
  BOOST_TEST(fs::equivalent(root / "var/new/again", root / "var/new/file"));
  BOOST_TEST(read_text(root / "var/cache/a") == "a");
}

BOOST_AUTO_TEST_CASE(a_compressed_diff_is_read_as_well) {
  write_tar(tar, {{"etc/hosts", AE_IFREG, "new"}}, true);
  BOOST_REQUIRE(apply_rootfs_diff(tar, root));
  BOOST_TEST(read_text(root / "etc/hosts") == "new");
}

BOOST_AUTO_TEST_CASE(names_are_bytes) {
  // "ö" as UTF-8 in a pax record, and no locale that knows it.
  apply(
      {{"var/"
        "\xC3\xB6rder-with-a-name-that-is-too-long-for-the-old-header-0123456789012345678901234567890123456789-"
        "0123456789012345678901234567890",
        AE_IFREG, "x"}});
  BOOST_TEST(read_text(root / "var/"
                              "\xC3\xB6rder-with-a-name-that-is-too-long-for-the-old-header-"
                              "0123456789012345678901234567890123456789-0123456789012345678901234567890") == "x");
}

BOOST_AUTO_TEST_CASE(a_file_of_another_kind_gives_way) {
  apply({{"var/cache", AE_IFREG, "now a file"},
         {"etc/hosts", AE_IFDIR, "", 0755},
         {"way-out", AE_IFDIR, "", 0755},
         {"way-out/in", AE_IFREG, "in"}});
  BOOST_TEST(read_text(root / "var/cache") == "now a file");
  BOOST_TEST(fs::is_directory(root / "etc/hosts"));
  BOOST_TEST(!fs::is_symlink(root / "way-out"));
  BOOST_TEST(!is_there(temporary / "outside/in"));
}

BOOST_AUTO_TEST_CASE(a_whiteout_removes_a_file_or_a_whole_folder) {
  apply({{"etc/.wh.hosts"}, {"var/.wh.cache"}, {"var/.wh.never-was"}});
  BOOST_TEST(!is_there(root / "etc/hosts"));
  BOOST_TEST(!is_there(root / "var/cache"));
  BOOST_TEST(is_there(root / "var"));
  BOOST_TEST(!is_there(root / "etc/.wh.hosts"));
}

BOOST_AUTO_TEST_CASE(a_whiteout_of_a_link_removes_the_link_only) {
  apply({{".wh.way-out"}});
  BOOST_TEST(!is_there(root / "way-out"));
  BOOST_TEST(read_text(temporary / "outside/secret") == "secret");
}

BOOST_AUTO_TEST_CASE(an_opaque_folder_keeps_only_what_came_with_the_diff_in_any_order) {
  for (const bool opaque_first : {true, false}) {
    write_text(root / "var/cache/old", "old");
    write_text(root / "var/cache/deep/old", "old");
    std::vector<Entry> entries{
        {"var/cache", AE_IFDIR, "", 0755}, {"var/cache/new", AE_IFREG, "n"}, {"var/cache/deep/new", AE_IFREG, "n"}};
    entries.insert(opaque_first ? entries.begin() : entries.end(), {"var/cache/.wh..wh..opq"});
    apply(entries);
    BOOST_TEST(!is_there(root / "var/cache/old"));
    BOOST_TEST(!is_there(root / "var/cache/deep/old"));
    BOOST_TEST(read_text(root / "var/cache/new") == "n");
    BOOST_TEST(read_text(root / "var/cache/deep/new") == "n");
    BOOST_TEST(!is_there(root / "var/cache/.wh..wh..opq"));
  }
}

BOOST_AUTO_TEST_CASE(overlays_own_whiteout_removes_too) {
  apply({{"etc/hosts", AE_IFCHR}});
  BOOST_TEST(!is_there(root / "etc/hosts"));
}

BOOST_AUTO_TEST_CASE(the_root_gets_the_mode_it_had_or_the_one_images_have) {
  fs::permissions(root, static_cast<fs::perms>(0555));
  apply({{"etc/new", AE_IFREG, "x"}});
  BOOST_TEST(mode_of(root) == 0755U);
  apply({{"./", AE_IFDIR, "", 0750}});
  BOOST_TEST(mode_of(root) == 0750U);
  fs::remove(tar);
  BOOST_REQUIRE(apply_rootfs_diff(tar, root));
  BOOST_TEST(mode_of(root) == 0755U);
}

BOOST_AUTO_TEST_CASE(an_empty_diff_changes_nothing) {
  apply({});
  write_text(tar, "");
  BOOST_TEST(apply_rootfs_diff(tar, root).has_value());
  BOOST_TEST(read_text(root / "etc/hosts") == "old");
}

BOOST_AUTO_TEST_CASE(modes_keep_their_special_bits_and_times_are_those_of_the_source) {
  apply({{"var/new", AE_IFDIR, "", 01777}, {"var/new/tool", AE_IFREG, "x", 04755}, {"pipe", AE_IFIFO, "", 0640}});
  BOOST_TEST(mode_of(root / "var/new") == 01777U);
  BOOST_TEST(mode_of(root / "var/new/tool") == 04755U);
  BOOST_TEST(mode_of(root / "pipe") == 0640U);
  for (const char* path : {"var/new", "var/new/tool", "pipe"}) {
    struct stat status {};
    BOOST_REQUIRE(::lstat((root / path).c_str(), &status) == 0);
    BOOST_TEST(status.st_mtime == 1'700'000'000, path);
  }
}

struct Escape {
  const char* name;
  std::vector<Entry> entries;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const Escape& escape) { return out << escape.name; }
};
const std::vector<Escape> kEscapes{
    {"up", {{"../outside/x"}}, "leads out of the root"},
    {"up in the middle", {{"etc/../../outside/x"}}, "leads out of the root"},
    {"absolute", {{"/outside/x"}}, "absolute"},
    {"through a link of the image", {{"way-out/x"}}, "symbolic link way-out"},
    {"through a link of its own", {{"hole", AE_IFLNK, "../outside"}, {"hole/x"}}, "symbolic link hole"},
    {"a folder below a link", {{"way-out/folder", AE_IFDIR, "", 0755}}, "symbolic link way-out"},
    {"a hard link up", {{"x", kHardLink, "../outside/secret"}}, "leads out of the root"},
    {"an absolute hard link", {{"x", kHardLink, "/etc/passwd"}}, "absolute"},
    {"a hard link through a link", {{"x", kHardLink, "way-out/secret"}}, "symbolic link way-out"},
    {"a whiteout through a link", {{"way-out/.wh.secret"}}, "symbolic link way-out"},
    {"an opaque folder through a link", {{"way-out/.wh..wh..opq"}}, "symbolic link way-out"},
    {"a whiteout of what is above", {{"etc/.wh..."}}, "hides nothing"},
    {"a whiteout of the folder itself", {{"etc/.wh.."}}, "hides nothing"},
    {"a whiteout without a name", {{"etc/.wh."}}, "hides nothing"},
};

BOOST_DATA_TEST_CASE(nothing_leads_out_of_the_root, boost::unit_test::data::make(kEscapes), escape) {
  refused(escape.entries, escape.says);
}

BOOST_AUTO_TEST_CASE(a_damaged_diff_is_an_error_that_names_it) {
  write_text(tar, std::string(2000, 'x'));
  const auto applied = apply_rootfs_diff(tar, root);
  BOOST_REQUIRE(!applied);
  BOOST_TEST(applied.error().message.find("rootfs-diff.tar") != std::string::npos, applied.error().message);
}

BOOST_AUTO_TEST_CASE(a_truncated_diff_is_an_error) {
  write_tar(tar, {{"big", AE_IFREG, std::string(100'000, 'x')}});
  fs::resize_file(tar, 50'000);
  BOOST_TEST(!apply_rootfs_diff(tar, root));
}

BOOST_AUTO_TEST_CASE(a_hard_link_to_nothing_is_an_error) {
  refused({{"x", kHardLink, "never-was"}}, "unpack x");
}

BOOST_AUTO_TEST_CASE(a_link_in_place_of_the_diff_is_not_followed) {
  write_tar(temporary / "real.tar", {{"etc/hosts", AE_IFREG, "new"}});
  fs::create_symlink(temporary / "real.tar", tar);
  BOOST_TEST(!apply_rootfs_diff(tar, root));
  BOOST_TEST(read_text(root / "etc/hosts") == "old");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
