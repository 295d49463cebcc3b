// migrate-counter: what `kubectl migrate self-test` migrates. It is in the extender's image, so that the self-test
// needs no image of its own. One thread, no files, no network.
#include <sys/random.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include "shared/base/main.h"
#include "shared/base/result.h"
#include "shared/counter/counter.h"

namespace {

constexpr timespec kRound{.tv_sec = 0, .tv_nsec = 200'000'000};

std::uint64_t random_nonce() {
  std::uint64_t nonce = 0;
  if (::getrandom(&nonce, sizeof nonce, 0) != static_cast<ssize_t>(sizeof nonce))
    throw migrate::Fatal("get a random number: the kernel gives none");
  return nonce;
}

// One write, so that no checkpoint falls into the middle of a line. Nobody reads it: not a reason to stop.
void say(const std::string& line) {
  const std::string text = line + '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
}

}  // namespace

int main() {
  return migrate::run_main("migrate-counter", [] {
    // As process 1 of its container it is ended by no signal that it does not look for.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    ::sigprocmask(SIG_BLOCK, &ending, nullptr);

    migrate::counter::Counter counter{random_nonce(), migrate::counter::kMemory};
    // A checkpoint may cut a round short (EINTR).
    migrate::counter::run(counter, say, [&] { return ::sigtimedwait(&ending, nullptr, &kRound) < 0; });
    return 0;
  });
}
