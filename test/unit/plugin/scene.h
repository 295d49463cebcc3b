// A command's surroundings in memory, and Migrations to show.
#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/broker_way.h"
#include "plugin/cluster.h"
#include "plugin/program.h"
#include "shared/migration/names.h"
#include "test/fakes/cluster.h"
#include "test/fakes/host.h"

namespace migrate::plugin {

using namespace std::chrono_literals;

// Waits take no time, so that a watch that is to be tried again is; chance is always the same.
class QuickPacer final : public kube::Pacer {
 public:
  std::chrono::steady_clock::time_point now() override { return std::chrono::steady_clock::now(); }
  bool sleep(std::chrono::milliseconds, const std::stop_token& stop) override { return !stop.stop_requested(); }
  double random() override { return chance; }
  double chance = 0;
};

// Time passes while somebody waits, and the rest of the world does something then.
class Stepping final : public kube::Pacer {
 public:
  std::function<void()> each = [] {};
  std::chrono::steady_clock::time_point now() override { return std::chrono::steady_clock::time_point{passed_}; }
  bool sleep(std::chrono::milliseconds span, const std::stop_token&) override {
    passed_ += span;
    each();
    return true;
  }
  double random() override { return 0; }

 private:
  std::chrono::milliseconds passed_{1h};
};

inline Instant at(std::chrono::microseconds since_noon) {
  return Instant{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}} + 12h + since_noon;
}

inline Step step(Phase phase, std::chrono::milliseconds from, std::optional<std::chrono::milliseconds> to = {},
                 std::string message = "") {
  Step made;
  made.name = to_string(phase);
  made.started = at(from);
  if (to) made.finished = at(*to);
  made.message = std::move(message);
  return made;
}

// Of Pod shop/orders, on its way from node-a to node-b, with the steps so far.
inline Migration migration_in(Phase phase, std::vector<Step> steps = {}) {
  Migration made;
  made.namespace_ = "shop";
  made.name = "orders-x7k2p";
  made.uid = "uid-orders-x7k2p";
  made.spec.pod = "orders";
  made.spec.pod_uid = "uid-orders";
  made.status.phase = phase;
  made.status.steps = std::move(steps);
  if (phase != Phase::pending) {
    made.status.source = {"orders", "uid-orders", "node-a"};
    made.status.target = {"orders-mig-ab12c", "uid-target", "node-b"};
    made.status.strategy = Strategy::stop;
    made.status.checkpoint = CheckpointBackend::direct;
    made.status.started = at(0ms);
  }
  if (is_final(phase)) made.status.finished = at(2'310ms);
  return made;
}

inline Migration succeeded() {
  Migration made = migration_in(
      Phase::succeeded, {step(Phase::preparing, 0ms, 12ms), step(Phase::placing, 12ms, 524ms),
                         step(Phase::freezing, 524ms, 544ms, "2 containers"), step(Phase::finishing, 544ms, 2'310ms)});
  made.status.gap = 812ms;
  made.status.freeze = 604ms;
  made.status.forecast_gap = 900ms;
  made.status.archives = {{"app", 104_MiB, "sha256:aa"}, {"volume/cache", 2_MiB, "sha256:bb"}};
  return made;
}

// Of one with replay, whose mirror was bound at 0.6 s.
inline MessagesStatus mirrored() {
  MessagesStatus messages;
  messages.queue = "orders";
  messages.mirror = "ms2m.replay.uid-orders-x7k2p";
  messages.control_queue = "ms2m.control.orders-mig-ab12c";
  messages.bound_at = at(600ms);
  messages.arrival_rate = 10.24;
  messages.service_rate = 19.8;
  messages.service_rate_from = RateSource::target;
  messages.backlog = {{at(700ms), 1}, {at(2'900ms), 34}};
  messages.cutoff_planned = 14'300ms;
  return messages;
}

inline Json with_status(const Migration& migration) {
  Json object = to_json(migration);
  object["metadata"]["uid"] = migration.uid;
  object["status"] = to_json(migration.status);
  return object;
}

// Nobody is to ask for a broker.
class NoWay final : public BrokerWay {
 public:
  Result<std::shared_ptr<broker::Broker>> reach(const broker::BrokerAddress&, const std::string&) override {
    return failure("no broker here");
  }
};

// Two streams that are no terminal, UTC, ASCII.
inline Io plain_io(std::ostream& out, std::ostream& err, const Clock& clock, kube::Pacer& pacer,
                   const bool& interrupted) {
  return {.out = {out},
          .err = {err},
          .clock = clock,
          .pacer = pacer,
          .screen = [] { return ScreenSize{}; },
          .interrupted = [&interrupted] { return interrupted; },
          .utc_offset = 0s,
          .is_unicode = false};
}

struct Scene {
  std::ostringstream out;
  std::ostringstream err;
  fakes::Clock clock;
  QuickPacer pacer;
  fakes::Cluster cluster;
  NoWay no_way;
  bool interrupted = false;
  Io io = plain_io(out, err, clock, pacer, interrupted);

  // Namespace shop, enabled, with the running Pod orders on node-a of two nodes.
  Scene() {
    clock.time = at(0ms);
    cluster.put(kube::core("namespaces", "", "shop"), {{"metadata", {{"labels", {{kEnabledLabel, "true"}}}}}});
    cluster.put(kube::core("nodes", "", "node-a"), Json::object());
    cluster.put(kube::core("nodes", "", "node-b"), Json::object());
    cluster.put(kube::pod("shop", "orders"), {{"spec", {{"nodeName", "node-a"}}}, {"status", {{"phase", "Running"}}}});
  }

  int run(const std::vector<std::string>& arguments) {
    const auto options = parse(arguments);
    BOOST_REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
    const Session session{io, cluster,
                          options->connection.namespace_.empty() ? "shop" : options->connection.namespace_};
    return run_command(session, *options, no_way);
  }
  void put(const Migration& migration) {
    cluster.put(migrations(migration.namespace_, migration.name), with_status(migration));
  }
  void then(const Migration& migration) {
    cluster.then_becomes(migrations(migration.namespace_, migration.name), with_status(migration));
  }
};

inline std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

inline void check_says(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, "\"" << part << "\" is not in: " << text);
}

}  // namespace migrate::plugin
