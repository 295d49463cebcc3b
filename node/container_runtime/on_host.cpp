#include "node/container_runtime/on_host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "shared/base/descriptor.h"

namespace migrate::node {
namespace {

constexpr std::string_view kMark = "on-host: ";  // before our own reasons on stderr
constexpr int kNotStarted = 126;
constexpr int kNotFound = 127;

struct Namespace {
  const char* path;
  int kind;
};
// The mount namespace last: after it, /proc is another one.
constexpr std::array kNamespaces{Namespace{"/proc/1/ns/cgroup", CLONE_NEWCGROUP},
                                 Namespace{"/proc/1/ns/ipc", CLONE_NEWIPC}, Namespace{"/proc/1/ns/uts", CLONE_NEWUTS},
                                 Namespace{"/proc/1/ns/net", CLONE_NEWNET}, Namespace{"/proc/1/ns/mnt", CLONE_NEWNS}};

Result<void> enter_host() {
  std::array<Descriptor, kNamespaces.size()> namespaces;
  for (std::size_t at = 0; at < kNamespaces.size(); ++at) {
    namespaces.at(at) = Descriptor{::open(kNamespaces.at(at).path, O_RDONLY | O_CLOEXEC)};
    if (!namespaces.at(at).is_open()) return failure(fmt::format("open {}: {}", kNamespaces.at(at).path, reason()));
  }
  const Descriptor root{::open("/proc/1/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!root.is_open()) return failure(fmt::format("open /proc/1/root: {}", reason()));
  for (std::size_t at = 0; at < kNamespaces.size(); ++at)
    if (::setns(namespaces.at(at).get(), kNamespaces.at(at).kind) != 0)
      return failure(fmt::format("enter {}: {}", kNamespaces.at(at).path, reason()));
  if (::fchdir(root.get()) != 0 || ::chroot(".") != 0 || ::chdir("/") != 0)
    return failure(fmt::format("enter the host's root folder: {}", reason()));
  return {};
}

// One write(2): there are no other threads, and nothing of ours is to be set up before.
int complain(const std::string& text, int code) {
  const std::string line = std::string(kMark) + text + "\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
  return code;
}

int become_host_program(char** argv) {
  if (const auto entered = enter_host(); !entered) return complain(entered.error().message, kNotStarted);
  // Ours is a container's, if any at all. One thread: nobody reads the environment meanwhile.
  ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);  // NOLINT(concurrency-mt-unsafe)
  ::execvp(argv[0], argv);
  const int error = errno;
  return complain(fmt::format("run {}: {}", argv[0], reason(error)), error == ENOENT ? kNotFound : kNotStarted);
}

}  // namespace

void become_host_program_if_asked(int argc, char** argv) {
  if (argc < 3 || std::strcmp(argv[1], kOnHostCommand) != 0) return;
  ::_exit(become_host_program(argv + 2));
}

OnHostProcesses::OnHostProcesses(ProcessRunner& processes, std::filesystem::path self)
    : processes_(processes), self_(std::move(self)) {}

Result<Completed, StartFailure> OnHostProcesses::run(const Command& command) {
  if (command.argv.empty()) return tl::make_unexpected(StartFailure{false, "run on the host: no program is named"});
  Command ours = command;
  ours.argv.insert(ours.argv.begin(), {self_.string(), kOnHostCommand});
  ours.directory.clear();
  auto done = processes_.run(ours);
  if (!done) return done;
  const auto* exited = std::get_if<Exited>(&done->ending);
  const bool ours_failed = exited != nullptr && (exited->code == kNotStarted || exited->code == kNotFound) &&
                           done->errors.compare(0, kMark.size(), kMark) == 0;
  if (!ours_failed) return done;
  std::string why = done->errors.substr(kMark.size());
  while (!why.empty() && why.back() == '\n')
    why.pop_back();
  return tl::make_unexpected(StartFailure{exited->code == kNotFound, "on the host: " + why});
}

}  // namespace migrate::node
