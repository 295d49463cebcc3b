// Who may ask where Pods fit. Anybody who reaches the port, unless schedulers are to show a certificate: then the
// questions of all others are refused, while agents, probes and metrics, which have none, go on. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>

namespace migrate::extender {

struct Askers {
  bool show_certificates = false;
  std::set<std::string> names = {};  // common names of theirs; empty: whatever the authorities of clients have signed
};

// Why this one is not answered, for who reads a Pod's events; empty: it is. `peer` is http::Request::peer.
[[nodiscard]] std::string objection_to(const std::optional<std::string>& peer, const Askers& askers);

}  // namespace migrate::extender
