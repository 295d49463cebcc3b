// What a cluster could leave behind on its host, as sets of words that can be compared before and after.
#pragma once

#include <map>
#include <set>
#include <string>

namespace harness {

// By kind ("mounts", "links", …) every item as one line.
using HostSnapshot = std::map<std::string, std::set<std::string>>;

// Mounts, network links, routes and listening sockets, namespaces in use, cgroups, kernel tunables, iptables tables in
// use of the host's network namespace, and processes of the cluster.
[[nodiscard]] HostSnapshot take_host_snapshot();

// What is in `after` and not in `before`, one item a line with its kind; empty when nothing was left.
[[nodiscard]] std::string left_behind(const HostSnapshot& before, const HostSnapshot& after);

// As text and back, for a test that begins in one process and ends in another.
[[nodiscard]] std::string to_text(const HostSnapshot& snapshot);
[[nodiscard]] HostSnapshot from_text(const std::string& text);

}  // namespace harness
