#include "node/runtime/decision.h"

#include <fmt/format.h>

namespace migrate::runtime {
namespace {

Decision refuse(Refusal why) {
  return {Action::refuse, why};
}

std::string finding(Refusal refusal, const Request& request, const Observation& seen) {
  switch (refusal) {
    case Refusal::none:
      return "no reason";
    case Refusal::identity:
      return request.identity.trouble;
    case Refusal::untrusted:
      return seen.trouble + "; it must belong to root alone (0700, no links): remove it and migrate again";
    case Refusal::not_prepared:
      return "nothing is prepared for it on this node: kubectl migrate does that before it asks for a restore; remove "
             "the "
             "annotation kubectl-migrate.dev/restore to start the container afresh";
    case Refusal::broken:
      return seen.trouble + "; migrate again";
    case Refusal::other_migration:
      return fmt::format("what is prepared belongs to migration {}; the annotation was not written by it",
                         seen.expected.migration);
    case Refusal::claimed:
      return fmt::format(
          "an earlier attempt{} began to restore it and did not report success, so its memory may already have run; it "
          "is "
          "not resumed a second time: see `failed` in its folder, then kubectl migrate resolve",
          seen.claimed == Mark::earlier_boot ? ", before this node was rebooted," : "");
    case Refusal::aborted:
      return "the migration was aborted";
    case Refusal::stale_go:
      return "it was released before this node was rebooted; its agent has to release it anew";
    case Refusal::too_late:
      return fmt::format(
          "its checkpoint came too late: the restore is forecast to take {} ms, and twice that is not left of {} s",
          seen.expected.forecast.count(), kPatience.count() / 1000);
    case Refusal::timed_out:
      return fmt::format("its checkpoint did not come in time: after {} s nothing could begin any more",
                         (kPatience - 2 * seen.expected.forecast).count() / 1000);
  }
  return {};
}

}  // namespace

Decision decide(const Request& request, const Observation& seen, milliseconds elapsed) {
  if (!request.migration || request.identity.kind == Identity::Kind::sandbox) return {Action::exec_runc, Refusal::none};
  if (request.identity.kind == Identity::Kind::unknown) return refuse(Refusal::identity);
  if (seen.folder == Observation::Folder::untrusted) return refuse(Refusal::untrusted);
  if (seen.used) return {Action::exec_runc, Refusal::none};
  if (seen.folder == Observation::Folder::absent) return refuse(Refusal::not_prepared);
  if (seen.folder == Observation::Folder::broken) return refuse(Refusal::broken);
  if (seen.expected.migration != *request.migration) return refuse(Refusal::other_migration);
  if (seen.claimed != Mark::none) return refuse(Refusal::claimed);
  if (seen.abort) return refuse(Refusal::aborted);
  if (seen.go == Mark::earlier_boot) return refuse(Refusal::stale_go);
  // Also without `go`: one that came now could not be obeyed any more.
  const bool in_time = elapsed < kPatience && kPatience - elapsed >= 2 * seen.expected.forecast;
  if (!in_time) return refuse(seen.go == Mark::none ? Refusal::timed_out : Refusal::too_late);
  return {seen.go == Mark::none ? Action::wait : Action::restore, Refusal::none};
}

std::string explain(Refusal refusal, const Request& request, const Observation& seen) {
  const Identity& who = request.identity;
  return fmt::format("restore container {} of Pod {} (uid {}) for migration {}: {}", who.container, who.pod,
                     who.pod_uid, request.migration.value_or("none"), finding(refusal, request, seen));
}

}  // namespace migrate::runtime
