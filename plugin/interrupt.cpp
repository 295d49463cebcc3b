#include "plugin/interrupt.h"

#include <array>
#include <atomic>

namespace migrate::plugin {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
std::atomic<bool> interrupted{false};
std::atomic<bool> is_watched{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void note_interrupt(int) {
  interrupted.store(true);
}

}  // namespace

Interrupts::Interrupts() {
  if (is_watched.exchange(true)) return;
  before_.resize(kSignals.size());
  interrupted.store(false);
  struct sigaction action = {};
  action.sa_handler = note_interrupt;  // NOLINT(cppcoreguidelines-pro-type-union-access)
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    ::sigaction(kSignals.at(i), &action, &before_.at(i));
}

Interrupts::~Interrupts() {
  if (before_.empty()) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    ::sigaction(kSignals.at(i), &before_.at(i), nullptr);
  is_watched.store(false);
}

bool Interrupts::came() {
  return interrupted.load();
}

}  // namespace migrate::plugin
