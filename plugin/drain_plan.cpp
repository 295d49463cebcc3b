#include "plugin/drain_plan.h"

#include <fmt/format.h>

#include <ostream>

#include "plugin/drain_evict.h"
#include "plugin/drain_run.h"
#include "plugin/format.h"
#include "plugin/plan_text.h"
#include "plugin/trial.h"

namespace migrate::plugin {
namespace {

using State = DrainEntry::State;

// Of a Pod that the controller would move: by which strategy, and the forecast.
std::string forecast_of(const MigrationStatus& status) {
  const std::string times = forecast_text(status);
  return fmt::format(": {}{}{}", to_string(status.strategy), times.empty() ? "" : ", ", times);
}

std::string hold_text(const std::string& wait, bool goes_on) {
  return wait.empty() ? "" : fmt::format("{}waits: {}", goes_on ? "; " : ": ", wait);
}

// The user's wish to go is an error; that one cannot be asked about is an answer about this one.
Outcome<std::string> ask(const Session& session, const Options& options, const DrainPod& pod, DrainLedger& ledger) {
  const Session there{session.io, session.client, pod.namespace_};
  const auto answer = try_migration(there, options_for(options, pod, options.timeout), pod.object);
  if (!answer && answer.error().code == exit_code::kDetached) return tl::make_unexpected(answer.error());
  if (!answer) {
    ledger.not_started(pod, one_line(answer.error().message));
    return "";
  }
  if (answer->migration.status.phase == Phase::planned) return forecast_of(answer->migration.status);
  ledger.would_be_refused(pod, answer->migration);
  return "";
}

}  // namespace

std::string_view dry_run_text(DryRun dry_run) {
  if (dry_run == DryRun::client) return " (dry run)";
  return dry_run == DryRun::server ? " (server dry run)" : "";
}

Outcome<void> plan_drain(const Session& session, const Options& options, const DrainScope& scope, DrainLedger& ledger,
                         std::ostream& told) {
  auto look = look_at_node(session, scope);
  if (!look) return tl::make_unexpected(look.error().explained());
  const auto tell = [&](const std::string& line) { told << kube::printable(line) << '\n' << std::flush; };
  for (const std::string& line : ledger.take(std::move(*look), session.io.pacer.now()))
    tell(line);
  const std::string_view mark = dry_run_text(options.dry_run);
  for (const DrainEntry* entry : ledger.entries()) {
    std::string forecast;
    if (entry->state == State::waiting && options.dry_run == DryRun::server) {
      auto answer = ask(session, options, entry->pod, ledger);
      if (!answer) return tl::make_unexpected(answer.error());
      // In its last request nothing else has looked.
      if (session.io.interrupted()) return fail("interrupted", exit_code::kDetached);
      forecast = std::move(*answer);
    }
    if (entry->state == State::waiting) forecast += hold_text(ledger.budget_wait(entry->pod), !forecast.empty());
    if (entry->state == State::waiting) tell(fmt::format("migrating pod {}{}{}", entry->pod.title(), mark, forecast));
    if (entry->state != State::to_evict) continue;
    tell(fmt::format("evicting pod {}{}", entry->pod.title(), mark));
    if (options.dry_run != DryRun::server) continue;
    if (const EvictAnswer answer = evict(session, entry->pod, kube::DryRun::server); !answer.told.empty())
      session.io.err.stream << kube::printable(answer.told) << '\n' << std::flush;
  }
  return {};
}

}  // namespace migrate::plugin
