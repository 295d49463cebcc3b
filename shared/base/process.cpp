#include "shared/base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <system_error>

#include "shared/base/descriptor.h"

namespace migrate {
namespace {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

struct FileActions {
  posix_spawn_file_actions_t raw{};
  FileActions() { posix_spawn_file_actions_init(&raw); }
  ~FileActions() { posix_spawn_file_actions_destroy(&raw); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
};

struct Attributes {
  posix_spawnattr_t raw{};
  Attributes() { posix_spawnattr_init(&raw); }
  ~Attributes() { posix_spawnattr_destroy(&raw); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

std::string reason(int error) {
  return std::generic_category().message(error);
}

// A file in memory rather than a pipe: nobody has to feed it, and a child that reads nothing costs no SIGPIPE.
Result<Descriptor> input_text(const std::string& text) {
  Descriptor file{::memfd_create("input", MFD_CLOEXEC)};
  if (!file.is_open()) return failure(fmt::format("make its input: {}", reason(errno)));
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(file.get(), text.data() + at, text.size() - at);
    if (wrote < 0 && errno != EINTR) return failure(fmt::format("write its input: {}", reason(errno)));
    if (wrote > 0) at += static_cast<std::size_t>(wrote);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

// Our end of a child's output, when it is captured.
struct Capture {
  Descriptor ours;
  Descriptor childs;
  std::string text;

  Result<void> prepare(Command::Stream kind, int target, FileActions& actions) {
    if (kind == Command::Stream::inherited) return {};
    if (kind == Command::Stream::discarded) {
      posix_spawn_file_actions_addopen(&actions.raw, target, "/dev/null", O_WRONLY, 0);
      return {};
    }
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure(fmt::format("make a pipe: {}", reason(errno)));
    ours = Descriptor{ends[0]};
    childs = Descriptor{ends[1]};
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    posix_spawn_file_actions_adddup2(&actions.raw, childs.get(), target);
    return {};
  }

  // Takes what is there; closes our end at the end of the stream.
  void drain() {
    std::array<char, 65536> piece{};
    while (ours.is_open()) {
      const ssize_t got = ::read(ours.get(), piece.data(), piece.size());
      if (got > 0) {
        text.append(piece.data(), static_cast<std::size_t>(got));
      } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        ours.close();
      } else if (errno == EAGAIN) {
        return;
      }
    }
  }
};

std::vector<std::string> environment_of(const Command& command) {
  std::map<std::string, std::string> variables;
  if (command.base == Command::Variables::inherited)
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view line = *entry;
      if (const std::size_t equals = line.find('='); equals != std::string_view::npos)
        variables.insert_or_assign(std::string(line.substr(0, equals)), line.substr(equals + 1));
    }
  for (const auto& [name, value] : command.variables)
    variables.insert_or_assign(name, value);
  std::vector<std::string> lines;
  lines.reserve(variables.size());
  for (const auto& [name, value] : variables)
    lines.push_back(fmt::format("{}={}", name, value));
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (std::string& text : texts)
    list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// In milliseconds for poll(); -1 waits for ever.
int time_left(const Deadline& deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return left.count() < 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
}

bool is_over(const Deadline& deadline) {
  return deadline && std::chrono::steady_clock::now() >= *deadline;
}

// Until both streams ended or the time is up.
void collect(Capture& output, Capture& errors, const Deadline& deadline) {
  while ((output.ours.is_open() || errors.ours.is_open()) && !is_over(deadline)) {
    std::array<pollfd, 2> waiting{pollfd{output.ours.get(), POLLIN, 0}, pollfd{errors.ours.get(), POLLIN, 0}};
    ::poll(waiting.data(), waiting.size(), time_left(deadline));
    output.drain();
    errors.drain();
  }
}

// The child's status; nothing when the time is up first.
std::optional<int> wait_for(pid_t child, const Deadline& deadline) {
  int status = 0;
  while (true) {
    const pid_t got = ::waitpid(child, &status, deadline ? WNOHANG : 0);
    if (got == child) return status;
    if (got < 0 && errno != EINTR) throw Fatal(fmt::format("wait for process {}: {}", child, reason(errno)));
    if (is_over(deadline)) return std::nullopt;
    // Streams closed but still running is rare and short; a pidfd would do without polling but needs Linux 5.3.
    if (deadline) ::poll(nullptr, 0, std::min(5, time_left(deadline)));
  }
}

// `group` has no process any more; false: the time is up first.
bool wait_for_group(pid_t group, Capture& output, Capture& errors, const Deadline& deadline) {
  while (::kill(-group, 0) == 0) {
    if (is_over(deadline)) return false;
    ::poll(nullptr, 0, std::min(20, time_left(deadline)));
    output.drain();  // who waits for a full pipe never ends
    errors.drain();
  }
  return true;
}

Ending ending_of(int status) {
  if (WIFSIGNALED(status)) return Signalled{WTERMSIG(status)};
  return Exited{WEXITSTATUS(status)};
}

StartFailure start_failure(const Command& command, int error) {
  const std::string& name = command.argv.front();
  if (error == ENOENT && name.find('/') == std::string::npos && command.directory.empty())
    return {true, fmt::format("run {}: no such program on PATH", name)};
  const std::string where = command.directory.empty() ? "" : " in " + command.directory;
  return {error == ENOENT, fmt::format("run {}{}: {}", name, where, reason(error))};
}

// An ignored SIGPIPE (run_main) and a thread's blocked signals would be inherited: no program expects either.
void set_signals(Attributes& attributes, bool own_group) {
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes.raw, &defaults);
  sigset_t blocked;
  sigemptyset(&blocked);
  posix_spawnattr_setsigmask(&attributes.raw, &blocked);
  int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (own_group) flags |= POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&attributes.raw, static_cast<short>(flags));
}

}  // namespace

std::string to_string(const Ending& ending) {
  if (const auto* exited = std::get_if<Exited>(&ending)) return fmt::format("exit code {}", exited->code);
  if (const auto* killed = std::get_if<Signalled>(&ending))
    return fmt::format("killed by signal {} ({})", killed->signal, ::sigdescr_np(killed->signal));
  return "killed because it took too long";
}

Result<Completed, StartFailure> SystemProcesses::run(const Command& command) {
  if (command.argv.empty()) return tl::make_unexpected(StartFailure{false, "run: no program is named"});
  const auto broken = [&](const Error& error) {
    return tl::make_unexpected(StartFailure{false, error.within("run " + command.argv.front()).message});
  };

  FileActions actions;
  Descriptor input;
  if (const auto* text = std::get_if<std::string>(&command.input)) {
    auto file = input_text(*text);
    if (!file) return broken(file.error());
    input = std::move(*file);
    posix_spawn_file_actions_adddup2(&actions.raw, input.get(), STDIN_FILENO);
  } else if (std::holds_alternative<Command::Nothing>(command.input)) {
    posix_spawn_file_actions_addopen(&actions.raw, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  Capture output;
  Capture errors;
  if (auto ready = output.prepare(command.output, STDOUT_FILENO, actions); !ready) return broken(ready.error());
  if (auto ready = errors.prepare(command.errors, STDERR_FILENO, actions); !ready) return broken(ready.error());
  if (!command.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions.raw, command.directory.c_str());
  // Libraries of ours open sockets without CLOEXEC; a child must not keep our connections open.
  posix_spawn_file_actions_addclosefrom_np(&actions.raw, STDERR_FILENO + 1);

  Attributes attributes;
  const bool own_group = command.time_limit && !std::holds_alternative<Command::Inherited>(command.input);
  set_signals(attributes, own_group);

  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> variables = environment_of(command);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments.front().c_str(), &actions.raw, &attributes.raw,
                                   pointers(arguments).data(), pointers(variables).data());
  if (error != 0) return tl::make_unexpected(start_failure(command, error));
  output.childs.close();
  errors.childs.close();

  Deadline deadline;
  if (command.time_limit) deadline = std::chrono::steady_clock::now() + *command.time_limit;
  collect(output, errors, deadline);
  const std::optional<int> status = wait_for(child, deadline);
  if (!status) {
    const bool is_patient = own_group && command.patience > std::chrono::milliseconds{0};
    ::kill(own_group && !is_patient ? -child : child, SIGKILL);
    wait_for(child, std::nullopt);
    if (is_patient && !wait_for_group(child, output, errors, std::chrono::steady_clock::now() + command.patience))
      ::kill(-child, SIGKILL);
    output.drain();
    errors.drain();
  }
  return Completed{status ? ending_of(*status) : Ending{TimedOut{}}, std::move(output.text), std::move(errors.text)};
}

}  // namespace migrate
