#include "extender/controller/leader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

kube::ResourcePath lease_path() {
  return {.group = "coordination.k8s.io",
          .version = "v1",
          .plural = "leases",
          .namespace_ = kSystemNamespace,
          .name = kLease,
          .subresource = {}};
}

// A renewal that takes longer is given up, so that the next one has its chance within the deadline.
constexpr std::chrono::seconds kCallTimeout{4};

}  // namespace

LeaseView lease_view(const Json& lease) {
  return {text_at(lease, {"spec", "holderIdentity"}), number_at(lease, {"spec", "leaseTransitions"}),
          text_at(lease, {"spec", "renewTime"}), text_at(lease, {"metadata", "resourceVersion"})};
}

LeaderAction decide(const std::optional<LeaseView>& lease, const std::optional<LeaseView>& last,
                    const std::string& self, Steady unchanged_since, Steady now) {
  const bool has_expired = now - unchanged_since > kLeaseDuration;
  if (!lease) {
    // Deleted, while its holder still believes in it: that one makes it anew at its next turn.
    const bool is_anothers = last && !last->holder.empty() && last->holder != self;
    return is_anothers && !has_expired ? LeaderAction::wait : LeaderAction::create;
  }
  if (lease->holder == self) return LeaderAction::renew;
  if (lease->holder.empty()) return LeaderAction::take;
  return has_expired ? LeaderAction::take : LeaderAction::wait;
}

Leadership::Leadership(kube::Client& client, kube::Pacer& pacer, const Clock& clock, Log& log, std::string identity)
    : client_(client), pacer_(pacer), clock_(clock), log_(log), identity_(std::move(identity)) {}

Json Leadership::spec_for(std::int64_t transitions, bool taken) const {
  const std::string now = to_rfc3339(clock_.now());
  Json spec{{"holderIdentity", identity_},
            {"leaseDurationSeconds", kLeaseDuration.count()},
            {"renewTime", now},
            {"leaseTransitions", transitions}};
  if (taken) spec["acquireTime"] = now;
  return spec;
}

void Leadership::hold(std::int64_t term, Steady until) {
  const std::lock_guard lock{mutex_};
  term_ = term;
  valid_until_ = until;
}

void Leadership::know(std::int64_t term) {
  const std::lock_guard lock{mutex_};
  newest_ = std::max(newest_, term);
}

void Leadership::heard(std::int64_t term) {
  if (term <= kMostBelieved) know(term);
}

std::int64_t Leadership::newest() const {
  const std::lock_guard lock{mutex_};
  return newest_;
}

void Leadership::turn(const std::stop_token& stop) {
  const Steady started = pacer_.now();
  auto found = client_.get(lease_path(), {kCallTimeout, stop});
  if (!found) {
    log_.warn("cannot read the controllers' Lease", {{"error", found.error().text()}});
    return;  // the lead, if it is ours, ends by itself
  }
  std::optional<LeaseView> lease;
  if (*found) lease = lease_view(**found);
  if (lease && lease != seen_) {
    seen_ = lease;
    seen_since_ = pacer_.now();
    know(lease->transitions);
  }
  const LeaderAction action = decide(lease, seen_, identity_, seen_since_, pacer_.now());
  if (action == LeaderAction::wait) return hold(term(), Steady{});
  write(action, lease.value_or(LeaseView{}), started, stop);
}

void Leadership::write(LeaderAction action, const LeaseView& seen, Steady started, const std::stop_token& stop) {
  const bool renewing = action == LeaderAction::renew;
  const std::int64_t known = newest();
  const bool raising = renewing && known > seen.transitions;
  const std::int64_t term = renewing && !raising ? seen.transitions : known + 1;
  Json lease{{"metadata", {{"name", kLease}, {"namespace", kSystemNamespace}}}, {"spec", spec_for(term, !renewing)}};
  kube::ApiResult<Json> written = Json{};
  if (action == LeaderAction::create) {
    lease["apiVersion"] = "coordination.k8s.io/v1";
    lease["kind"] = "Lease";
    written = client_.create(lease_path().collection(), lease, {}, {kCallTimeout, stop});
  } else {
    // Another one that writes at the same time makes this a conflict.
    lease["metadata"]["resourceVersion"] = seen.resource_version;
    written = client_.merge_patch(lease_path(), lease, {}, {kCallTimeout, stop});
  }
  if (!written) {
    const auto kind = written.error().kind;
    const bool lost = kind == kube::ApiError::Kind::conflict || kind == kube::ApiError::Kind::already_exists;
    if (!lost) log_.warn("cannot write the controllers' Lease", {{"error", written.error().text()}});
    if (lost && !renewing) hold(this->term(), Steady{});
    return;
  }
  if (!renewing) log_.info("leading", {{"term", std::to_string(term)}, {"identity", identity_}});
  if (raising)
    log_.warn("the Lease was begun anew: its term is raised above those known", {{"term", std::to_string(term)}});
  seen_ = lease_view(*written);
  seen_since_ = pacer_.now();
  know(term);
  // From when it was asked for: the answer may have taken its time, and the renewal is as old as that.
  hold(term, started + kRenewDeadline);
}

void Leadership::give_up() {
  if (!is_leader()) return;
  hold(term(), Steady{});
  if (!seen_) return;
  Json lease{{"metadata", {{"resourceVersion", seen_->resource_version}}}, {"spec", {{"holderIdentity", ""}}}};
  if (auto written = client_.merge_patch(lease_path(), lease, {}, {kCallTimeout, {}}); !written)
    log_.warn("cannot give the controllers' Lease up", {{"error", written.error().text()}});
}

bool Leadership::is_leader() const {
  const Steady now = pacer_.now();
  const std::lock_guard lock{mutex_};
  return now < valid_until_;
}

std::int64_t Leadership::term() const {
  const std::lock_guard lock{mutex_};
  return term_;
}

}  // namespace migrate::controller
