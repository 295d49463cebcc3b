// Who of the replicas drives the migrations: leader election by a Lease, as client-go does it, and the promise that
// who is not the leader any more writes nothing. The term is the Lease's leaseTransitions; agents refuse older ones.
//
// Terms only grow, also when somebody deletes the Lease, which would begin with 1 again: whoever makes or takes it goes
// on behind the newest that it knows. One that has just come up may know none; then agents refuse its orders and tell
// theirs, and it raises its Lease above that. Only the holder does, by a write that fails when the Lease has changed
// since it was read: so an old leader cannot.
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
// leaseTransitions is an int32: an agent that lies must not use it up.
inline constexpr std::int64_t kMostBelieved = 1'000'000'000;

struct LeaseView {
  std::string holder;  // empty: given up
  std::int64_t transitions = 0;
  std::string renew_time;
  std::string resource_version;
  bool operator==(const LeaseView&) const = default;
};
[[nodiscard]] LeaseView lease_view(const Json& lease);

enum class LeaderAction { create, take, renew, wait };
// `last`: the Lease as it was seen last, which may be gone by now; `unchanged_since`: when, by our own clock, it was
// first seen so.
[[nodiscard]] LeaderAction decide(const std::optional<LeaseView>& lease, const std::optional<LeaseView>& last,
                                  const std::string& self, Steady unchanged_since, Steady now);

// turn() on one thread; the questions from any.
class Leadership {
 public:
  // `identity` is this process's alone: a restarted one must not take itself for its predecessor.
  Leadership(kube::Client& client, kube::Pacer& pacer, const Clock& clock, Log& log, std::string identity);

  // Looks at the Lease and does what is due. To be called every kRenewPeriod.
  void turn(const std::stop_token& stop);
  // An agent has refused an order as stale, and has seen this term. From any thread.
  void heard(std::int64_t term);
  // Gives the Lease up, so that another one need not wait until it expires.
  void give_up();

  // By the monotonic clock, at this instant: a process that slept finds out before it does anything.
  [[nodiscard]] bool is_leader() const;
  [[nodiscard]] std::int64_t term() const;

 private:
  void write(LeaderAction action, const LeaseView& seen, Steady started, const std::stop_token& stop);
  void hold(std::int64_t term, Steady until);
  void know(std::int64_t term);
  [[nodiscard]] std::int64_t newest() const;
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
  std::int64_t newest_ = 0;  // of all that this replica knows
  Steady valid_until_{};     // the epoch: not the leader
};

// `client` with the rule that writes need the lead: without it they fail as cancelled and nothing is sent.
[[nodiscard]] std::unique_ptr<kube::Client> guarded(kube::Client& client, const Leadership& leadership);

}  // namespace migrate::controller
