#include "extender/server/askers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "shared/base/text.h"
#include "shared/certificates/certificates.h"

namespace migrate::extender {

std::string objection_to(const std::optional<std::string>& peer, const Askers& askers) {
  if (!askers.show_certificates) return {};
  if (!peer)
    return "the migrate-extender answers schedulers with a client certificate only (--client-ca), and this one showed "
           "none: it needs certFile and keyFile in its extender's tlsConfig";
  if (askers.names.empty() || askers.names.contains(*peer)) return {};
  return fmt::format("the migrate-extender does not answer '{}': its --client-names are {}", *peer,
                     fmt::join(askers.names, ", "));
}

Result<std::string> read_client_authorities(const FileReader& files, const std::string& path) {
  if (path.empty()) return std::string{};
  auto text = files.read(path);
  if (!text) return tl::make_unexpected(text.error());
  if (!*text || trimmed(**text).empty())
    return failure(fmt::format("read the authorities of clients: {} is not there, or has nothing in it", path));
  if (const auto first = certificates::expiry(**text); !first)
    return failure(fmt::format("read the authorities of clients: {}: {}", path, first.error().message));
  return std::move(**text);
}

}  // namespace migrate::extender
