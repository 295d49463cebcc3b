#include "extender/server/askers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

}  // namespace migrate::extender
