#include "node/agent/probes.h"

#include <algorithm>

#include "node/agent/every.h"
#include "shared/base/criu_log.h"

namespace migrate::agent {
namespace {

constexpr std::chrono::minutes kCriuAge{5};
constexpr std::chrono::minutes kKubeletAge{1};
constexpr std::chrono::seconds kPatience{10};

// Nothing where there is no CRIU: that is told by its version.
std::optional<CriuCheck> check_criu(ProcessRunner& on_host) {
  Command command;
  command.argv = {"criu", "check"};
  command.time_limit = kPatience;
  const auto done = on_host.run(command);
  if (!done && done.error().not_found) return std::nullopt;
  if (!done) return CriuCheck{false, field_text(done.error().message)};
  const std::string said = telling_lines(done->output + "\n" + done->errors);
  if (done->succeeded()) return CriuCheck{true, field_text(said)};
  return CriuCheck{false, field_text(to_string(done->ending) + (said.empty() ? "" : ": " + said))};
}

}  // namespace

bool is_due(const std::optional<Instant>& asked, Instant now, Microseconds age) {
  return !asked || now - *asked > age || now < *asked;
}

std::string field_text(const std::string& said) {
  constexpr std::size_t kMost = 1000;
  std::string text;
  for (const char c : said.substr(0, kMost)) {
    const bool is_printable = c >= ' ' && c <= '~';
    text += is_printable ? c : (c == '\n' || c == '\t' ? ' ' : '?');
  }
  return text;
}

void Probes::ask(const std::stop_token& stop) {
  if (const Instant now = clock_.now(); is_due(kubelet_asked_, now, kKubeletAge)) {
    KubeletCheckpoint found = kubelet_.probe(kPatience, stop);
    found.message = field_text(found.message);
    kubelet_asked_ = now;
    const std::lock_guard lock{mutex_};
    answers_.kubelet = std::move(found);
  }
  if (const Instant now = clock_.now(); is_due(criu_asked_, now, kCriuAge)) {
    auto found = check_criu(on_host_);
    criu_asked_ = now;
    const std::lock_guard lock{mutex_};
    answers_.criu = std::move(found);
  }
}

Probes::Answers Probes::answers() const {
  const std::lock_guard lock{mutex_};
  return answers_;
}

std::jthread keep_asking(Probes& probes) {
  return every(std::chrono::seconds{10}, [&probes](const std::stop_token& stop) { probes.ask(stop); });
}

}  // namespace migrate::agent
