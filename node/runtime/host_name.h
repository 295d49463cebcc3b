// The host name in a checkpoint. CRIU restores the name that the process saw into the UTS namespace it joins, which
// here is the new Pod's: the application would go on under the old Pod's name, and so would everybody else in that Pod.
// So the image is given the new one before.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace migrate::runtime {

// CRIU's image of a UTS namespace (criu/include/magic.h, images/utsns.proto: nodename = 1, domainname = 2) with another
// nodename. Pure. An error on anything that is no such image.
[[nodiscard]] Result<std::string> with_nodename(std::string_view image, std::string_view nodename);

// Every utsns-*.img of the folder; none is fine.
[[nodiscard]] Result<void> set_nodename(const std::filesystem::path& checkpoint, std::string_view nodename);

}  // namespace migrate::runtime
