#include "shared/image/image.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "shared/image/checkpoint_manifest.h"
#include "shared/image/digest.h"
#include "shared/image/tar_stream.h"
#include "test/temporary_folder.h"

namespace migrate::image {

std::ostream& operator<<(std::ostream& out, Compression compression) {
  return out << static_cast<int>(compression);
}

}  // namespace migrate::image

namespace {

using namespace migrate::image;
using migrate::test::is_there;
using migrate::test::read_text;
using migrate::test::write_text;
namespace fs = std::filesystem;
using Json = nlohmann::json;
const auto kCompressions = boost::unit_test::data::make({Compression::none, Compression::gzip, Compression::zstd});

struct Entry {
  unsigned type = 0;
  unsigned mode = 0;
  std::string content;  // of a file; target of a link
  bool hard_link = false;
  long long mtime = -1;
  long long uid = -1;
  std::string user;
  dev_t device = 0;
};
using Entries = std::map<std::string, Entry>;

// An archive as any reader sees it; also the compressed ones.
Entries entries_of(const std::string& bytes, std::vector<std::string>* order = nullptr) {
  Entries entries;
  archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_zstd(reader);
  BOOST_REQUIRE_MESSAGE(archive_read_open_memory(reader, bytes.data(), bytes.size()) == ARCHIVE_OK,
                        archive_error_string(reader));
  archive_entry* header = nullptr;
  int next = ARCHIVE_OK;
  while ((next = archive_read_next_header(reader, &header)) == ARCHIVE_OK) {
    Entry entry;
    const std::string path = archive_entry_pathname(header);
    entry.type = archive_entry_filetype(header);
    entry.mode = archive_entry_perm(header);
    entry.mtime = archive_entry_mtime(header);
    entry.uid = archive_entry_uid(header);
    if (const char* user = archive_entry_uname(header)) entry.user = user;
    if (entry.type == AE_IFCHR || entry.type == AE_IFBLK) entry.device = archive_entry_rdev(header);
    if (const char* link = archive_entry_symlink(header)) entry.content = link;
    if (const char* link = archive_entry_hardlink(header)) {
      entry.content = link;
      entry.hard_link = true;
    } else if (entry.type == AE_IFREG) {
      entry.content.resize(static_cast<std::size_t>(archive_entry_size(header)));
      BOOST_REQUIRE(archive_read_data(reader, entry.content.data(), entry.content.size()) ==
                    static_cast<la_ssize_t>(entry.content.size()));
    }
    BOOST_TEST(!entries.contains(path), path << " is there twice");
    if (order != nullptr) order->push_back(path);
    entries[path] = entry;
  }
  BOOST_REQUIRE_MESSAGE(next == ARCHIVE_EOF, archive_error_string(reader));
  archive_read_free(reader);
  return entries;
}

// The tar inside a blob, for its digest.
std::string uncompressed(const std::string& bytes) {
  std::string plain;
  archive* reader = archive_read_new();
  archive_read_support_format_raw(reader);
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_zstd(reader);
  archive_entry* header = nullptr;
  BOOST_REQUIRE(archive_read_open_memory(reader, bytes.data(), bytes.size()) == ARCHIVE_OK);
  BOOST_REQUIRE(archive_read_next_header(reader, &header) == ARCHIVE_OK);
  char piece[4096];
  for (la_ssize_t count = 0; (count = archive_read_data(reader, piece, sizeof piece)) > 0;)
    plain.append(piece, static_cast<std::size_t>(count));
  archive_read_free(reader);
  return plain;
}

struct Fixture {
  migrate::test::TemporaryFolder temporary;
  fs::path tree = temporary / "tree";

  Fixture() {
    write_text(tree / "bin/app", "program");
    fs::permissions(tree / "bin/app", static_cast<fs::perms>(04755));
    write_text(tree / "etc/a", "a");
    write_text(tree / "etc/empty", "");
    fs::create_symlink("../bin/app", tree / "etc/link");
    fs::create_hard_link(tree / "etc/a", tree / "etc/b");
    fs::create_directory(tree / "var");
    fs::permissions(tree / "var", static_cast<fs::perms>(01777));
  }
  Layer layer(const LayerSource& source, Compression compression = Compression::none, const char* name = "blob") {
    auto written = write_layer(source, compression, temporary / name);
    BOOST_REQUIRE_MESSAGE(written, written.error().message);
    return *written;
  }
  std::string failed(const LayerSource& source) {
    const auto written = write_layer(source, Compression::gzip, temporary / "failed");
    BOOST_REQUIRE(!written);
    return written.error().message;
  }
};

BOOST_FIXTURE_TEST_SUITE(image, Fixture)

BOOST_AUTO_TEST_CASE(sha256_is_the_published_one) {
  BOOST_TEST(sha256_of("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256_of("abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.update("a", 1);
  pieces.update("bc", 2);
  BOOST_TEST(pieces.finish() == sha256_of("abc"));
}

BOOST_AUTO_TEST_CASE(a_tree_is_packed_as_it_is_but_for_time) {
  const Entries entries = entries_of(read_text(layer(DirectoryTree{tree}).blob));
  BOOST_TEST(entries.size() == 8U);
  BOOST_TEST(entries.at("bin/app").content == "program");
  BOOST_TEST(entries.at("bin/app").mode == 04755U);
  BOOST_TEST(entries.at("etc/empty").content == "");
  BOOST_TEST(entries.at("etc/link").type == unsigned{AE_IFLNK});
  BOOST_TEST(entries.at("etc/link").content == "../bin/app");
  BOOST_TEST(entries.at("etc/a").content == "a");
  BOOST_TEST(!entries.at("etc/a").hard_link);
  BOOST_TEST(entries.at("etc/b").hard_link);
  BOOST_TEST(entries.at("etc/b").content == "etc/a");
  BOOST_TEST(entries.at("var/").mode == 01777U);
  for (const auto& [path, entry] : entries) {
    BOOST_TEST(entry.mtime == 0, path);
    BOOST_TEST(entry.uid == static_cast<long long>(::geteuid()), path);
    BOOST_TEST(entry.user == "", path);  // names mean something else in the image
  }
}

BOOST_AUTO_TEST_CASE(folders_come_before_what_is_in_them_and_all_is_sorted) {
  std::vector<std::string> order;
  entries_of(read_text(layer(DirectoryTree{tree}).blob), &order);
  BOOST_TEST(
      order == (std::vector<std::string>{"bin/", "bin/app", "etc/", "etc/a", "etc/b", "etc/empty", "etc/link", "var/"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_are_bytes) {
  write_text(tree / "etc/\xC3\xB6\xFF", "x");
  write_text(tree / "etc" / std::string(200, 'n') / std::string(200, 'm'), "long");
  const Entries entries = entries_of(read_text(layer(DirectoryTree{tree}).blob));
  BOOST_TEST(entries.at("etc/\xC3\xB6\xFF").content == "x");
  BOOST_TEST(entries.at("etc/" + std::string(200, 'n') + "/" + std::string(200, 'm')).content == "long");
}

BOOST_AUTO_TEST_CASE(a_socket_is_left_out_and_a_pipe_is_kept) {
  BOOST_REQUIRE(::mknod((tree / "socket").c_str(), S_IFSOCK | 0600, 0) == 0);
  BOOST_REQUIRE(::mkfifo((tree / "pipe").c_str(), 0600) == 0);
  const Entries entries = entries_of(read_text(layer(DirectoryTree{tree}).blob));
  BOOST_TEST(!entries.contains("socket"));
  BOOST_TEST(entries.at("pipe").type == unsigned{AE_IFIFO});
}

BOOST_AUTO_TEST_CASE(devices_and_owners_are_kept) {
  if (::mknod((tree / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0 ||
      ::chown((tree / "etc/a").c_str(), 12, 34) != 0) {
    BOOST_TEST_MESSAGE("skipped: only root makes devices and gives files away");
    return;
  }
  const Entries entries = entries_of(read_text(layer(DirectoryTree{tree}).blob));
  BOOST_TEST(entries.at("null").type == unsigned{AE_IFCHR});
  BOOST_TEST(entries.at("null").device == makedev(1, 3));
  BOOST_TEST(entries.at("etc/a").uid == 12);
}

BOOST_DATA_TEST_CASE(the_same_files_give_the_same_bytes, kCompressions, compression) {
  const Layer first = layer(DirectoryTree{tree}, compression, "first");
  // Another folder, other inodes, other times, made in another order.
  const fs::path copy = temporary / "copy";
  fs::copy(tree, copy, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  fs::remove(copy / "etc/b");
  fs::create_hard_link(copy / "etc/a", copy / "etc/b");
  fs::permissions(copy / "bin/app", static_cast<fs::perms>(04755));
  fs::permissions(copy / "var", static_cast<fs::perms>(01777));
  fs::last_write_time(copy / "etc/a", fs::file_time_type::clock::now() - std::chrono::hours(1000));
  const Layer second = layer(DirectoryTree{copy}, compression, "second");
  BOOST_TEST((read_text(first.blob) == read_text(second.blob)));
  BOOST_TEST(first.digest == second.digest);
}

BOOST_DATA_TEST_CASE(digests_size_and_media_type_are_those_of_the_blob, kCompressions, compression) {
  const Layer written = layer(DirectoryTree{tree}, compression);
  const std::string blob = read_text(written.blob);
  BOOST_TEST(written.digest == sha256_of(blob));
  BOOST_TEST(written.size.count == blob.size());
  BOOST_TEST(written.diff_id == sha256_of(uncompressed(blob)));
  BOOST_TEST((written.digest == written.diff_id) == (compression == Compression::none));
  const std::map<Compression, std::string> types{{Compression::none, "application/vnd.oci.image.layer.v1.tar"},
                                                 {Compression::gzip, "application/vnd.oci.image.layer.v1.tar+gzip"},
                                                 {Compression::zstd, "application/vnd.oci.image.layer.v1.tar+zstd"}};
  BOOST_TEST(written.media_type == types.at(compression));
  BOOST_TEST(entries_of(blob).size() == 8U);
}

BOOST_AUTO_TEST_CASE(a_compressed_blob_ends_with_its_stream) {
  // Padding after a gzip stream is what strict readers refuse; the last four bytes are the length of the content.
  const Layer written = layer(DirectoryTree{tree}, Compression::gzip);
  const std::string blob = read_text(written.blob);
  const std::size_t plain = uncompressed(blob).size();
  std::size_t told = 0;
  for (int i = 3; i >= 0; --i)
    told = told << 8 | static_cast<unsigned char>(blob[blob.size() - 4 + static_cast<std::size_t>(i)]);
  BOOST_TEST(told == plain);
}

BOOST_AUTO_TEST_CASE(single_files_get_folders_root_and_the_mode_asked_for) {
  const Layer written =
      layer(Files{{{tree / "bin/app", "/usr/bin/app", 0755}, {tree / "etc/link", "usr/bin/../lib/linked"}}});
  const Entries entries = entries_of(read_text(written.blob));
  BOOST_TEST(entries.size() == 5U);
  BOOST_TEST(entries.at("usr/bin/").mode == 0755U);
  BOOST_TEST(entries.at("usr/bin/app").mode == 0755U);
  BOOST_TEST(entries.at("usr/bin/app").uid == 0);
  BOOST_TEST(entries.at("usr/lib/linked").content == "program");  // a link stands for what it leads to
  BOOST_TEST(entries.at("usr/lib/linked").mode == 0644U);
}

struct BadFile {
  std::string source;
  std::string destination;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const BadFile& file) {
    return out << file.source << " at " << file.destination;
  }
};
const std::vector<BadFile> kBadFiles{
    {"/nowhere/x", "/x", "add /nowhere/x: No such file or directory"},
    {"/proc", "/x", "add /proc: is a folder"},
    {"/dev/null", "/x", "add /dev/null: is no regular file"},
    {"/proc/self/mem", "/x", "read /proc/"},             // opens, but cannot be read
    {"/proc/self/status", "/x", "more than announced"},  // has 0 bytes until it is read: it grew
    {"/etc/passwd", "/", "names no file"},
    {"/etc/passwd", "/folder/", "names no file"},
};

BOOST_DATA_TEST_CASE(a_file_that_cannot_be_packed_is_an_error_that_names_it, boost::unit_test::data::make(kBadFiles),
                     file) {
  const std::string text = failed(Files{{{file.source, file.destination}}});
  BOOST_TEST(text.find(file.says) != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(a_tree_that_is_not_there_is_an_error) {
  BOOST_TEST(failed(DirectoryTree{temporary / "nowhere"}).find("list ") == 0U);
  BOOST_TEST(failed(TarArchive{temporary / "nowhere"}).find("open ") == 0U);
}

BOOST_AUTO_TEST_CASE(a_blob_that_cannot_be_written_is_an_error) {
  for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd}) {
    const auto full = write_layer(DirectoryTree{tree}, compression, "/dev/full");
    BOOST_REQUIRE(!full);
    BOOST_TEST(full.error().message == "write /dev/full: No space left on device");
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_shrank_or_grew_since_it_was_looked_at_is_an_error) {
  for (const auto& [announced, says] :
       {std::pair{9, "it has 7 bytes now, 9 a moment ago"}, std::pair{5, "2 bytes more than announced"}}) {
    ArchiveWriter writer{ArchiveWriter::Format::tar, [](auto) { return true; }};
    const EntryPtr entry = new_entry("app");
    archive_entry_set_mode(entry.get(), S_IFREG | 0644);
    archive_entry_set_size(entry.get(), announced);
    BOOST_REQUIRE(writer.header(entry.get()));
    const auto done = writer.content_of((tree / "bin/app").string(), static_cast<std::uint64_t>(announced));
    BOOST_REQUIRE(!done);
    BOOST_TEST(done.error().message.find(says) != std::string::npos, done.error().message);
    BOOST_TEST(done.error().message.find("bin/app") != std::string::npos, done.error().message);
  }
}

BOOST_AUTO_TEST_CASE(a_tar_archive_becomes_a_layer_byte_for_byte) {
  const std::string tar = read_text(layer(DirectoryTree{tree}).blob);
  write_text(temporary / "checkpoint.tar", tar);
  const Layer plain = layer(TarArchive{temporary / "checkpoint.tar"}, Compression::none, "unused");
  BOOST_TEST(plain.blob == temporary / "checkpoint.tar");  // its own file, no copy
  BOOST_TEST(!is_there(temporary / "unused"));
  BOOST_TEST(plain.digest == sha256_of(tar));
  const Layer packed = layer(TarArchive{temporary / "checkpoint.tar"}, Compression::zstd, "packed");
  BOOST_TEST(packed.diff_id == sha256_of(tar));
  BOOST_TEST((uncompressed(read_text(packed.blob)) == tar));
}

ImageSpec example(const fs::path& tree) {
  ImageSpec spec;
  spec.name = "registry.test:5000/shop/orders:1.2";
  spec.layers = {DirectoryTree{tree}, Files{{{tree / "bin/app", "/app", 0755}}}};
  spec.compression = Compression::gzip;
  spec.run.entrypoint = {"/app"};
  spec.run.env = {"A=b"};
  spec.run.labels = {{"k", "v"}};
  return spec;
}

std::string blob_name(const std::string& digest) {
  return "blobs/sha256/" + digest.substr(7);
}

BOOST_AUTO_TEST_CASE(every_blob_of_an_image_is_there_under_its_digest) {
  const auto written = write_image(example(tree), temporary / "image.tar");
  BOOST_REQUIRE_MESSAGE(written, written.error().message);
  Entries entries = entries_of(read_text(temporary / "image.tar"));
  for (const auto& [path, entry] : entries)
    if (path.find("blobs/") == 0) BOOST_TEST(path == blob_name(sha256_of(entry.content)));
  BOOST_TEST(Json::parse(entries.at("oci-layout").content) == Json({{"imageLayoutVersion", "1.0.0"}}));
  const Json index = Json::parse(entries.at("index.json").content);
  const Json& descriptor = index.at("manifests").at(0);
  BOOST_TEST(descriptor.at("digest") == written->manifest_digest);
  BOOST_TEST(descriptor.at("annotations").at("io.containerd.image.name") == "registry.test:5000/shop/orders:1.2");
  BOOST_TEST(descriptor.at("annotations").at("org.opencontainers.image.ref.name") == "1.2");

  const Entry& manifest_blob = entries.at(blob_name(written->manifest_digest));
  BOOST_TEST(descriptor.at("size") == manifest_blob.content.size());
  const Json manifest = Json::parse(manifest_blob.content);
  BOOST_TEST(manifest.at("mediaType") == "application/vnd.oci.image.manifest.v1+json");
  BOOST_TEST(manifest.at("config").at("digest") == written->config_digest);
  BOOST_TEST(!manifest.contains("annotations"));

  const Json config = Json::parse(entries.at(blob_name(written->config_digest)).content);
  BOOST_TEST(config.at("config").at("Entrypoint") == Json({"/app"}));
  BOOST_TEST(config.at("config").at("Env") == Json({"A=b"}));
  BOOST_TEST(config.at("config").at("Labels").at("k") == "v");
  BOOST_TEST(!config.at("config").contains("Cmd"));
  BOOST_REQUIRE(manifest.at("layers").size() == 2U);
  BOOST_REQUIRE(config.at("rootfs").at("diff_ids").size() == 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const Json& layer = manifest.at("layers").at(i);
    const Entry& blob = entries.at(blob_name(layer.at("digest").get<std::string>()));
    BOOST_TEST(layer.at("size") == blob.content.size());
    BOOST_TEST(config.at("rootfs").at("diff_ids").at(i) == sha256_of(uncompressed(blob.content)));
  }
  BOOST_TEST(!is_there(temporary / "image.tar.layers"));
}

BOOST_AUTO_TEST_CASE(the_same_image_has_the_same_bytes) {
  BOOST_REQUIRE(write_image(example(tree), temporary / "one.tar"));
  BOOST_REQUIRE(write_image(example(tree), temporary / "two.tar"));
  BOOST_TEST((read_text(temporary / "one.tar") == read_text(temporary / "two.tar")));
}

BOOST_AUTO_TEST_CASE(a_name_without_tag_is_latest_also_behind_a_port) {
  ImageSpec spec = example(tree);
  spec.name = "registry.test:5000/orders";
  BOOST_REQUIRE(write_image(spec, temporary / "image.tar"));
  const Json index = Json::parse(entries_of(read_text(temporary / "image.tar")).at("index.json").content);
  BOOST_TEST(index.at("manifests").at(0).at("annotations").at("org.opencontainers.image.ref.name") == "latest");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_is_an_image_of_one_layer_that_both_runtimes_know) {
  const std::string tar = read_text(layer(DirectoryTree{tree}).blob);
  write_text(temporary / "checkpoint.tar", tar);
  const auto written =
      write_image(checkpoint_image(temporary / "checkpoint.tar", "app", "registry.test/cp:1"), temporary / "image.tar");
  BOOST_REQUIRE_MESSAGE(written, written.error().message);
  Entries entries = entries_of(read_text(temporary / "image.tar"));
  const Json manifest = Json::parse(entries.at(blob_name(written->manifest_digest)).content);
  BOOST_TEST(manifest.at("annotations").at("org.criu.checkpoint.container.name") == "app");
  BOOST_TEST(manifest.at("annotations").at("io.kubernetes.cri-o.annotations.checkpoint.name") == "app");
  BOOST_REQUIRE(manifest.at("layers").size() == 1U);
  BOOST_TEST(manifest.at("layers").at(0).at("digest") == sha256_of(tar));
  BOOST_TEST((entries.at(blob_name(sha256_of(tar))).content == tar));
}

BOOST_AUTO_TEST_CASE(checkpoints_that_differ_are_images_of_different_ids) {
  write_text(temporary / "one.tar", read_text(layer(DirectoryTree{tree}).blob));
  write_text(tree / "etc/a", "b");
  write_text(temporary / "two.tar", read_text(layer(DirectoryTree{tree}).blob));
  const auto one = write_image(checkpoint_image(temporary / "one.tar", "app", "cp:1"), temporary / "image1.tar");
  const auto two = write_image(checkpoint_image(temporary / "two.tar", "app", "cp:1"), temporary / "image2.tar");
  BOOST_REQUIRE((one && two));
  BOOST_TEST(one->config_digest != two->config_digest);
}

BOOST_AUTO_TEST_CASE(an_image_that_failed_leaves_nothing_behind) {
  ImageSpec spec = example(tree);
  spec.layers.emplace_back(TarArchive{temporary / "nowhere"});
  const auto written = write_image(spec, temporary / "image.tar");
  BOOST_REQUIRE(!written);
  BOOST_TEST(written.error().message.find("write image registry.test:5000/shop/orders:1.2: open ") == 0U,
             written.error().message);
  BOOST_TEST(!is_there(temporary / "image.tar"));
  BOOST_TEST(!is_there(temporary / "image.tar.layers"));
}

BOOST_AUTO_TEST_CASE(a_failed_image_does_not_leave_an_older_one_in_its_place) {
  write_text(temporary / "image.tar", "an older image");
  ImageSpec spec = example(tree);
  spec.layers.emplace_back(TarArchive{temporary / "nowhere"});
  BOOST_REQUIRE(!write_image(spec, temporary / "image.tar"));
  BOOST_TEST(!is_there(temporary / "image.tar"));
}

BOOST_AUTO_TEST_CASE(the_system_s_own_tar_reads_it) {
  BOOST_REQUIRE(write_image(example(tree), temporary / "image.tar"));
  const std::string command = "tar -tf '" + (temporary / "image.tar").string() + "'";
  std::FILE* listing = ::popen(command.c_str(), "r");
  BOOST_REQUIRE(listing != nullptr);
  std::string text;
  char piece[512];
  while (std::fgets(piece, sizeof piece, listing) != nullptr)
    text += piece;
  BOOST_TEST(::pclose(listing) == 0);
  BOOST_TEST(text.find("oci-layout\nindex.json\nblobs/sha256/") == 0U, text);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_s_manifest_follows_from_its_archive_s_digest) {
  const std::string layer = "sha256:" + std::string(64, 'a');
  const auto made = checkpoint_manifest("app", layer, migrate::Bytes{1234}, "amd64");
  const Json config = Json::parse(made.config);
  const Json manifest = Json::parse(made.manifest);
  BOOST_TEST(config["rootfs"]["diff_ids"][0] == layer);
  BOOST_TEST(config["architecture"] == "amd64");
  BOOST_TEST(manifest["layers"][0]["digest"] == layer);
  BOOST_TEST(manifest["layers"][0]["size"] == 1234);
  BOOST_TEST(manifest["config"]["digest"] == sha256_of(made.config));
  BOOST_TEST(manifest["config"]["size"] == made.config.size());
  BOOST_TEST(made.manifest_digest == sha256_of(made.manifest));
  for (const char* name : {"org.criu.checkpoint.container.name", "io.kubernetes.cri-o.annotations.checkpoint.name"})
    BOOST_TEST(manifest["annotations"][name] == "app");
  BOOST_TEST(
      checkpoint_manifest("app", "sha256:" + std::string(64, 'b'), migrate::Bytes{1234}, "amd64").config_digest !=
      made.config_digest);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
