// A tar.gz as what is in it.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace migrate::test {

struct UnpackedFile {
  std::string text;
  unsigned mode = 0;
  std::int64_t time = 0;
};

inline std::map<std::string, UnpackedFile> unpacked(const std::string& archive_bytes) {
  struct Closer {
    void operator()(archive* reader) const { archive_read_free(reader); }
  };
  const std::unique_ptr<archive, Closer> reader{archive_read_new()};
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  BOOST_REQUIRE(archive_read_open_memory(reader.get(), archive_bytes.data(), archive_bytes.size()) == ARCHIVE_OK);
  std::map<std::string, UnpackedFile> files;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    UnpackedFile& file = files[archive_entry_pathname(entry)];
    file.text.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    BOOST_TEST(archive_read_data(reader.get(), file.text.data(), file.text.size()) ==
               static_cast<la_ssize_t>(file.text.size()));
    file.mode = archive_entry_perm(entry);
    file.time = archive_entry_mtime(entry);
  }
  return files;
}

}  // namespace migrate::test
