// Who may ask where Pods fit. Anybody who reaches the port, unless schedulers are to show a certificate: then the
// questions of all others are refused, while agents, probes and metrics, which have none, go on.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "shared/base/host.h"

namespace migrate::extender {

struct Askers {
  bool show_certificates = false;
  std::set<std::string> names = {};  // common names of theirs; empty: whatever the authorities of clients have signed
};

// Why this one is not answered, for who reads a Pod's events; empty: it is. `peer` is http::Request::peer. Pure.
[[nodiscard]] std::string objection_to(const std::optional<std::string>& peer, const Askers& askers);

// PEM: the authorities of their certificates, as they are in the file now; one that is mounted from a Secret changes
// with it. Empty only where there is no path; a file that is not there, or begins with no certificate, is an error.
[[nodiscard]] Result<std::string> read_client_authorities(const FileReader& files, const std::string& path);

}  // namespace migrate::extender
