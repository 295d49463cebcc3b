#include "extender/controller/plan.h"

#include <fmt/args.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "extender/controller/registry.h"
#include "extender/controller/target_pod.h"
#include "shared/base/bytes_text.h"
#include "shared/messages/mirror.h"
#include "shared/migration/forecast.h"

namespace migrate::controller {
namespace {

using Only = bool (*)(const Migration&);

bool always(const Migration& /*migration*/) {
  return true;
}
// Of a phase the first row that holds. Words in braces are names and figures (words_of).
struct Text {
  Phase phase;
  unsigned ways;
  Only only;
  const char* text;
};

const std::vector<Text>& texts() {
  using P = Phase;
  static const std::vector<Text> kTexts{
      // clang-format off
      {P::preparing,     kAll,        always,          "Pod {pod} and all around it is looked at; nothing is touched"},
      {P::placing,       kAll,        has_placeholder, "a placeholder, Pod {placeholder}, is made and placed on {target}: it holds the room and pulls the images"},
      {P::placing,       kAll,        always,          "Pod {made} is made and placed on {target}, and waits for its memory"},
      {P::orphaning,     kAll,        always,          "{owner} lends Pod {pod}, and the name is held for the target"},
      {P::mirroring,     kReplay,     always,          "{mirror} is bound as queue {queue} is, and what waited before is handled first"},
      {P::freezing,      kStop,       always,          "Pod {pod} is frozen on {source}{connections}"},
      {P::freezing,      kReplay,     always,          "Pod {pod} is frozen on {source}{connections}, and {mirror} gets nothing more"},
      {P::checkpointing, kStop,       always,          "memory and changed files become archives on {source}, about {bytes}"},
      {P::checkpointing, kReplay,     always,          "memory and changed files become archives on {source}, about {bytes}; Pod {pod} is frozen for that, and works on"},
      {P::transferring,  kAll,        is_via_registry, "the archives go from {source} through {registry} to {target}"},
      {P::transferring,  kAll,        is_local,        "the archives stay on {source}"},
      {P::transferring,  kAll,        always,          "the archives go from {source} to {target}"},
      {P::shadowing,     kLive,       always,          "the copy, Pod {made}, comes to life on {target} and reads {mirror} alone"},
      {P::replaying,     kLive,       always,          "the copy catches up while Pod {pod} works on, until {cutoff}"},
      {P::draining,      kLive,       always,          "the copy handles the rest of {mirror}: {backlog}"},
      {P::committing,    kAll,        always,          "the agent of {source} writes down that the source never runs again; from here on there is only forward"},
      {P::renaming,      kAll,        takes_name,      "the source is removed, and Pod {made} is made under its name on {target}"},
      {P::renaming,      kAll,        always,          "Pod {made} is made in the placeholder's room on {target}"},
      {P::attaching,     kStop,       always,          "{source} lets go of {volumes}, and {target} takes it"},
      {P::restoring,     kAll,        always,          "Pod {made} comes to life on {target} where the source was frozen"},
      {P::switching,     kLive,       always,          "the copy goes over to queue {queue}, and {mirror} is removed"},
      {P::switching,     kSequential, always,          "Pod {made} handles the rest of {mirror}: {backlog}, and goes over to queue {queue}"},
      {P::finishing,     kAll,        always,          "the source on {source}, the archives and all marks are removed"},
      {P::returning,     kLive,       always,          "a second move, with strategy Stop and on {target} alone, brings the copy into the name {name}"},
      // clang-format on
  };
  return kTexts;
}

std::string node_text(const Migration& migration) {
  if (is_local(migration)) return "node " + migration.status.source.node;
  if (!migration.spec.target_node.empty()) return "node " + migration.spec.target_node;
  return "the node that the scheduler chooses";
}

// Of a moved Pod's volumes: "claim data".
std::string volumes_text(const MigrationStatus& status) {
  std::vector<std::string> claims;
  claims.reserve(status.volumes.size());
  for (const MovedVolume& one : status.volumes)
    claims.push_back("claim " + one.claim);
  return fmt::format("{}", fmt::join(claims, " and "));
}

std::string text_of(Phase phase, const Migration& migration, const std::string& queue) {
  const auto row = std::find_if(texts().begin(), texts().end(), [&](const Text& one) {
    return one.phase == phase && holds_for({phase, Event::done, phase, one.ways}, migration.status.strategy) &&
           one.only(migration);
  });
  if (row == texts().end()) return "";
  const MigrationStatus& status = migration.status;
  fmt::dynamic_format_arg_store<fmt::format_context> words;
  const auto word = [&](const char* name, const std::string& value) { words.push_back(fmt::arg(name, value)); };
  word("pod", migration.spec.pod);
  word("name", migration.spec.pod);
  word("made", target_name(migration, 1));
  word("placeholder", placeholder_name(migration));
  word("source", "node " + status.source.node);
  word("target", node_text(migration));
  word("owner", status.owner ? fmt::format("{} {}", status.owner->kind, status.owner->name) : "");
  word("queue", queue);
  word("connections", queue.empty() ? "" : fmt::format(", its connections to queue {} are closed", queue));
  word("mirror", "the mirror " + messages::mirror_name(migration.uid));
  word("registry", migration.spec.registry);
  word("bytes", bytes_text(status.forecast_size));
  word("volumes", volumes_text(status));
  word("cutoff", status.forecast_cutoff
                     ? fmt::format("it has, or {} after the mirror was bound", span_text(*status.forecast_cutoff))
                     : "it has");
  word("backlog", status.forecast_backlog ? fmt::format("about {} messages", *status.forecast_backlog)
                                          : "how much is not known yet");
  return fmt::vformat(row->text, words);
}

}  // namespace

bool is_by_image(const Migration& migration) {
  return migration.spec.restore == RestoreWay::image;
}

bool has_placeholder(const Migration& migration) {
  return takes_name(migration) || is_by_image(migration);
}

bool is_made_after_commit(const Migration& migration) {
  return has_placeholder(migration) && strategy_of(migration) != Strategy::live;
}

Event usual_end(Phase phase, const Migration& migration) {
  switch (phase) {
    case Phase::placing:
      // A second hop's source is a shadow, which was lent and whose name was held from the first hop on.
      return is_owned_by(migration, kStatefulSet) && !is_local(migration) ? Event::set_owns : Event::done;
    case Phase::committing:
      return is_made_after_commit(migration) ? Event::name_is_taken : Event::done;
    case Phase::renaming:
      return migration.status.volumes.empty() ? Event::done : Event::volumes_move;
    case Phase::finishing:
      return migration.status.strategy == Strategy::live && keeps_name(migration) ? Event::name_is_taken : Event::done;
    default:
      return Event::done;
  }
}

std::vector<Phase> planned_phases(const Migration& migration) {
  std::vector<Phase> phases{Phase::preparing};
  for (;;) {
    const auto next = next_phase(phases.back(), usual_end(phases.back(), migration), migration.status.strategy);
    if (!next || is_final(*next)) return phases;
    phases.push_back(*next);
  }
}

Plan plan_of(const Migration& migration, const std::string& queue, const std::string& because) {
  Plan made{because, {}};
  for (const Phase phase : planned_phases(migration))
    made.steps.push_back({std::string{to_string(phase)}, text_of(phase, migration, queue)});
  return made;
}

}  // namespace migrate::controller
