#include <fmt/format.h>

#include <ostream>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/events.h"
#include "plugin/format.h"
#include "plugin/outcome.h"
#include "plugin/outlook.h"
#include "plugin/output.h"
#include "plugin/plan_text.h"
#include "plugin/replay.h"
#include "plugin/similar.h"
#include "shared/base/time.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

class Page {
 public:
  explicit Page(std::ostream& stream) : stream_(stream) {}
  void field(std::string_view name, const std::string& value) {
    if (!value.empty()) stream_ << fmt::format("{}{}\n", padded(fmt::format("{}:", name), 20), one_line(value));
  }
  // Below a title.
  void part(std::string_view name, const std::string& value) {
    if (!value.empty()) stream_ << fmt::format("  {}{}\n", padded(fmt::format("{}:", name), 18), one_line(value));
  }
  void title(std::string_view name) { stream_ << name << ":\n"; }
  void line(const std::string& text) { stream_ << "  " << text << '\n'; }

 private:
  std::ostream& stream_;
};

template <class Value>
std::string chosen(Value asked, Value taken) {
  if (asked == taken || taken == Value::automatic) return std::string(to_string(asked));
  return fmt::format("{} (asked for: {})", to_string(taken), to_string(asked));
}

std::string place(const PodPlace& place) {
  if (place.pod.empty()) return "";
  return fmt::format("{}{}{}", place.pod, place.node.empty() ? "" : " on " + place.node,
                     place.uid.empty() ? "" : fmt::format(" (uid {})", place.uid));
}

std::string optional_text(std::optional<milliseconds> span) {
  return span ? duration_text(*span) : "";
}

std::string optional_text(std::optional<Instant> instant) {
  return instant ? to_rfc3339(*instant) : "";
}

template <class Value>
std::string count(const std::optional<Value>& number) {
  return number ? std::to_string(*number) : "";
}

std::string travel(const MigrationSpec& spec) {
  if (spec.transfer == TransferWay::direct) return std::string(to_string(spec.transfer));
  return fmt::format("{} {}{}", to_string(spec.transfer), spec.registry,
                     spec.registry_secret.empty() ? "" : fmt::format(" (Secret {})", spec.registry_secret));
}

void print_replay_spec(Page& page, const Migration& migration) {
  const MigrationSpec& spec = migration.spec;
  page.field("Queue", spec.queue);
  page.field("Broker secret", spec.broker_secret);
  const Strategy strategy =
      migration.status.strategy == Strategy::automatic ? spec.strategy : migration.status.strategy;
  if (strategy == Strategy::stop) return;
  page.field("Max replay", duration_text(spec.max_replay));
  page.field("Cutoff", spec.cutoff ? duration_text(*spec.cutoff) : "computed");
  page.field("Purge primary", spec.purge_primary ? "yes" : "");
}

// The mirror's depth over time, at most so many points of it and always the last one.
std::vector<std::string> backlog_parts(const MessagesStatus& messages) {
  constexpr std::size_t kMost = 12;
  const std::vector<BacklogPoint>& points = messages.backlog;
  std::vector<std::string> parts;
  parts.reserve(kMost + 1);
  const std::size_t step = (points.size() + kMost - 1) / kMost;
  for (std::size_t i = 0; i < points.size(); ++i)
    if ((points.size() - 1 - i) % step == 0)
      parts.push_back(fmt::format("{} at {}", points[i].ready,
                                  duration_text(points[i].at - messages.bound_at.value_or(points.front().at))));
  return parts;
}

void print_messages(Page& page, const MessagesStatus& messages) {
  page.title("Messages");
  page.part("Queue", messages.queue);
  page.part("Mirror", messages.mirror);
  page.part("Control queue", messages.control_queue);
  page.part("Mirrored since", optional_text(messages.bound_at));
  page.part("Arrival rate", messages.arrival_rate ? rate_text(*messages.arrival_rate) : "");
  if (messages.service_rate) {
    const std::string how = known_from(messages.service_rate_from);
    page.part("Service rate", rate_text(*messages.service_rate) + (how.empty() ? "" : ", " + how));
  } else {
    page.part("Service rate", "unknown");
  }
  page.part("Cutoff planned", messages.cutoff_planned
                                  ? duration_text(*messages.cutoff_planned) + " after the mirror began, at the latest"
                                  : "");
  page.part("Cutoff used", messages.cutoff_used
                               ? fmt::format("{}{}", duration_text(*messages.cutoff_used),
                                             messages.cut_because.empty() ? "" : ": " + cut_text(messages.cut_because))
                               : "");
  page.part("Left at the cut", count(messages.backlog_at_cut));
  page.part("Mirrored", mirrored_text(messages));
  page.part("Replayed", replayed_text(messages));
  page.part("Repeated", messages.duplicates_bound ? fmt::format("no more than {}", *messages.duplicates_bound) : "");
  page.part("Lost", count(messages.lost));
  constexpr std::size_t kWidth = 78;
  const std::string head = padded("Backlog:", 18);
  for (const std::string& line : listing(head, backlog_parts(messages), kWidth))
    page.line(line);
  if (messages.backlog_interval)
    page.part("Reading interval", "no more than " + duration_text(*messages.backlog_interval));
}

std::optional<milliseconds> total_of(const MigrationStatus& status) {
  if (!status.started || !status.finished) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(*status.finished - *status.started);
}

void print_spec(Page& page, const Migration& migration) {
  const MigrationSpec& spec = migration.spec;
  page.field("Name", migration.name);
  page.field("Namespace", migration.namespace_);
  page.field("UID", migration.uid);
  page.field("Created", to_rfc3339(migration.created));
  page.field("Requested by", migration.requested_by);
  page.field("Pod", fmt::format("{} (uid {})", spec.pod, spec.pod_uid));
  page.field("To", spec.target_node);
  std::vector<std::string> labels;
  labels.reserve(spec.target_selector.size());
  for (const auto& [key, value] : spec.target_selector)
    labels.push_back(fmt::format("{}={}", key, value));
  page.field("Node selector", joined(labels));
  page.field("Keep name", keeps_name(migration) ? "yes" : "no");
  page.field("Strategy", chosen(spec.strategy, migration.status.strategy));
  page.field("Checkpoint", chosen(spec.checkpoint, migration.status.checkpoint));
  page.field("Restore", chosen(spec.restore, migration.status.restore));
  page.field("Transfer", travel(spec));
  print_replay_spec(page, migration);
  page.field("Accepted risks", joined(spec.accept));
  page.field("Timeout", duration_text(spec.timeout));
  page.field("Gap budget", optional_text(spec.gap_budget));
  page.field("Max total", optional_text(spec.max_total));
  page.field("Dry run", spec.dry_run ? "yes" : "");
  page.field("Abort", spec.abort ? "asked for" : "");
  page.field("Resolve", std::string(to_string(spec.resolve)));
}

void print_status(Page& page, const MigrationStatus& status) {
  page.field("Phase", std::string(to_string(status.phase)));
  page.field("Reason", status.reason);
  page.field("Message", status.message);
  page.field("Source", place(status.source));
  page.field("Target", place(status.target));
  if (status.owner) page.field("Owner", fmt::format("{} {}", status.owner->kind, status.owner->name));
  for (const MovedVolume& one : status.volumes)
    page.field("Volume", fmt::format("{} of claim {} moves along", one.volume, one.claim));
  page.field("Placeholder", status.placeholder);
  page.field("Attempt", status.attempt > 1 ? std::to_string(status.attempt) : "");
  page.field("Forecast", forecast_text(status));
  page.field("Frozen at", optional_text(status.frozen_at));
  page.field("Running at", optional_text(status.running_at));
  page.field("Freeze", optional_text(status.freeze));
  page.field("Snapshot freeze", optional_text(status.snapshot_freeze));
  page.field("Gap", optional_text(status.gap));
  page.field("Total", optional_text(total_of(status)));
  page.field("Started", optional_text(status.started));
  page.field("Finished", optional_text(status.finished));
  if (status.messages) print_messages(page, *status.messages);
  for (const Section& section : outlook(status)) {
    page.title(section.title);
    for (const std::string& line : section.lines)
      page.line(line);
  }
  if (!status.steps.empty()) page.title("Steps");
  for (const Step& step : status.steps)
    page.line(fmt::format("{} {} {:>10}  {}", padded(one_line(step.name), 14), to_rfc3339(step.started),
                          step.finished ? duration_text(*step.finished - step.started) : "-", one_line(step.message)));
  if (!status.conditions.empty()) page.title("Conditions");
  for (const Condition& condition : status.conditions)
    page.line(fmt::format("{} {} {} {}: {}", padded(one_line(condition.type), 14), condition.value ? "True " : "False",
                          to_rfc3339(condition.since), one_line(condition.reason), one_line(condition.message)));
  if (!status.archives.empty()) page.title("Archives");
  for (const ArchiveStatus& archive : status.archives)
    page.line(fmt::format("{} {:>10}  {}", padded(one_line(archive.container), 24), bytes_text(archive.size),
                          one_line(archive.digest)));
  if (!status.warnings.empty()) page.title("Warnings");
  for (const std::string& warning : status.warnings)
    page.line(one_line(warning));
}

void print_events(const Session& session, Page& page, const Migration& migration) {
  const auto events = events_about(session, migration);
  if (!events) {
    page.title("Events");
    page.line("not to be had: " + one_line(events.error().message));
    return;
  }
  if (!events->empty()) page.title("Events");
  for (const EventLine& event : *events)
    page.line(fmt::format("{} {} {}", padded(event.time, 27), padded(event.type, 8), event.text));
}

}  // namespace

int run_describe(const Session& session, const Options& options) {
  const auto found = find_migration(session, options.name);
  if (!found) return report(session.io, found.error());
  if (is_document(options.output))
    return print_object(session.io, options, found->object) ? exit_code::kDone : exit_code::kFailed;
  Page page{session.io.out.stream};
  print_spec(page, found->migration);
  print_status(page, found->migration.status);
  print_events(session, page, found->migration);
  if (found->migration.status.phase == Phase::in_doubt)
    session.io.out.stream << '\n' << kube::printable(verdict(found->migration)) << '\n';
  session.io.out.stream.flush();
  return 0;
}

}  // namespace migrate::plugin
