// The addresses that kubeconfigs and proxy variables hold, taken apart (RFC 3986, the part that matters here).
#pragma once

#include <string>

#include "shared/base/result.h"

namespace migrate::kube {

struct Url {
  std::string scheme;  // lower case
  std::string user_info;
  std::string host;  // without the brackets of an IPv6 address
  std::string port;  // empty: the scheme's
  std::string path;  // without a slash at the end

  // Without query and fragment.
  [[nodiscard]] std::string text() const;
  // The port, or the one of http, https and socks5.
  [[nodiscard]] std::string effective_port() const;
  bool operator==(const Url&) const = default;
};

// SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/PATH].
[[nodiscard]] Result<Url> parse_url(const std::string& text);

// The same, or HOST[:PORT] with the scheme that is then meant.
[[nodiscard]] Result<Url> parse_url_or_host(const std::string& text, const std::string& default_scheme);

}  // namespace migrate::kube
