#include "plugin/drain_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "plugin/format.h"
#include "plugin/hints.h"
#include "plugin/outcome.h"
#include "plugin/plan_text.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

// What became of the source's memory while it was frozen; empty: nothing.
std::string lost_of(const MigrationStatus& status) {
  const Condition* lost = find_condition(status, "SourceLost");
  return lost != nullptr && lost->value ? one_line(lost->message) : "";
}

// Of its node, or of the one that was asked for.
bool is_without_agent(const Migration& refused) {
  const auto all = refusals_of(refused.status);
  return std::any_of(all.begin(), all.end(), [](const RefusalNote& one) {
    return one.reason == "AgentDown" || one.reason == "AgentUnreachable";
  });
}

}  // namespace

std::string migrating_text(const DrainPod& pod, const Migration& migration) {
  return fmt::format("migrating pod {} (Migration {})", pod.title(), migration.name);
}

std::string following_text(const DrainPod& pod, const Migration& migration) {
  return fmt::format("pod {} is being migrated already (Migration {}, {})", pod.title(), migration.name,
                     to_string(migration.status.phase));
}

std::string ended_text(const DrainPod& pod, const Migration& migration) {
  const MigrationStatus& status = migration.status;
  const std::string text = "pod " + pod.title();
  switch (status.phase) {
    case Phase::succeeded: {
      const bool is_renamed = !status.target.pod.empty() && status.target.pod != pod.name;
      return fmt::format("{} migrated to {}{}{}", text, status.target.node,
                         is_renamed ? " as " + status.target.pod : "",
                         status.gap ? fmt::format(" (gap {})", duration_text(*status.gap)) : "");
    }
    case Phase::refused:
      return fmt::format("{} refused: {}", text, against(migration));
    case Phase::rolled_back:
      return fmt::format("{} rolled back{}: {}", text, lost_of(status).empty() ? ", it runs on" : "",
                         against(migration));
    case Phase::in_doubt:
      return fmt::format("{} is in doubt: {}", text, against(migration));
    default:
      return fmt::format("{} failed: {}", text, against(migration));
  }
}

std::string retry_text(std::chrono::seconds pause) {
  return fmt::format(" (will retry after {}s)", pause.count());
}

std::string against(const Migration& ended) {
  if (const std::string lost = lost_of(ended.status); !lost.empty() && ended.status.phase == Phase::rolled_back)
    return fmt::format("{}; it is not as before: {}", why(ended.status), lost);
  if (ended.status.phase != Phase::refused) return why(ended.status);
  std::vector<std::string> all;
  for (const RefusalNote& one : refusals_of(ended.status))
    all.push_back(fmt::format("{}: {}", one_line(one.reason), one_line(one.message)));
  return joined(all, "; ");
}

std::string advice_about(const Migration& ended) {
  switch (ended.status.phase) {
    case Phase::refused: {
      std::vector<std::string> sections;
      for (const RefusalNote& one : refusals_of(ended.status))
        if (std::string section = hint(one_line(one.reason));
            std::find(sections.begin(), sections.end(), section) == sections.end())
          sections.push_back(std::move(section));
      std::string advice = fmt::format("see {} for hints", joined(sections));
      if (is_without_agent(ended))
        advice +=
            fmt::format("; where the agent does not come back, {} takes it away, without its memory",
                        in_one_piece(fmt::format("kubectl delete pod {} -n {}", ended.spec.pod, ended.namespace_)));
      return advice;
    }
    case Phase::in_doubt:
      return fmt::format("{} says what can be decided", command_line("status", ended));
    default:
      return fmt::format("{} has all of it", command_line("describe", ended));
  }
}

}  // namespace migrate::plugin
