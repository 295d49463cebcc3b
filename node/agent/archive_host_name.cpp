#include "node/agent/archive_host_name.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>

#include "node/runtime/host_name.h"
#include "shared/base/descriptor.h"

namespace migrate::agent {
namespace {

// POSIX.1-1988 ustar: a header of one block, then the content in whole blocks.
constexpr std::size_t kBlock = 512;
constexpr std::size_t kName = 100;
constexpr std::size_t kSize = 124;
constexpr std::size_t kSizeLength = 12;
constexpr std::size_t kChecksum = 148;
constexpr std::size_t kChecksumLength = 8;
constexpr std::size_t kType = 156;
using Block = std::array<char, kBlock>;

// Octal digits; or, with the highest bit set, a binary number.
std::uint64_t size_in(const Block& header) {
  std::uint64_t size = 0;
  if ((static_cast<unsigned char>(header[kSize]) & 0x80U) != 0) {
    for (std::size_t i = 1; i < kSizeLength; ++i)
      size = (size << 8U) | static_cast<unsigned char>(header[kSize + i]);
    return size;
  }
  for (std::size_t i = 0; i < kSizeLength; ++i) {
    const char c = header[kSize + i];
    if (c >= '0' && c <= '7') size = size * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return size;
}

void put_octal(Block& header, std::size_t at, std::size_t length, std::uint64_t value) {
  const std::string digits = fmt::format("{:0{}o}", value, length - 1);
  std::copy(digits.begin(), digits.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
  header[at + length - 1] = '\0';
}

void seal(Block& header) {
  std::fill_n(header.begin() + kChecksum, kChecksumLength, ' ');
  const auto sum = std::accumulate(header.begin(), header.end(), std::uint64_t{0},
                                   [](std::uint64_t so_far, char c) { return so_far + static_cast<unsigned char>(c); });
  put_octal(header, kChecksum, kChecksumLength - 1, sum);  // six digits, NUL, blank
}

std::string name_in(const Block& header) {
  return {header.data(), ::strnlen(header.data(), kName)};
}

bool is_uts_image(const std::string& name) {
  const auto slash = name.rfind('/');
  const std::string file = slash == std::string::npos ? name : name.substr(slash + 1);
  return name.find("checkpoint/") != std::string::npos && file.starts_with("utsns-") && file.ends_with(".img");
}

class TarFile {
 public:
  explicit TarFile(const std::filesystem::path& path)
      : path_(path.string()), file_(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC)) {}
  [[nodiscard]] bool is_open() const { return file_.is_open(); }
  [[nodiscard]] bool read(Block& block, std::uint64_t at) const {
    return ::pread(file_.get(), block.data(), kBlock, static_cast<off_t>(at)) == static_cast<ssize_t>(kBlock);
  }
  [[nodiscard]] bool write(const Block& block, std::uint64_t at) const {
    return ::pwrite(file_.get(), block.data(), kBlock, static_cast<off_t>(at)) == static_cast<ssize_t>(kBlock);
  }
  [[nodiscard]] tl::unexpected<Error> failed(const std::string& why) const {
    return failure(fmt::format("give the Pod's host name to {}: {}", path_, why));
  }

 private:
  std::string path_;
  Descriptor file_;
};

}  // namespace

Result<bool> set_host_name(const std::filesystem::path& tar, std::string_view name) {
  const TarFile file{tar};
  if (!file.is_open()) return file.failed("it cannot be opened");
  bool has_changed = false;
  Block header{};
  for (std::uint64_t at = 0; file.read(header, at) && header[0] != '\0';) {
    const std::uint64_t size = size_in(header);
    const std::uint64_t content = at + kBlock;
    const bool is_file = header[kType] == '0' || header[kType] == '\0';
    if (is_file && size > 0 && size <= kBlock && is_uts_image(name_in(header))) {
      Block block{};
      if (!file.read(block, content)) return file.failed("it ends in the image of the UTS namespace");
      const std::string_view old{block.data(), static_cast<std::size_t>(size)};
      const auto changed = runtime::with_nodename(old, name);
      if (!changed) return file.failed(changed.error().message);
      if (*changed != old) {
        block = {};
        std::copy(changed->begin(), changed->end(), block.begin());
        put_octal(header, kSize, kSizeLength, changed->size());
        seal(header);
        if (!file.write(block, content) || !file.write(header, at)) return file.failed("it cannot be written");
        has_changed = true;
      }
    }
    at = content + (size + kBlock - 1) / kBlock * kBlock;
  }
  return has_changed;
}

}  // namespace migrate::agent
