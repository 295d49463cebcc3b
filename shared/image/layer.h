// The layers of an OCI image: tar archives of files, made reproducible (sorted, numeric owners, mtime 0), optionally
// compressed. Media types and the two digests follow the OCI image specification, "Image Layer Filesystem Changeset".
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate::image {

enum class Compression { none, gzip, zstd };

// Everything below a folder, as it is: owners, modes, links, devices, file capabilities.
struct DirectoryTree {
  std::filesystem::path root;
};

// Single files of this machine at places in the image, owned by root; parent folders are made (0755).
struct FilePlacement {
  std::filesystem::path source;
  std::string destination;  // absolute or relative to the image's root
  mode_t mode = 0644;
};
struct Files {
  std::vector<FilePlacement> placements;
};

// A tar archive that becomes the layer byte for byte, as a checkpoint archive does.
struct TarArchive {
  std::filesystem::path path;
};

using LayerSource = std::variant<DirectoryTree, Files, TarArchive>;

struct Layer {
  std::filesystem::path blob;  // where its bytes are
  std::string media_type;
  std::string digest;   // of the blob
  std::string diff_id;  // of the tar archive before compression
  Bytes size;           // of the blob
};

// Writes the layer's blob into `blob`, except for an uncompressed TarArchive, whose own file is the blob. Streams:
// memory does not grow with the content. Fails when a file cannot be read, changes its size on the way, or the disk
// is full; then `blob` is worthless.
[[nodiscard]] Result<Layer> write_layer(const LayerSource& source, Compression compression,
                                        const std::filesystem::path& blob);

}  // namespace migrate::image
