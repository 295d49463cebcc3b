// drain: a node is cordoned, and its Pods migrate to others.
#include <fmt/format.h>

#include <ostream>

#include "plugin/commands.h"
#include "plugin/drain_plan.h"
#include "plugin/drain_report.h"
#include "plugin/drain_run.h"
#include "plugin/json_path.h"
#include "plugin/output.h"
#include "plugin/progress.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

Outcome<Json> find_node(const Session& session, const std::string& name) {
  const kube::ResourcePath path = kube::core("nodes", {}, name);
  auto found = session.client.get(path);
  if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
  if (*found) return std::move(**found);
  std::vector<std::string> names;
  if (const auto all = session.client.list(path.collection()); all)
    for (const Json& one : all->at("items"))
      names.push_back(kube::metadata_of(one, "name"));
  return not_found(path, near_hint(name, names) + "\nkubectl get nodes shows what there is");
}

// From now on the scheduler places nothing there. In kubectl's words.
Outcome<void> cordon(const Session& session, const Options& options, const Json& node, std::ostream& told) {
  const bool is_cordoned = flag_at(node, {"spec", "unschedulable"});
  if (!is_cordoned && options.dry_run != DryRun::client) {
    const kube::ResourcePath path = kube::core("nodes", {}, options.name);
    kube::WriteOptions write;
    if (options.dry_run == DryRun::server) write.dry_run = kube::DryRun::server;
    const auto patched = session.client.merge_patch(path, {{"spec", {{"unschedulable", true}}}}, write);
    if (!patched) return tl::make_unexpected(explain(patched.error(), "patch", path));
  }
  told << fmt::format("node/{} {}cordoned{}\n", options.name, is_cordoned ? "already " : "",
                      dry_run_text(options.dry_run));
  told.flush();
  return {};
}

DrainLedger::Aims aims_of(const Options& options) {
  return {.scope = {options.name, options.connection.namespace_, options.selector},
          .rules = options.drain_rules,
          .limits = options.drain_limits,
          .target = options.to};
}

void give_document(const Io& io, const Options& options, const DrainScope& scope, const DrainEntries& all) {
  if (options.output == Output::name) {
    for (const std::string& name : leaving_names(all))
      io.out.stream << name << '\n';
    io.out.stream.flush();
    return;
  }
  if (is_document(options.output)) print_object(io, options, drain_document(scope, all));
}

std::string count_text(std::size_t pods) {
  return pods == 1 ? "1 pod" : fmt::format("{} pods", pods);
}

std::string uncordon_text(const DrainScope& scope) {
  return fmt::format("To use the node again: kubectl uncordon {}", scope.node);
}

// All that speaks against the node's being drained, with what to do.
std::string trouble_text(const Options& options, const DrainScope& scope, const DrainEntries& left, std::size_t width) {
  const bool is_dry = options.dry_run != DryRun::none;
  std::string text = fmt::format("node/{}{} {} drained: {} {} left\n{}", scope.node, scope.restriction(),
                                 is_dry ? "would not be" : "is not", count_text(left.size()),
                                 is_dry ? "would be" : (left.size() == 1 ? "is" : "are"), pending_text(left, width));
  if (!is_dry) text += "\nThe same command goes on where this one ended.\n" + uncordon_text(scope);
  return text;
}

int conclude_plan(const Session& session, const Options& options, const DrainScope& scope, const DrainEntries& all,
                  std::ostream& told) {
  give_document(session.io, options, scope, all);
  // What would be migrated or evicted is no trouble.
  DrainEntries left;
  for (const DrainEntry* entry : all)
    if (is_pending(*entry) && !is_open(*entry)) left.push_back(entry);
  if (!left.empty())
    return report(session.io, {trouble_text(options, scope, left, style_of(session.io, session.io.err).width)});
  told << fmt::format("node/{} drained{}{}\n", scope.node, scope.restriction(), dry_run_text(options.dry_run));
  told.flush();
  return exit_code::kDone;
}

int conclude(const Session& session, const Options& options, const DrainScope& scope, const DrainEnd& end,
             const DrainEntries& all, std::ostream& told) {
  const Io& io = session.io;
  give_document(io, options, scope, all);
  const DrainEntries left = pending(all);
  const int code = drain_exit_code(end.kind, all);
  if (end.kind == DrainEnd::Kind::detached) {
    io.err.stream << fmt::format(
        "\nDetached: what was begun goes on, nothing more is begun.\nFollow it with: kubectl migrate list -A -w\n"
        "The same command goes on with the drain.\n{}\n",
        uncordon_text(scope));
    io.err.stream.flush();
    return code;
  }
  if (end.kind == DrainEnd::Kind::broken)
    return report(io,
                  {fmt::format("{}\nWhat was begun goes on without us; the same command goes on with the drain.\n{}",
                               end.trouble.message, uncordon_text(scope)),
                   code});
  const bool is_late = end.kind == DrainEnd::Kind::time_over;
  if (is_late || !left.empty())
    return report(
        io, {(is_late ? "the time is over (--timeout): " : "") +
                 (left.empty() ? end.trouble.message : trouble_text(options, scope, left, style_of(io, io.err).width)),
             code});
  told << fmt::format("node/{} drained{}\n{}\n", scope.node, scope.restriction(), uncordon_text(scope));
  told.flush();
  return code;
}

}  // namespace

int run_drain(const Session& session, const Options& options) {
  const Io& io = session.io;
  std::ostream& told = is_document(options.output) ? io.err.stream : io.out.stream;
  const DrainLedger::Aims aims = aims_of(options);
  DrainLedger ledger{aims};
  const auto node = find_node(session, options.name);
  if (!node) return report(io, node.error());
  // Whoever may not see what there is to drain, or has nothing installed that drains it, cordons nothing.
  if (const auto first = look_at_node(session, aims.scope); !first && !first.error().is_passing())
    return report(io, first.error().explained());
  if (const auto done = cordon(session, options, *node, told); !done) return report(io, done.error());
  if (options.dry_run != DryRun::none) {
    if (const auto planned = plan_drain(session, options, aims.scope, ledger, told); !planned)
      return report(io, planned.error());
    return conclude_plan(session, options, aims.scope, ledger.entries(), told);
  }
  const DrainEnd end = drain_node(session, options, aims.scope, ledger, told);
  return conclude(session, options, aims.scope, end, ledger.entries(), told);
}

}  // namespace migrate::plugin
