// Who of the replicas drives the migrations: leader election by a Lease, as client-go does it, and the promise that
// who is not the leader any more writes nothing. The term is the Lease's leaseTransitions; agents refuse older ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "extender/controller/json_path.h"
#include "shared/base/host.h"
#include "shared/kube/client.h"
#include "shared/log/log.h"

namespace migrate::controller {

using Steady = std::chrono::steady_clock::time_point;

inline constexpr std::chrono::seconds kLeaseDuration{15};  // unchanged for so long: anybody may take it
inline constexpr std::chrono::seconds kRenewDeadline{10};  // not renewed for so long: we stop, well before that
inline constexpr std::chrono::seconds kRenewPeriod{2};

struct LeaseView {
  std::string holder;  // empty: given up
  std::int64_t transitions = 0;
  std::string renew_time;
  std::string resource_version;
  bool operator==(const LeaseView&) const = default;
};
[[nodiscard]] LeaseView lease_view(const Json& lease);

enum class LeaderAction { create, take, renew, wait };
// `unchanged_since`: when, by our own clock, the Lease was first seen as it is.
[[nodiscard]] LeaderAction decide(const std::optional<LeaseView>& lease, const std::string& self,
                                  Steady unchanged_since, Steady now);

// turn() on one thread; the questions from any.
class Leadership {
 public:
  // `identity` is this process's alone: a restarted one must not take itself for its predecessor.
  Leadership(kube::Client& client, kube::Pacer& pacer, const Clock& clock, Log& log, std::string identity);

  // Looks at the Lease and does what is due. To be called every kRenewPeriod.
  void turn(const std::stop_token& stop);
  // Gives the Lease up, so that another one need not wait until it expires.
  void give_up();

  // By the monotonic clock, at this instant: a process that slept finds out before it does anything.
  [[nodiscard]] bool is_leader() const;
  [[nodiscard]] std::int64_t term() const;

 private:
  void write(LeaderAction action, const LeaseView& seen, Steady started, const std::stop_token& stop);
  void hold(std::int64_t term, Steady until);
  [[nodiscard]] Json spec_for(std::int64_t transitions, bool taken) const;

  kube::Client& client_;
  kube::Pacer& pacer_;
  const Clock& clock_;
  Log& log_;
  std::string identity_;
  std::optional<LeaseView> seen_;
  Steady seen_since_{};
  mutable std::mutex mutex_;
  std::int64_t term_ = 0;
  Steady valid_until_{};  // the epoch: not the leader
};

// `client` with the rule that writes need the lead: without it they fail as cancelled and nothing is sent.
[[nodiscard]] std::unique_ptr<kube::Client> guarded(kube::Client& client, const Leadership& leadership);

}  // namespace migrate::controller
