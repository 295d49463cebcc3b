// What a checkpoint holds of a host name.
#pragma once

#include <string>

namespace migrate::agent {

// CRIU's image of a UTS namespace; see node/runtime/host_name.h.
inline std::string uts_image(const std::string& name) {
  const std::string entry = std::string{'\x0a', static_cast<char>(name.size())} + name + "\x12\x06(none)";
  std::string image{"\x19\x43\x56\x54\x03\x32\x47\x54", 8};
  image += static_cast<char>(entry.size());
  return image + std::string(3, '\0') + entry;
}

}  // namespace migrate::agent
