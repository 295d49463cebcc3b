// A bundle as a tar.gz.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/base/units.h"
#include "shared/image/tar_stream.h"
#include "shared/support/bundle.h"

namespace migrate::support {

// All files below `folder`, readable by their owner alone, as written at `now`. The error is what became of writing;
// what was written is worthless then.
[[nodiscard]] Result<void> write_archive(const Bundle& bundle, const std::string& folder, Instant now,
                                         const image::ByteSink& sink);

}  // namespace migrate::support
