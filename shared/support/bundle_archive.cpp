#include "shared/support/bundle_archive.h"

#include <archive_entry.h>
#include <sys/stat.h>

namespace migrate::support {

Result<void> write_archive(const Bundle& bundle, const std::string& folder, Instant now, const image::ByteSink& sink) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  image::ArchiveWriter writer{image::ArchiveWriter::Format::tar_gzip, sink};
  for (const BundleFile& file : bundle.files()) {
    const image::EntryPtr entry = image::new_entry(folder + "/" + file.path);
    archive_entry_set_mode(entry.get(), S_IFREG | 0600);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.text.size()));
    archive_entry_set_mtime(entry.get(), seconds.count(), 0);
    auto written = writer.header(entry.get());
    if (written) written = writer.data(file.text);
    if (!written) return tl::make_unexpected(written.error().within("pack " + file.path));
  }
  return writer.close();
}

}  // namespace migrate::support
