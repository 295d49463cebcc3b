#include "shared/support/bundle.h"

#include <boost/test/unit_test.hpp>

#include "shared/support/bundle_archive.h"
#include "test/temporary_folder.h"
#include "test/unit/support/unpacked.h"

namespace migrate::support {
namespace {

const BundleFile* find(const Bundle& bundle, const std::string& path) {
  for (const BundleFile& file : bundle.files())
    if (file.path == path) return &file;
  return nullptr;
}

std::string text_at(const Bundle& bundle, const std::string& path) {
  const BundleFile* file = find(bundle, path);
  return file != nullptr ? file->text : "(no such file)";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bundle)

BOOST_AUTO_TEST_CASE(a_file_with_a_secret_is_left_out_and_named) {
  Bundle bundle;
  bundle.add("pods.yaml", "image: a\n");
  bundle.add("forgotten.txt", "amqp://u:p@h\n");
  bundle.add("empty.txt", "");
  bundle.seal();
  BOOST_TEST(bundle.files().size() == 2U);
  BOOST_TEST(text_at(bundle, "pods.yaml") == "image: a\n");
  BOOST_TEST(text_at(bundle, "errors.txt") ==
             "forgotten.txt: left out: it has what looks like a URL with a user's name or password\n");
}

BOOST_AUTO_TEST_CASE(what_could_not_be_read_stands_in_one_line_each) {
  Bundle bundle;
  bundle.could_not("list nodes", "forbidden:\n\x1b[31mUser \"dev\" cannot");
  bundle.could_not("get secrets?", "password=p");
  bundle.could_not("read a log", "MIIE -----END PRIVATE KEY-----");
  bundle.seal();
  BOOST_TEST(text_at(bundle, "errors.txt") ==
             "list nodes: forbidden:  [31mUser \"dev\" cannot\nget secrets?: password=***\n"
             "(a line that has what looks like a secret)\n");
}

BOOST_AUTO_TEST_CASE(nothing_amiss_is_said_too) {
  Bundle bundle;
  bundle.seal();
  BOOST_TEST(text_at(bundle, "errors.txt") == "Everything could be read.\n");
}

BOOST_AUTO_TEST_CASE(no_path_leads_out_of_it) {
  Bundle bundle;
  for (const char* path : {"../../etc/passwd", "/etc/passwd", "logs/..", "a b\nc", "v1.2/x.log", ".hidden"})
    bundle.add(path, "x");
  std::vector<std::string> paths;
  for (const BundleFile& file : bundle.files())
    paths.push_back(file.path);
  const std::vector<std::string> wanted = {"_./_./etc/passwd", "_/etc/passwd", "logs/_.", "a_b_c",
                                           "v1.2/x.log",       "_hidden"};
  BOOST_TEST(paths == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(as_an_archive_it_is_its_owner_s_and_of_its_time) {
  Bundle bundle;
  bundle.add("logs/a.log", std::string(300'000, 'a'));
  bundle.seal();
  std::string bytes;
  const Instant now{std::chrono::seconds{1'767'268'800} + Microseconds{5}};
  const auto written = write_archive(bundle, "top", now, [&](std::span<const char> piece) {
    bytes.append(piece.data(), piece.size());
    return true;
  });
  BOOST_REQUIRE_MESSAGE(written, (written ? "" : written.error().message));
  BOOST_TEST(bytes.starts_with("\x1f\x8b"));
  BOOST_TEST(bytes.size() < 5000U);
  const auto files = test::unpacked(bytes);
  BOOST_TEST(files.size() == 2U);
  BOOST_TEST((files.at("top/logs/a.log").text == std::string(300'000, 'a')));
  BOOST_TEST(files.at("top/errors.txt").text == "Everything could be read.\n");
  for (const auto& [path, file] : files) {
    BOOST_TEST(file.mode == 0600U, path);
    BOOST_TEST(file.time == 1'767'268'800, path);
  }
}

BOOST_AUTO_TEST_CASE(an_output_that_takes_no_more_is_an_error) {
  Bundle bundle;
  bundle.seal();
  BOOST_TEST(!write_archive(bundle, "top", {}, [](std::span<const char>) { return false; }));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_there_is_kept) {
  const test::TemporaryFolder folder;
  test::write_text(folder / "there", "mine");
  image::FileWriter writer{(folder / "there").string(), image::FileWriter::Existing::kept};
  BOOST_REQUIRE(!writer.state());
  BOOST_TEST(writer.state().error().message == "write " + (folder / "there").string() + ": File exists");
  const char byte = 'x';
  BOOST_TEST(!writer.write({&byte, 1}));
  BOOST_TEST(!writer.finish());
  BOOST_TEST(test::read_text(folder / "there") == "mine");
  image::FileWriter other{(folder / "new").string(), image::FileWriter::Existing::kept};
  BOOST_TEST((other.state() && other.write({&byte, 1}) && other.finish()));
  BOOST_TEST(test::mode_of(folder / "new") == 0600U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::support
