// The host name in a checkpoint's archive that is an image's layer. What migrate-runc does with unpacked images
// (node/runtime/host_name.h) has to happen in the tar itself, as a container runtime unpacks it on its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "shared/base/result.h"
#include "shared/image/tar_stream.h"

namespace migrate::agent {

// Gives every checkpoint/utsns-*.img in that tar file `name` as nodename, in place: these images and their entries take
// one block of the tar however long the name is. True: the file's bytes have changed. Reads headers only, whatever the
// archive's size.
[[nodiscard]] Result<bool> set_host_name(const std::filesystem::path& tar, std::string_view name);

// The same for a tar that streams by: what is fed comes out at `sink`, changed. Memory is two blocks.
class HostNameFilter {
 public:
  HostNameFilter(std::string name, image::ByteSink sink) : name_(std::move(name)), sink_(std::move(sink)) {}

  // False: the sink has had enough, or an image of the UTS namespace cannot be read.
  [[nodiscard]] bool feed(std::span<const char> piece);
  // Must be called: only then has everything come out.
  [[nodiscard]] Result<void> finish();

 private:
  static constexpr std::size_t kBlock = 512;
  using Block = std::array<char, kBlock>;
  bool take_block();

  std::string name_;
  image::ByteSink sink_;
  Block block_{};  // being filled
  std::size_t filled_ = 0;
  std::uint64_t passing_ = 0;    // bytes of a content that are nobody's business
  std::optional<Block> header_;  // of an image of the UTS namespace, whose content comes next
  bool has_ended_ = false;       // behind the last entry
  std::string trouble_;
};

}  // namespace migrate::agent
