// The host name in a checkpoint's archive that is an image's layer. What migrate-runc does with unpacked images
// (node/runtime/host_name.h) has to happen in the tar itself, as a container runtime unpacks it on its own.
#pragma once

#include <filesystem>
#include <string_view>

#include "shared/base/result.h"

namespace migrate::agent {

// Gives every checkpoint/utsns-*.img in that tar file `name` as nodename, in place: these images and their entries take
// one block of the tar however long the name is. True: the file's bytes have changed. Reads headers only, whatever the
// archive's size.
[[nodiscard]] Result<bool> set_host_name(const std::filesystem::path& tar, std::string_view name);

}  // namespace migrate::agent
