#include "node/runtime/pivot_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "shared/base/descriptor.h"

namespace migrate::runtime {

Result<PivotFolder> PivotFolder::lend(const std::filesystem::path& root) {
  const std::filesystem::path folder = root / "tmp";
  if (::mkdir(folder.c_str(), 0755) == 0) return PivotFolder{folder};
  if (errno == EEXIST) return PivotFolder{};
  return failure(
      fmt::format("make {} for CRIU, which makes no folder in a read-only root: {}", folder.string(), reason()));
}

PivotFolder::~PivotFolder() {
  if (!made_.empty()) ::rmdir(made_.c_str());  // if it is not empty, it is somebody's by now
}

}  // namespace migrate::runtime
