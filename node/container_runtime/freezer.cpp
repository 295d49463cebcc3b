#include "node/container_runtime/freezer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <sstream>
#include <string_view>
#include <thread>

#include "node/container_runtime/host_files.h"
#include "shared/base/descriptor.h"

namespace migrate::node {
namespace {

namespace fs = std::filesystem;

// /proc/PID/cgroup shows paths relative to the reader's cgroup namespace, and ours is the agent's container: a thread
// of its own reads it from process 1's. Where it cannot go there (we are there already, in a test), it reads from here.
std::optional<std::string> cgroups_of(const HostPaths& host, pid_t pid) {
  std::optional<std::string> text;
  std::thread([&] {
    const Descriptor hosts{::open((host.proc / "1/ns/cgroup").c_str(), O_RDONLY | O_CLOEXEC)};
    if (hosts.is_open()) [[maybe_unused]]
      const int ignored = ::setns(hosts.get(), CLONE_NEWCGROUP);
    text = read_small(host.proc / std::to_string(pid) / "cgroup");
  }).join();
  return text;
}

struct Control {
  fs::path folder;
  bool unified = false;  // cgroup v2
};

std::optional<Control> control_of(const HostPaths& host, pid_t pid) {
  const auto text = cgroups_of(host, pid);
  if (!text) return std::nullopt;
  const auto usable = [](const std::string& path) { return path.size() > 1 && path.find("/..") == std::string::npos; };
  std::optional<Control> found;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (!usable(path)) continue;
    const fs::path below = fs::path(path).relative_path();
    if (controllers == "freezer") return Control{host.root / "sys/fs/cgroup/freezer" / below, false};
    if (controllers.empty() && line[0] == '0') found = Control{host.root / "sys/fs/cgroup" / below, true};
  }
  return found;
}

enum class State { frozen, freezing, running, unknown };

State state_of(const Control& control) {
  if (control.unified) {
    const auto events = read_small(control.folder / "cgroup.events");
    if (!events) return State::unknown;
    if (events->find("frozen 1") != std::string::npos) return State::frozen;
    if (events->find("frozen 0") == std::string::npos) return State::unknown;
    const std::string wanted = read_small(control.folder / "cgroup.freeze").value_or("");
    return wanted.substr(0, 1) == "1" ? State::freezing : State::running;
  }
  const auto state = read_small(control.folder / "freezer.state");
  if (!state) return State::unknown;
  if (state->substr(0, 6) == "FROZEN") return State::frozen;
  return state->substr(0, 8) == "FREEZING" ? State::freezing : State::running;
}

// CRIU lets go of a frozen container's processes one by one: each goes straight into the freezer, but for a moment not
// all are there yet.
State settled_state_of(const Control& control, std::chrono::milliseconds patience) {
  using namespace std::chrono_literals;
  for (auto left = patience;; left -= 2ms) {
    const State state = state_of(control);
    if (state != State::freezing || left <= 0ms) return state;
    std::this_thread::sleep_for(2ms);
  }
}

}  // namespace

Freezer freezer_of(const HostPaths& host, pid_t pid) {
  const auto control = control_of(host, pid);
  if (!control) return Freezer::unknown;
  switch (settled_state_of(*control, std::chrono::seconds{1})) {
    case State::frozen:
      return Freezer::frozen;
    case State::unknown:
      return Freezer::unknown;
    default:
      return Freezer::running;
  }
}

Result<void> freeze_directly(const HostPaths& host, pid_t pid) {
  const auto control = control_of(host, pid);
  if (!control) return failure(fmt::format("freeze process {}: its cgroup is not visible", pid));
  const fs::path file = control->folder / (control->unified ? "cgroup.freeze" : "freezer.state");
  const std::string_view word = control->unified ? "1" : "FROZEN";
  const Descriptor open{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!open.is_open() || ::write(open.get(), word.data(), word.size()) < 0)
    return failure(fmt::format("write {}: {}", file.string(), reason()));
  if (settled_state_of(*control, std::chrono::seconds{2}) == State::frozen) return {};
  return failure(fmt::format("freeze {}: not frozen within 2 s", control->folder.string()));
}

}  // namespace migrate::node
