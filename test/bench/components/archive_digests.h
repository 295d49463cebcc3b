// An archive on its way to an image: both digests of its layer, and the whole OCI archive, beside SHA-256 of as many
// bytes in memory.
#pragma once

#include "test/bench/components/lines.h"

namespace bench {

void measure_archive_digests(const Tell& tell);

}  // namespace bench
