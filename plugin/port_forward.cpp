#include "plugin/port_forward.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

#include "shared/kube/status.h"

namespace migrate::plugin {
namespace {

using std::chrono::milliseconds;

// In a process group of its own, so that a Ctrl-C at the terminal does not end it before its use is over; and it does
// not outlive us, whatever ends us. Between fork and exec nothing is called but what may be called there.
[[noreturn]] void become(const std::vector<char*>& argv, int output) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvp(argv.front(), argv.data());
  constexpr std::string_view kWords = "there is no kubectl on the PATH (set KUBECTL to its path)\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  ::_exit(127);
}

}  // namespace

std::vector<std::string> port_forward_words(const std::string& kubectl, const kube::ConfigFlags& flags,
                                            const std::string& namespace_, const std::string& service,
                                            std::uint16_t port) {
  std::vector<std::string> words{kubectl};
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) words.push_back(fmt::format("--{}={}", flag, value));
  };
  add("kubeconfig", flags.kubeconfig);
  add("context", flags.context);
  add("cluster", flags.cluster);
  add("user", flags.user);
  add("server", flags.server);
  add("tls-server-name", flags.tls_server_name);
  if (flags.insecure_skip_tls_verify) words.emplace_back("--insecure-skip-tls-verify");
  add("certificate-authority", flags.certificate_authority);
  add("client-certificate", flags.client_certificate);
  add("client-key", flags.client_key);
  add("as", flags.as);
  add("as-uid", flags.as_uid);
  for (const std::string& group : flags.as_group)
    add("as-group", group);
  for (const std::string& extra : flags.as_user_extra)
    add("as-user-extra", extra);
  for (std::string word :
       {std::string("-n"), namespace_, std::string("port-forward"), "service/" + service, fmt::format(":{}", port)})
    words.push_back(std::move(word));
  return words;
}

std::optional<std::uint16_t> forwarded_port(std::string_view said) {
  constexpr std::string_view kMark = "Forwarding from 127.0.0.1:";
  const std::size_t at = said.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  said.remove_prefix(at + kMark.size());
  const std::size_t end = said.find(' ');
  std::uint16_t port = 0;
  if (end == std::string_view::npos) return std::nullopt;
  const auto [stopped, error] = std::from_chars(said.data(), said.data() + end, port);
  if (error != std::errc{} || stopped != said.data() + end || port == 0) return std::nullopt;
  return port;
}

Result<std::unique_ptr<PortForward>> PortForward::start(const std::vector<std::string>& words, milliseconds limit) {
  const std::string attempt =
      fmt::format("{} port-forward {} {}", words.front(), words[words.size() - 2], words.back());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure(attempt + ": " + reason());
  Descriptor reading{ends[0]};
  Descriptor writing{ends[1]};
  std::vector<std::string> copied = words;
  std::vector<char*> argv;
  argv.reserve(copied.size() + 1);
  for (std::string& word : copied)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return failure(attempt + ": " + reason());
  if (pid == 0) become(argv, writing.get());
  ::setpgid(pid, pid);  // whichever of us comes first
  writing.close();

  std::unique_ptr<PortForward> forward{new PortForward(pid, std::move(reading))};
  std::string said;
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd waiting{forward->output_.get(), POLLIN, 0};
    if (left <= 0) return failure(fmt::format("{}: nothing was forwarded within {} ms", attempt, limit.count()));
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000)));
    if (ready <= 0) continue;
    std::array<char, 512> piece{};
    const ssize_t count = ::read(forward->output_.get(), piece.data(), piece.size());
    if (count > 0) said.append(piece.data(), static_cast<std::size_t>(count));
    if (const auto port = forwarded_port(said)) {
      forward->port_ = *port;
      return forward;
    }
    if (count == 0) {
      while (!said.empty() && said.back() == '\n')
        said.pop_back();
      return failure(attempt + ": " + (said.empty() ? "it ended without a word" : kube::printable(said)));
    }
  }
}

PortForward::~PortForward() {
  ::kill(-pid_, SIGKILL);  // it has nothing to put in order
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace migrate::plugin
