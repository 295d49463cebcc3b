#include "plugin/cleanup_remedy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plugin/cleanup_broker.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = kube::ApiError::Kind;

constexpr std::chrono::milliseconds kPoll = 1s;
constexpr int kMostAttempts = 5;
constexpr std::chrono::milliseconds kReaderPatience = 40s;  // of a Pod that was deleted just before: its grace period
constexpr std::chrono::milliseconds kAgentPatience = 45s;   // it looks every 10 s, and tells 10 s later

kube::ResourcePath migration_node(const std::string& name) {
  return migration_nodes().named(name);
}

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

Remedies::Remedies(const Session& session, const std::vector<Leftover>& all, std::string image)
    : session_(session), sweep_(session, std::move(image)) {
  for (const Leftover& one : all) {
    if (const auto* forget = std::get_if<ForgetOnNode>(&one.remedy)) to_forget_[one.name].insert(forget->migration);
    if (std::holds_alternative<SweepNode>(one.remedy)) to_sweep_.push_back(one.name);
  }
}

// An annotation that stays does no harm: a uid is never used again.
Remedies::~Remedies() {
  for (const auto& [node, asked] : asked_)
    if (asked)
      (void)session_.client.merge_patch(migration_node(node),
                                        {{"metadata", {{"annotations", {{kForgetAnnotation, nullptr}}}}}});
}

Outcome<void> Remedies::apply(const Leftover& leftover) {
  const bool is_mirror = std::holds_alternative<RemoveQueue>(leftover.remedy) && !leftover.migration.empty();
  if (!is_mirror && unreplayed_.contains(leftover.migration))
    return fail("its Migration's mirror is left; run this again when that has gone");
  auto done = carry_out(leftover);
  if (is_mirror && !done) unreplayed_.insert(leftover.migration);
  return done;
}

Outcome<void> Remedies::carry_out(const Leftover& leftover) {
  return std::visit(Overloaded{[&](const RemoveObject& remedy) { return remove(remedy); },
                               [&](const ChangeObject& remedy) { return change(remedy); },
                               [&](const RemoveQueue& remedy) { return remove_queue(leftover.name, remedy); },
                               [&](const PurgeQueue& remedy) { return purge(leftover.name, remedy); },
                               [&](const ForgetOnNode& remedy) { return forget(leftover.name, remedy.migration); },
                               [&](const SweepNode&) { return sweep(leftover.name); }},
                    leftover.remedy);
}

Outcome<void> Remedies::remove(const RemoveObject& remedy) {
  kube::DeleteOptions options;
  options.uid = remedy.uid;
  options.resource_version = remedy.resource_version;
  const auto removed = session_.client.remove(remedy.path, options);
  if (removed) return remedy.is_held_by_us ? release(remedy) : Outcome<void>{};
  if (removed.error().kind == Kind::conflict) return fail("it has changed since it was looked at; run this again");
  return tl::make_unexpected(explain(removed.error(), "delete", remedy.path));
}

// It is marked for deletion, which changed it; its kubelet may do so too.
Outcome<void> Remedies::release(const RemoveObject& remedy) {
  for (int attempt = 1;; ++attempt) {
    const auto found = session_.client.get(remedy.path);
    if (!found) return tl::make_unexpected(explain(found.error(), "get", remedy.path));
    if (!*found || kube::metadata_of(**found, "uid") != remedy.uid) return {};
    const Json metadata{{"uid", remedy.uid},
                        {"resourceVersion", kube::metadata_of(**found, "resourceVersion")},
                        {"finalizers", other_finalizers(**found)}};
    const auto released = session_.client.merge_patch(remedy.path, {{"metadata", metadata}});
    if (released || released.error().kind == Kind::not_found) return {};
    if (released.error().kind != Kind::conflict || attempt == kMostAttempts)
      return tl::make_unexpected(explain(released.error(), "patch", remedy.path));
  }
}

Outcome<void> Remedies::change(const ChangeObject& remedy) {
  const auto changed = session_.client.merge_patch(remedy.path, remedy.patch);
  if (changed || changed.error().kind == Kind::not_found) return {};
  if (changed.error().kind == Kind::conflict) return fail("it has changed since it was looked at; run this again");
  return tl::make_unexpected(explain(changed.error(), "patch", remedy.path));
}

Outcome<void> Remedies::remove_queue(const std::string& name, const RemoveQueue& remedy) {
  const auto until = session_.io.pacer.now() + kReaderPatience;
  for (;;) {
    const auto removed = remedy.broker->remove_queue(name, remedy.only);
    if (!removed) return fail(removed.error().message);
    if (*removed == broker::Removal::not_empty)
      return fail(
          fmt::format("it is not empty, and no agent tells that its source works: an application that was "
                      "restored may have to replay it. Run this again when it has; where none was: rabbitmqctl "
                      "delete_queue {}",
                      name));
    if (*removed != broker::Removal::in_use) return {};
    if (session_.io.pacer.now() >= until || session_.io.interrupted())
      return fail("somebody reads it still; run this again when nobody does");
    session_.io.pacer.sleep(kPoll, {});
  }
}

// A migration that has begun since may have put its word there.
Outcome<void> Remedies::purge(const std::string& name, const PurgeQueue& remedy) {
  const auto list = session_.client.list(migrations(""));
  if (!list && !is_unknown_type(list.error()))
    return tl::make_unexpected(explain(list.error(), "list", migrations("")));
  if (list && told_queues(list->at("items").get_ref<const Json::array_t&>()).contains(name))
    return fail("a migration uses it by now");
  const auto purged = remedy.broker->purge(name);
  if (!purged) return fail(purged.error().message);
  return {};
}

// Mirrors are done with by now, so it is known what is to be forgotten.
Outcome<void> Remedies::ask(const std::string& node) {
  std::set<std::string> gone = to_forget_[node];
  std::erase_if(gone, [&](const std::string& migration) { return unreplayed_.contains(migration); });
  const auto path = migration_node(node);
  const auto asked = session_.client.merge_patch(
      path, {{"metadata", {{"annotations", {{kForgetAnnotation, fmt::format("{}", fmt::join(gone, ","))}}}}}});
  if (asked || asked.error().kind == Kind::not_found) return {};
  return tl::make_unexpected(explain(asked.error(), "patch", path));
}

Outcome<void> Remedies::forget(const std::string& node, const std::string& migration) {
  if (!asked_.contains(node)) asked_.emplace(node, ask(node));
  if (const auto& asked = asked_.at(node); !asked) return asked;
  const auto path = migration_node(node);
  const auto until = session_.io.pacer.now() + kAgentPatience;
  for (;;) {
    const auto found = session_.client.get(path);
    if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
    if (!*found) return {};
    const auto facts = parse_node_facts(**found);
    if (!facts) return fail(facts.error().message);
    const auto is_it = [&](const HeldMigration& one) { return one.migration == migration; };
    if (std::none_of(facts->held.begin(), facts->held.end(), is_it)) return {};
    if (session_.io.interrupted()) return fail("interrupted", exit_code::kDetached);
    if (session_.io.pacer.now() >= until)
      return fail(fmt::format("its agent has not done so within {} s; kubectl -n {} logs ds/{} says why",
                              std::chrono::duration_cast<std::chrono::seconds>(kAgentPatience).count(),
                              kSystemNamespace, kAgentAccount));
    session_.io.pacer.sleep(kPoll, {});
  }
}

Outcome<void> Remedies::sweep(const std::string& node) {
  if (!sweep_begun_) sweep_begun_ = sweep_.begin(to_sweep_);
  if (!*sweep_begun_) return *sweep_begun_;
  return sweep_.await(node);
}

}  // namespace migrate::plugin
