#include "node/runtime/host_name.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "node/runtime/files.h"
#include "shared/base/descriptor.h"

namespace migrate::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kImageMagic = 0x54564319;
constexpr std::uint32_t kUtsMagic = 0x54473203;
constexpr std::size_t kHeader = 3 * sizeof(std::uint32_t);  // both and the entry's length
constexpr std::size_t kLongest = 64;                        // Linux' __NEW_UTS_LEN
constexpr std::size_t kLargestImage = 4096;
constexpr char kNodename = 0x0a;  // field 1, bytes: as protobuf tags it

std::uint32_t number_at(std::string_view image, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, image.data() + at, sizeof number);
  return number;
}

void put(std::string& image, std::size_t number) {
  const auto value = static_cast<std::uint32_t>(number);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  image.append(bytes, sizeof value);
}

}  // namespace

Result<std::string> with_nodename(std::string_view image, std::string_view nodename) {
  if (nodename.empty() || nodename.size() > kLongest)
    return failure(fmt::format("'{}' is no host name: it must have 1 to {} characters", nodename, kLongest));
  // Lengths below 128 are one byte in protobuf, and a name has no more than 64 characters.
  if (image.size() < kHeader + 2 || number_at(image, 0) != kImageMagic || number_at(image, 4) != kUtsMagic ||
      number_at(image, 8) != image.size() - kHeader || image[kHeader] != kNodename)
    return failure("it is no image of a UTS namespace as CRIU 4 writes it");
  const auto length = static_cast<unsigned char>(image[kHeader + 1]);
  if (length > kLongest || kHeader + 2 + length > image.size())
    return failure("its nodename is longer than Linux allows");
  std::string entry{kNodename, static_cast<char>(nodename.size())};
  entry += nodename;
  entry += image.substr(kHeader + 2 + length);
  std::string changed;
  put(changed, kImageMagic);
  put(changed, kUtsMagic);
  put(changed, entry.size());
  return changed + entry;
}

Result<void> set_nodename(const fs::path& checkpoint, std::string_view nodename) {
  std::error_code code;
  for (const auto& file : fs::directory_iterator{checkpoint, code}) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with("utsns-") || !name.ends_with(".img")) continue;
    const auto attempt = [&](const Error& error) { return error.within("give the Pod's host name to " + name); };
    auto image = read_file(file.path(), kLargestImage);
    if (!image) return tl::make_unexpected(attempt(image.error()));
    auto changed = with_nodename(image->value_or(""), nodename);
    if (!changed) return tl::make_unexpected(attempt(changed.error()));
    const fs::path fresh = checkpoint / (name + ".new");
    const Descriptor out{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!out.is_open() || ::write(out.get(), changed->data(), changed->size()) != static_cast<ssize_t>(changed->size()))
      return failure(fmt::format("give the Pod's host name to {}: write it: {}", name, reason()));
    fs::rename(fresh, file.path(), code);
    if (code) return failure(fmt::format("give the Pod's host name to {}: {}", name, code.message()));
  }
  if (code) return failure(fmt::format("list {}: {}", checkpoint.string(), code.message()));
  return {};
}

}  // namespace migrate::runtime
