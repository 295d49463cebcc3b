// cleanup: what is left over of migrations and installations that are gone.
#include <fmt/format.h>

#include <ostream>
#include <set>

#include "plugin/cleanup_broker.h"
#include "plugin/cleanup_inventory.h"
#include "plugin/cleanup_remedy.h"
#include "plugin/cleanup_report.h"
#include "plugin/commands.h"
#include "plugin/interrupt.h"

namespace migrate::plugin {
namespace {

std::string image_of(const Options& options) {
  return options.image.empty() ? fmt::format("ghcr.io/kubectl-migrate/migrate-agent:{}", MIGRATE_VERSION)
                               : options.image;
}

// Each broker's, with the way to it. In a dry run nobody looks into a queue, as that does something to it.
Outcome<Findings> queues_left(std::vector<LookedBroker>& brokers, const Looked& looked, const MigrationsKnown& known,
                              const Options& options) {
  const Inventory& seen = looked.inventory;
  const auto told = told_queues(seen.migrations);
  const LookedInto queues = control_queues_of(seen, known);
  std::set<std::string> in_use = told;
  in_use.insert(queues.by_living.begin(), queues.by_living.end());
  Findings all;
  for (LookedBroker& one : brokers) {
    if (options.dry_run == DryRun::none)
      if (auto read = read_control_queues(one, in_use); !read) return tl::make_unexpected(read.error());
    Findings found = find_left_queues({one.queues, told, served_by_targets(seen, known), served_by_sources(seen, known),
                                       queues.by_left, !options.accept.empty()},
                                      known);
    for (Leftover& queue : found.leftovers) {
      if (auto* remove = std::get_if<RemoveQueue>(&queue.remedy)) remove->broker = one.broker;
      if (auto* purge = std::get_if<PurgeQueue>(&queue.remedy)) purge->broker = one.broker;
    }
    all.add(std::move(found));
  }
  return all;
}

// In the order in which it is to go: what a record tells the owner of goes before that record.
Outcome<Findings> look(const Session& session, const Options& options, BrokerWay& way) {
  auto brokers = look_at_brokers(session, options.broker_secrets, way);
  if (!brokers) return tl::make_unexpected(brokers.error());
  const auto looked = look_for_leftovers(session, options.all_namespaces ? "" : session.namespace_,
                                         brokers->empty() ? ForBrokers::no : ForBrokers::yes);
  if (!looked) return tl::make_unexpected(looked.error());
  // A mirror of a namespace that cannot be seen would look like one that nobody needs.
  if (!brokers->empty() && !looked->has_all)
    return fail(
        "--broker-secret takes the right to list Migrations and Pods in all namespaces, as a broker serves them "
        "all",
        exit_code::kRefused);
  for (const std::string& one : looked->unseen)
    session.io.err.stream << "warning: not looked at: " << one << '\n';
  MigrationsKnown known{looked->inventory};
  for (const std::string& uid : looked->told)
    known.trace(uid);

  Findings found = find_left_objects(looked->inventory, known);
  auto queues = queues_left(*brokers, *looked, known, options);
  if (!queues) return tl::make_unexpected(queues.error());
  found.add(std::move(*queues));
  found.add(find_left_records(looked->inventory, known));
  if (!options.all_namespaces) return found;
  const auto installation = look_for_installation(session, *looked);
  if (!installation) return tl::make_unexpected(installation.error());
  found.add(find_installation_leftovers(*installation));
  return found;
}

bool is_last_of_nodes(const Leftover& leftover) {
  return leftover.kind == "runtimeclass";
}

}  // namespace

int run_cleanup(const Session& session, const Options& options, BrokerWay& way) {
  const Interrupts interrupts;
  const auto found = look(session, options, way);
  if (!found) return report(session.io, found.error());
  CleanupReport told{session.io, options};
  told.list(*found);
  if (options.dry_run != DryRun::none) return told.conclude() ? exit_code::kDone : exit_code::kFailed;

  Remedies remedies{session, found->leftovers, image_of(options)};
  bool nodes_failed = false;
  for (const Leftover& one : found->leftovers) {
    if (session.io.interrupted()) return report(session.io, {"interrupted", exit_code::kDetached});
    // Without it nobody would know any more that a node is unfinished.
    auto done = is_last_of_nodes(one) && nodes_failed ? fail("it stays until all nodes are swept; run this again")
                                                      : remedies.apply(one);
    if (done) {
      told.done(one);
      continue;
    }
    if (done.error().code == exit_code::kDetached) return report(session.io, done.error());
    nodes_failed = nodes_failed || std::holds_alternative<SweepNode>(one.remedy);
    told.failed(one, done.error().message);
  }
  return told.conclude() ? exit_code::kDone : exit_code::kFailed;
}

}  // namespace migrate::plugin
