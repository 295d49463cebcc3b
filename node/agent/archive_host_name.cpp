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

std::uint64_t whole_blocks(std::uint64_t size) {
  return (size + kBlock - 1) / kBlock * kBlock;
}

bool is_to_be_changed(const Block& header) {
  const bool is_file = header[kType] == '0' || header[kType] == '\0';
  const std::uint64_t size = size_in(header);
  return is_file && size > 0 && size <= kBlock && is_uts_image(name_in(header));
}

// False: it has that name already.
Result<bool> change(Block& header, Block& content, std::string_view name) {
  const std::string_view old{content.data(), static_cast<std::size_t>(size_in(header))};
  const auto changed = runtime::with_nodename(old, name);
  if (!changed) return tl::make_unexpected(changed.error());
  if (*changed == old) return false;
  content = {};
  std::copy(changed->begin(), changed->end(), content.begin());
  put_octal(header, kSize, kSizeLength, changed->size());
  seal(header);
  return true;
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
    if (is_to_be_changed(header)) {
      Block block{};
      if (!file.read(block, content)) return file.failed("it ends in the image of the UTS namespace");
      const auto changed = change(header, block, name);
      if (!changed) return file.failed(changed.error().message);
      if (*changed) {
        if (!file.write(block, content) || !file.write(header, at)) return file.failed("it cannot be written");
        has_changed = true;
      }
    }
    at = content + whole_blocks(size);
  }
  return has_changed;
}

bool HostNameFilter::take_block() {
  filled_ = 0;
  if (header_) {
    const auto changed = change(*header_, block_, name_);
    if (!changed) {
      trouble_ = changed.error().message;
      return false;
    }
    const Block header = *header_;
    header_.reset();
    return sink_(header) && sink_(block_);
  }
  if (!has_ended_ && is_to_be_changed(block_)) {
    header_ = block_;
    return true;
  }
  if (block_[0] == '\0') has_ended_ = true;
  if (!has_ended_) passing_ = whole_blocks(size_in(block_));
  return sink_(block_);
}

bool HostNameFilter::feed(std::span<const char> piece) {
  while (!piece.empty()) {
    const bool passes = passing_ > 0;
    const std::uint64_t wanted = passes ? passing_ : kBlock - filled_;
    const auto part = piece.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), wanted)));
    piece = piece.subspan(part.size());
    if (passes) {
      passing_ -= part.size();
      if (!sink_(part)) return false;
      continue;
    }
    std::copy(part.begin(), part.end(), block_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += part.size();
    if (filled_ == kBlock && !take_block()) return false;
  }
  return true;
}

Result<void> HostNameFilter::finish() {
  if (!trouble_.empty()) return failure("give the Pod's host name to an archive: " + trouble_);
  const bool whole = !header_ || sink_(*header_);
  if (!whole || (filled_ > 0 && !sink_({block_.data(), filled_}))) return failure("the archive was not taken whole");
  return {};
}

}  // namespace migrate::agent
