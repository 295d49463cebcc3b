// Credentials in a Secret of type kubernetes.io/dockerconfigjson, found as a kubelet finds them. Pure.
#pragma once

#include <string>

#include "shared/base/result.h"

namespace migrate::registry {

inline constexpr const char* kSecretType = "kubernetes.io/dockerconfigjson";
inline constexpr const char* kSecretKey = ".dockerconfigjson";

struct Credentials {
  std::string user;
  std::string password;
};

// Of the entries for that repository (HOST[:PORT]/PATH) the longest: one for its host or for the beginning of its path,
// perhaps with a scheme and an API version around it, as `docker login` writes them. Nothing when there is none; an
// error says what is wrong with `config`, without a word of what is secret in it.
[[nodiscard]] Lookup<Credentials> credentials_in(const std::string& config, const std::string& repository);

}  // namespace migrate::registry
