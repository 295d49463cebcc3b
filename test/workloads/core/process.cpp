#include "test/workloads/core/process.h"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace orders {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

std::int64_t now_microseconds() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

bool write_line(std::string line, int descriptor) {
  line += '\n';
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t count = ::write(descriptor, line.data() + done, line.size() - done);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return true;
}

StopSignals::StopSignals() {
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiting_ = std::thread([source = source_]() mutable {
    const sigset_t awaited = ending_signals();
    int signal = 0;
    while (sigwait(&awaited, &signal) != 0)
      continue;  // a checkpoint may interrupt it
    source.request_stop();
  });
}

StopSignals::~StopSignals() {
  pthread_kill(waiting_.native_handle(), SIGINT);  // to that thread alone, which waits for it or is gone already
  waiting_.join();
}

}  // namespace orders
