#include "plugin/drain_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"
#include "plugin/outcome.h"

namespace migrate::plugin {
namespace {

using State = DrainEntry::State;

// As it stands, when nothing has been said of it yet.
std::string state_text(const DrainEntry& entry) {
  if (entry.state == State::moving && entry.moves)
    return fmt::format("its Migration {} is at work ({})", entry.moves->name, to_string(entry.moves->status.phase));
  if (entry.state == State::evicting) return "it is being evicted";
  if (entry.why.empty()) return "it has not had its turn";
  return entry.why;
}

std::string advice_text(const DrainEntry& entry) {
  if (entry.state == State::moving && entry.moves)
    return in_one_piece(command_line("status", *entry.moves)) + " follows it";
  return entry.advice;
}

const char* result_of(const DrainEntry& entry) {
  switch (entry.state) {
    case State::waiting:
    case State::moving:
      return "Migrate";
    case State::moved:
      return "Migrated";
    case State::to_evict:
    case State::evicting:
      return "Evict";
    case State::evicted:
      return "Evicted";
    case State::going:
    case State::left:
      return "Pending";
    case State::gone:
      return "Gone";
    case State::ignored:
      return "Ignored";
    case State::failed:
      return "Failed";
    case State::in_doubt:
      return "InDoubt";
  }
  return "Pending";
}

void add(std::string& text, const std::string& part, std::size_t width) {
  if (part.empty()) return;
  for (const std::string& line : wrapped("    ", part, width))
    text += "\n" + line;
}

}  // namespace

std::vector<const DrainEntry*> pending(const DrainEntries& all) {
  DrainEntries found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found),
               [](const DrainEntry* entry) { return is_pending(*entry); });
  return found;
}

std::string pending_text(const DrainEntries& pending, std::size_t width) {
  std::string text;
  for (const DrainEntry* entry : pending) {
    text += fmt::format("{}  pod {}", text.empty() ? "" : "\n", entry->pod.title());
    add(text, state_text(*entry), width);
    add(text, advice_text(*entry), width);
  }
  return text;
}

nlohmann::json drain_document(const DrainScope& scope, const DrainEntries& all) {
  nlohmann::json pods = nlohmann::json::array();
  for (const DrainEntry* entry : all) {
    nlohmann::json one = {
        {"namespace", entry->pod.namespace_}, {"name", entry->pod.name}, {"result", result_of(*entry)}};
    const bool is_told = is_pending(*entry) || entry->state == State::ignored;
    if (is_told && !entry->why.empty()) one["reason"] = entry->why;
    if (entry->moves) {
      const MigrationStatus& status = entry->moves->status;
      one["migration"] = entry->moves->name;
      one["phase"] = to_string(status.phase);
      if (!status.target.node.empty()) one["target"] = {{"node", status.target.node}, {"pod", status.target.pod}};
      if (status.gap) one["gapMs"] = status.gap->count();
    }
    pods.push_back(std::move(one));
  }
  return {{"node", scope.node}, {"drained", pending(all).empty()}, {"pods", std::move(pods)}};
}

std::vector<std::string> leaving_names(const DrainEntries& all) {
  std::vector<std::string> names;
  for (const DrainEntry* entry : all)
    if (const std::string_view result = result_of(*entry); result.starts_with("Migrate") || result.starts_with("Evict"))
      names.push_back("pod/" + entry->pod.name);
  return names;
}

int drain_exit_code(DrainEnd::Kind end, const DrainEntries& all) {
  if (end == DrainEnd::Kind::detached) return exit_code::kDetached;
  const bool is_in_doubt =
      std::any_of(all.begin(), all.end(), [](const DrainEntry* one) { return one->state == State::in_doubt; });
  if (is_in_doubt) return exit_code::kInDoubt;
  if (end == DrainEnd::Kind::time_over) return exit_code::kTimedOut;
  return end == DrainEnd::Kind::over && pending(all).empty() ? exit_code::kDone : exit_code::kFailed;
}

}  // namespace migrate::plugin
