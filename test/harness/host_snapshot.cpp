#include "test/harness/host_snapshot.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "test/harness/cluster.h"

namespace harness {
namespace {

namespace fs = std::filesystem;

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);)
    lines.insert(line);
  return lines;
}

std::set<std::string> lines_of_file(const fs::path& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return lines_of(text.str());
}

// Every cgroup but those that come and go by themselves with whoever runs the tests.
std::set<std::string> cgroups() {
  std::set<std::string> found;
  std::error_code code;
  for (const auto& entry : fs::recursive_directory_iterator{"/sys/fs/cgroup", code}) {
    const std::string path = entry.path().string();
    if (path.find("kubectl-migrate") != std::string::npos || path.find("kubepods") != std::string::npos)
      found.insert(path);
  }
  return found;
}

// The namespaces that processes live in: a forgotten machine, Pod or service shows here whatever it is called.
// User and time namespaces are not used by the cluster.
std::set<std::string> namespaces() {
  std::set<std::string> found;
  for (const auto& process : fs::directory_iterator{"/proc"}) {
    if (process.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    for (const char* kind : {"mnt", "pid", "net", "uts", "ipc", "cgroup"}) {
      std::error_code gone;
      const fs::path target = fs::read_symlink(process.path() / "ns" / kind, gone);
      if (!gone) found.insert(target.string());
    }
  }
  return found;
}

std::set<std::string> cluster_processes() {
  std::set<std::string> found;
  for (const auto& process : fs::directory_iterator{"/proc"})
    for (const std::string& group : lines_of_file(process.path() / "cgroup"))
      if (group.find("/kubectl-migrate") != std::string::npos) found.insert(process.path().filename().string());
  return found;
}

// Tunables that kubelet, kube-proxy and containerd are known to set for a whole kernel.
std::set<std::string> tunables() {
  std::set<std::string> found;
  for (const char* name :
       {"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward",
        "net/netfilter/nf_conntrack_max", "net/bridge/bridge-nf-call-iptables"})
    for (const std::string& value : lines_of_file(fs::path{"/proc/sys"} / name))
      found.insert(fmt::format("{}={}", name, value));
  return found;
}

}  // namespace

HostSnapshot take_host_snapshot() {
  return {
      {"mounts", lines_of_file("/proc/self/mounts")},
      {"links", lines_of(must({"ip", "-o", "link", "show"}))},
      {"routes", lines_of(must({"ip", "route", "show", "table", "all"}))},
      {"listening sockets", lines_of(must({"bash", "-c", "ss -Hltnu | awk '{print $1, $5}'"}))},
      {"named network namespaces", lines_of(must({"ip", "netns", "list"}))},
      {"iptables tables", lines_of_file("/proc/self/net/ip_tables_names")},
      {"namespaces", namespaces()},
      {"cgroups", cgroups()},
      {"tunables", tunables()},
      {"processes", cluster_processes()},
  };
}

std::string left_behind(const HostSnapshot& before, const HostSnapshot& after) {
  std::string text;
  for (const auto& [kind, items] : after) {
    const auto had = before.find(kind);
    for (const std::string& item : items)
      if (had == before.end() || !had->second.contains(item)) text += fmt::format("{}: {}\n", kind, item);
  }
  return text;
}

std::string to_text(const HostSnapshot& snapshot) {
  std::string text;
  for (const auto& [kind, items] : snapshot)
    for (const std::string& item : items)
      text += fmt::format("{}\t{}\n", kind, item);
  return text;
}

HostSnapshot from_text(const std::string& text) {
  HostSnapshot snapshot;
  for (const std::string& line : lines_of(text))
    if (const auto tab = line.find('\t'); tab != std::string::npos)
      snapshot[line.substr(0, tab)].insert(line.substr(tab + 1));
  return snapshot;
}

}  // namespace harness
