// What the tests of the product have in common: a namespace in which migrations are allowed, a consumer under load in
// it, kubectl-migrate as users call it, and what is asked afterwards: is the state whole, is anything left behind.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "test/e2e/orders.h"
#include "test/harness/background.h"
#include "test/harness/cluster.h"

namespace harness {

inline constexpr const char* kBrokerSecret = "rabbitmq";

// The exit code, or 128 + the signal.
[[nodiscard]] int code_of(const migrate::Completed& completed);
// All that it printed and how it ended, for messages.
[[nodiscard]] std::string text_of(const migrate::Completed& completed);

// A namespace with the product's rights in it, and the broker's Secret, which the controller may read.
class Stage {
 public:
  explicit Stage(const std::string& name);

  [[nodiscard]] const Cluster& cluster() const { return cluster_; }
  [[nodiscard]] const Namespace& ns() const { return ns_; }
  // `kubectl-migrate WORDS… -n NAMESPACE`, whatever its exit code.
  [[nodiscard]] migrate::Completed plugin(const Words& words) const;
  // The same beside the test, its standard output in a file of its own.
  [[nodiscard]] Words plugin_words(const Words& words) const;
  [[nodiscard]] nlohmann::json migration(const std::string& name) const;
  // Waits for one of the final phases, or for the doubt.
  [[nodiscard]] nlohmann::json await_end(const std::string& name,
                                         std::chrono::seconds limit = std::chrono::seconds{180}) const;
  [[nodiscard]] nlohmann::json pod(const std::string& name) const;

  // The Migration, the Pods, events, and what the product's programs logged about it, for whoever reads a failure.
  [[nodiscard]] std::string report(const std::string& migration) const;
  // Throws with `what` and the report.
  [[noreturn]] void fail(const std::string& what, const std::string& migration) const;
  void require(bool condition, const std::string& what, const std::string& migration) const;
  // eventually(), with the report when it gives up.
  void await(const std::string& what, const std::string& migration, const std::function<bool()>& check,
             std::chrono::seconds limit = std::chrono::seconds{120}) const;

  // Waits until nothing is left of a migration that is over; fails with what is.
  void check_nothing_left(const std::string& migration) const;
  // The same of one that is gone itself.
  void check_nothing_left(const std::string& migration, const std::string& uid) const;

 private:
  Cluster cluster_;
  Namespace ns_;
};

// What a migration that is over has left, a line for each thing: Pods of ours, folders of its uid on the nodes, state
// folders of Pods that are gone, paused tasks. Empty: nothing.
[[nodiscard]] std::string leftovers(const Cluster& cluster, const std::string& ns, const std::string& uid);

// How many messages a consumer may meet again by a migration: so many as it has told, or by `stop`, which tells
// nothing, what was delivered and not acknowledged when it was frozen. The way back into a name is one more `stop`.
[[nodiscard]] std::uint64_t repeats_allowed(const nlohmann::json& object, int prefetch);

// What an instance has said of orders, without a line that was cut off where its log was.
[[nodiscard]] std::string whole_lines(const std::string& log);

// A consumer under load on a stage. Its instances' logs are followed, as a source's Pod, and with it its log, is
// removed by the product.
class Scene {
 public:
  explicit Scene(const std::string& ns, int ballast_mib = 0);
  // One of several on a stage, with a queue of its own.
  Scene(std::shared_ptr<const Stage> stage, const Orders& first, const std::string& lane);

  [[nodiscard]] const Stage& stage() const { return *stage_; }
  [[nodiscard]] const Cluster& cluster() const { return stage_->cluster(); }
  [[nodiscard]] const Orders& orders() const { return orders_; }

  // A Pod that may be migrated, with queue and broker named in its annotations.
  [[nodiscard]] static ConsumerSpec consumer_on(const std::string& node);
  void start(const ConsumerSpec& consumer, const ProducerSpec& load = {.per_second = 20, .producers = 2, .count = 0});
  void start(const nlohmann::json& consumer, const ProducerSpec& load = {.per_second = 20, .producers = 2, .count = 0});
  // The consumer is a Pod that is there, a set's.
  void adopt(const std::string& pod, const ProducerSpec& load);

  // The instance at work.
  [[nodiscard]] const std::string& consumer() const { return consumer_; }
  [[nodiscard]] const std::string& node() const { return node_; }
  [[nodiscard]] std::uint64_t handled() const;
  [[nodiscard]] std::uint64_t sent() const;  // so many has its load
  // How many instances' logs have been followed, the one at work being the last; and when one of them handled its last
  // order, by its log, in microseconds since 1970 (0: none).
  [[nodiscard]] std::size_t instances() const { return logs_.size(); }
  [[nodiscard]] std::int64_t last_handled(std::size_t instance) const;
  // How many it has met again, and knew; with a memory that moves the number moves too.
  [[nodiscard]] std::uint64_t repeats() const;
  void wait_for_more(std::uint64_t orders) const;
  // The other one of the two nodes that consumers live on; the broker is on the third.
  [[nodiscard]] std::string other_node() const { return node_ == "node-a" ? "node-b" : "node-a"; }

  // `kubectl-migrate CONSUMER WORDS… -o json`: must exit 0. Then follow(). Gives the Migration and what was told
  // meanwhile, with the account. `named`: instead of the consumer's name.
  struct Move {
    nlohmann::json migration;
    std::string told;
  };
  Move move(const Words& words, const Words& named = {});
  // While it lasts, its shadows that are to come back into their source's name are looked for: their logs are gone with
  // them. For moves that begin otherwise than by move(); to be ended before follow().
  [[nodiscard]] std::jthread follow_shadows();
  // A migration has succeeded: its target is the consumer now. Checks it and that it goes on.
  void follow(const nlohmann::json& migration);
  // A migration was rolled back: the consumer is the Pod it was, has not restarted, and goes on.
  void check_runs_on(const std::string& migration) const;
  // A migration that kept the name has been deleted, whatever it had done: who has the name now is the consumer.
  // Checks it and that it goes on.
  void follow_name();

  // Ends the load and lets the audit judge. `undisturbed` as of Orders.
  [[nodiscard]] Verdict judge(const std::optional<Span>& undisturbed = std::nullopt);

 private:
  void await_ready(const std::string& migration) const;
  void watch_instance();
  void watch_log(const std::string& pod, const std::string& uid);
  void watch_shadows(const std::string& pod, const std::stop_token& stop);
  void check_state(const std::string& migration) const;

  std::shared_ptr<const Stage> stage_;
  Orders orders_;
  migrate::test::TemporaryFolder folder_;
  std::string consumer_;
  std::string node_;
  std::string uid_;
  bool applies_repeats_ = false;  // an application without idempotency
  bool keeps_name_ = false;       // a StatefulSet's Pod
  std::deque<Background> logs_;
};

}  // namespace harness
