#include "test/bench/components/archive_digests.h"

#include <fmt/format.h>

#include <fstream>
#include <random>

#include "shared/image/digest.h"
#include "shared/image/image.h"
#include "test/temporary_folder.h"

namespace bench {
namespace {

using namespace migrate;

constexpr int kTimes = 11;
constexpr std::size_t kMib = 256;

// Nothing compresses it, as memory that is worth moving.
std::string random_bytes() {
  std::string bytes(kMib << 20, '\0');
  std::mt19937_64 random{1};
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    bytes.replace(at, sizeof word, reinterpret_cast<const char*>(&word), sizeof word);
  }
  return bytes;
}

}  // namespace

void measure_archive_digests(const Tell& tell) {
  const test::TemporaryFolder folder;
  const auto archive = folder / "checkpoint.tar";
  const std::string bytes = random_bytes();
  test::write_text(archive, bytes);

  const std::string with = fmt::format("{} MiB", kMib);
  const Spread99 plain = spread99_of(times_of(kTimes, [&] { (void)image::sha256_of(bytes); }));
  const auto digests = times_of(kTimes, [&] {
    (void)value_or_fatal(image::write_layer(image::TarArchive{archive}, image::Compression::none, folder / "layer"));
  });
  tell({"digest and diff id of a layer", with, "ms", spread99_of(digests), "SHA-256 in memory", plain});
  const auto spec = image::checkpoint_image(archive, "main", "registry.test/checkpoints/bench:1");
  const auto images = times_of(kTimes, [&] { (void)value_or_fatal(image::write_image(spec, folder / "image.tar")); });
  tell({"archive to OCI image, a copy of it", with, "ms", spread99_of(images), "SHA-256 in memory", plain});
}

}  // namespace bench
