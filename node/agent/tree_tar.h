// A folder as a tar stream: owners, modes, times, links, named pipes, devices, extended attributes. The same folder
// gives the same bytes each time, so that a stream's digest can be told before it is sent.
#pragma once

#include <filesystem>

#include "shared/base/result.h"
#include "shared/image/tar_stream.h"

namespace migrate::agent {

// An overlay's upper folder says what is gone by devices 0:0 and opaque marks; archives of layers, and migrate-runc,
// say it by entries `.wh.NAME` and `.wh..wh..opq`.
enum class Whiteouts { none, overlay };

// Names are "./…", the folder's own entry "./" first. Sockets are left out: they mean nothing without their process.
// Fails where an upper folder does not hold all that its files are (redirected folders, metadata-only copies).
[[nodiscard]] Result<void> write_tree(const std::filesystem::path& folder, Whiteouts whiteouts,
                                      const image::ByteSink& sink);

}  // namespace migrate::agent
