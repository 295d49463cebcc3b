#include "plugin/outcome.h"

#include <fmt/format.h>

#include "plugin/failure.h"
#include "plugin/format.h"
#include "shared/migration/lost_target.h"

namespace migrate::plugin {
namespace {

std::string pod_of(const Migration& migration) {
  return fmt::format("Pod {}/{}", migration.namespace_, migration.spec.pod);
}

// " on node-a", or nothing while that is not known.
std::string on_node(const std::string& node) {
  return node.empty() ? "" : " on " + node;
}

// What there is to decide about.
const char* cause_of(const MigrationStatus& status, bool is_live) {
  const std::vector<Step>& steps = status.steps;
  const bool is_replay = is_live || (steps.size() > 1 && steps[steps.size() - 2].name == to_string(Phase::switching));
  if (is_target_lost(status.reason))
    return is_live ? "The copy that has replayed is lost, so" : "What the target had in memory is lost, so";
  if (status.reason == "ReplayNotStarted") return "The target runs and does not replay, so, unless it does,";
  if (status.reason == "SourceLost") return "The target was given up and the source is lost, so";
  if (status.reason == "AttemptsUsedUp") return "No restore has succeeded, so";
  return is_replay ? "The target has not come to the end of its replay, so"
                   : "Whether the target has run cannot be found out, so";
}

// Only what can be carried out is offered: a Pod that is gone cannot be kept, and of a live migration no archive has
// what was replayed since.
std::string in_doubt(const Migration& migration) {
  const MigrationStatus& status = migration.status;
  const bool is_live = strategy_of(migration) == Strategy::live;
  const bool has_target = !is_target_gone(status.reason);
  const bool has_source = !takes_name(migration) && find_condition(status, "SourceGone") == nullptr;
  const std::string resolve = command_line("resolve", migration);
  std::string text = fmt::format("In doubt: {}.\n{} a person decides:", why(status), cause_of(status, is_live));
  if (has_target)
    text += fmt::format("\n  {} --keep target    the target continues{}, the source is removed", resolve,
                        on_node(status.target.node));
  if (has_source)
    text += fmt::format("\n  {} --keep source    the source continues{}, the target is removed", resolve,
                        on_node(status.source.node));
  if (!is_live)
    text += fmt::format("\n  {} --from-checkpoint    the archives are restored once more",
                        command_line("resume", migration));
  if (!has_target && !has_source && (is_live || migration.deleting))
    text += fmt::format("\n  {} --keep target    it ends as failed: {}", resolve,
                        is_live ? "nothing is left to continue" : "the archives are given up, and the memory");
  return text;
}

}  // namespace

bool is_over(const Migration& migration) {
  const Phase phase = migration.status.phase;
  return is_final(phase) || (phase == Phase::in_doubt && migration.spec.resolve == Resolution::none);
}

int exit_code_of(const Migration& migration) {
  switch (migration.status.phase) {
    case Phase::failed:
      return exit_code::kFailed;
    case Phase::refused:
      return exit_code::kRefused;
    case Phase::rolled_back:
      return migration.status.reason == "TimedOut" ? exit_code::kTimedOut : exit_code::kRolledBack;
    case Phase::in_doubt:
      return exit_code::kInDoubt;
    default:
      return exit_code::kDone;
  }
}

std::string why(const MigrationStatus& status) {
  std::string message = one_line(status.message);
  while (!message.empty() && message.back() == '.')
    message.pop_back();
  const std::string reason = one_line(status.reason);
  if (message.empty()) return reason.empty() ? "no reason was given" : reason;
  return reason.empty() ? message : fmt::format("{}: {}", reason, message);
}

std::string command_line(const std::string& verb, const Migration& migration) {
  return fmt::format("kubectl migrate {} {} -n {}", verb, migration.name, migration.namespace_);
}

std::string detached(const Migration& migration) {
  return fmt::format("Detached: the migration goes on. Follow it with: {}\nStop it with: {}",
                     command_line("status", migration), command_line("abort", migration));
}

std::string timed_out(const Migration& migration) {
  return fmt::format(
      "timed out waiting for the end of Migration {}/{}, which is in phase {} and goes on\n"
      "Follow it with: {}\nStop it with: {}",
      migration.namespace_, migration.name, to_string(migration.status.phase), command_line("status", migration),
      command_line("abort", migration));
}

std::string deleted(const Migration& migration) {
  return fmt::format("Migration {}/{} was deleted while it was in phase {}", migration.namespace_, migration.name,
                     to_string(migration.status.phase));
}

std::string verdict(const Migration& migration) {
  const MigrationStatus& status = migration.status;
  const std::string pod = pod_of(migration);
  switch (status.phase) {
    case Phase::succeeded: {
      const std::string target = status.target.pod.empty() ? migration.spec.pod : status.target.pod;
      const std::string name =
          target == migration.spec.pod ? "" : fmt::format(" as {}/{}", migration.namespace_, target);
      return fmt::format("{} continues{}{}{}.", pod, name, on_node(status.target.node),
                         status.source.node.empty() ? "" : fmt::format(" (from {})", status.source.node));
    }
    case Phase::refused:
      return fmt::format("Refused: {}.\nNothing was touched: {} runs{}.", why(status), pod,
                         on_node(status.source.node));
    case Phase::planned:
      return fmt::format("Planned: nothing speaks against migrating {}.\nNothing was touched: it runs{}.", pod,
                         on_node(status.source.node));
    case Phase::rolled_back: {
      const Condition* lost = find_condition(status, "SourceLost");
      if (lost != nullptr && lost->value)
        return fmt::format("Rolled back: {}.\n{} is not as before: {}.\nNothing else is left behind.", why(status), pod,
                           one_line(lost->message));
      return fmt::format("Rolled back: {}.\n{} runs{} as before, and nothing is left behind.", why(status), pod,
                         on_node(status.source.node));
    }
    case Phase::failed:
      return fmt::format("Failed: {}.\nAll of it: {}", why(status), command_line("describe", migration));
    case Phase::in_doubt:
      return in_doubt(migration);
    default:
      return fmt::format("{} is being migrated: {}.", pod, to_string(status.phase));
  }
}

}  // namespace migrate::plugin
