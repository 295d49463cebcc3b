// A whole migration with everything around it in memory: API server, two nodes' agents, broker, time.
#pragma once

#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "extender/controller/engine.h"
#include "extender/controller/journal.h"
#include "shared/migration/names.h"
#include "test/fakes/broker.h"
#include "test/unit/controller/fake_agent.h"
#include "test/unit/controller/fake_cluster.h"
#include "test/unit/controller/samples.h"

namespace migrate::controller {

class QuietLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, const LogFields& fields) override {
    std::string line{message};
    for (const auto& [key, value] : fields)
      if (key == "message" || key == "error") line.append(" ").append(key).append("=").append(value);
    const std::lock_guard lock{mutex_};
    lines.push_back(std::move(line));
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const std::string& line : lines)
      all += line + "\n";
    return all;
  }
  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

class CountingMetrics final : public Metrics {
 public:
  void phase_took(Phase, Microseconds) override { ++phases; }
  void step_failed(Phase) override { ++failures; }
  void migration_began() override { ++began; }
  void migration_ended(Phase) override { ++ended; }
  void moved(Microseconds, Microseconds, Bytes) override { ++moves; }
  void forecast(const MigrationStatus& status) override { forecasts.push_back(status); }
  void leads(bool) override {}
  void stands(const std::string& migration, Instant, Phase phase) override {
    const std::lock_guard lock{mutex_};
    places_[migration] = phase;
  }
  void gone(const std::string& migration) override {
    const std::lock_guard lock{mutex_};
    places_.erase(migration);
  }
  // As it was told last.
  [[nodiscard]] std::optional<Phase> place_of(const std::string& migration) const {
    const std::lock_guard lock{mutex_};
    const auto found = places_.find(migration);
    if (found == places_.end()) return std::nullopt;
    return found->second;
  }
  void mirror_holds(const std::string& migration, std::uint64_t messages) override { mirrors[migration] = messages; }
  void mirror_left(const std::string& migration) override { mirrors.erase(migration); }
  void replayed(Strategy, const MessagesStatus& messages) override { replays.push_back(messages); }
  std::map<std::string, std::uint64_t> mirrors;
  std::vector<MessagesStatus> replays;
  std::vector<MigrationStatus> forecasts;
  int phases = 0;
  int failures = 0;
  int began = 0;
  int ended = 0;
  int moves = 0;

 private:
  mutable std::mutex mutex_;  // the watch has a thread of its own
  std::map<std::string, Phase> places_;
};

class RecordedEvents final : public EventRecorder {
 public:
  void record(const Migration&, const std::string& kind, bool, const std::string& reason, const std::string&) override {
    if (kind == "Migration") reasons.push_back(reason);
  }
  std::vector<std::string> reasons;
};

inline std::vector<std::string> names_of(const std::vector<Step>& steps) {
  std::vector<std::string> names;
  names.reserve(steps.size());
  for (const Step& one : steps)
    names.push_back(one.name);
  return names;
}

struct Scene : Agents, Brokers {
  fakes::Time time;
  fakes::Cluster cluster{time};
  fakes::Agent source{time, "node-a"};
  fakes::Agent target{time, "node-b"};
  std::shared_ptr<migrate::fakes::FakeBroker> broker = std::make_shared<migrate::fakes::FakeBroker>();
  QuietLog log;
  CountingMetrics metrics;
  RecordedEvents events;
  Leadership leadership{cluster, time, time, log, "me"};
  std::unique_ptr<kube::Client> client = guarded(cluster, leadership);
  SpeedBook speeds;
  World world{*client, time, time, time, *this, *this, events, metrics, log, leadership, speeds, {}};
  Signals* at_work = nullptr;
  std::stop_source* leave = nullptr;
  std::string place_on = "node-b";  // empty: the scheduler finds no place
  std::set<std::string> unreported;
  std::function<void(NodeFacts&)> report;  // what is another of a node than usual
  bool background_fails = false;           // what goes on beside the phases finds no broker
  std::function<void()> on_connect;        // to the broker

  Lookup<NodeFacts> facts(const std::string& node) override {
    if (unreported.contains(node)) return std::nullopt;
    NodeFacts known = samples::facts(node, now());
    known.restore_via_create = true;
    if (report) report(known);
    return known;
  }
  Result<std::shared_ptr<agent::AgentApi>> agent(const std::string& node) override {
    return std::shared_ptr<agent::AgentApi>(std::shared_ptr<void>{}, node == "node-a" ? &source : &target);
  }
  Result<std::shared_ptr<broker::Broker>> connect(const broker::BrokerAddress&) override {
    if (on_connect) on_connect();
    if (background_fails && time.is_ticking()) return failure("connection refused");
    return broker;
  }

  explicit Scene(bool keep_name = false) {
    Migration migration = samples::migration();
    migration.spec.keep_name = keep_name;
    cluster.put(path(), object_of(migration));
    cluster.put(pod("orders"), samples::pod());
    for (const char* node : {"node-a", "node-b"}) {
      cluster.put(kube::core("nodes", "", node), Json::object());
      cluster.put({"coordination.k8s.io", "v1", "leases", "kube-node-lease", node, ""},
                  {{"spec", {{"renewTime", "2030-01-01T00:00:00.000000Z"}}}});
    }
    cluster.put(kube::core("namespaces", "", "shop"), {{"metadata", {{"labels", {{kEnabledLabel, "true"}}}}}});
    cluster.on_admit = [](const kube::ResourcePath& where, Json& object) {
      if (where.plural == "pods") inject_token(object);
    };
    cluster.on_create = [this](const kube::ResourcePath& where, Json& object) {
      if (where.plural == "pods") place(object);
    };
    for (fakes::Agent* agent : {&source, &target})
      agent->after = [this, agent](const std::string& what) {
        if ((what == "release" || what == "restore") && agent->outcome == agent::RestoreState::used) run_containers();
      };
    leadership.turn({});
    time.on_pass = [this] { leadership.turn({}); };
  }

  static kube::ResourcePath pod(const std::string& name) { return kube::pod("shop", name); }
  static kube::ResourcePath path() { return migration_path("shop", "orders-1"); }
  static Json object_of(const Migration& migration) {
    Json object = to_json(migration);
    object["metadata"]["uid"] = migration.uid;
    object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z";
    return object;
  }
  [[nodiscard]] Instant now() const { return static_cast<const Clock&>(time).now(); }

  // Its Pod's user says which queue it consumes, and where the broker is.
  void name_queue() {
    cluster.change(pod("orders"), [](Json& object) {
      object["metadata"]["annotations"][kQueueAnnotation] = "orders";
      object["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
    });
    cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
  }

  // As the admission plugin ServiceAccount does.
  static void inject_token(Json& object) {
    Json& spec = object["spec"];
    spec["volumes"].push_back({{"name", "kube-api-access-new1"}, {"projected", {{"sources", Json::array()}}}});
    for (Json& container : spec["containers"])
      container["volumeMounts"].push_back(
          {{"name", "kube-api-access-new1"}, {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}});
  }
  void place(Json& object) const {
    const std::string node =
        object["metadata"]["name"] == "orders-mig-hold" || place_on.empty() ? place_on : wanted_node();
    if (node.empty())
      object["status"]["conditions"] = {
          {{"type", "PodScheduled"}, {"status", "False"}, {"message", "0/2 nodes are available: too small"}}};
    else
      object["spec"]["nodeName"] = node;
    object["status"]["phase"] = "Pending";
    object["status"]["containerStatuses"] = {
        {{"name", "app"}, {"state", {{"waiting", {{"reason", "RunContainerError"}}}}}}};
  }
  // As the extender does: where the record says.
  [[nodiscard]] std::string wanted_node() const { return next_node.empty() ? place_on : next_node; }
  std::string next_node;

  bool containers_ready = true;  // as soon as they run
  void run_containers() {
    for (const std::string& name : cluster.names("pods"))
      cluster.change(pod(name), [this](Json& object) {
        if (!object["metadata"].value("annotations", Json::object()).contains(kRestoreAnnotation)) return;
        object["status"]["phase"] = "Running";
        object["status"]["conditions"] = {
            {{"type", "PodScheduled"}, {"status", "True"}},
            {{"type", "ContainersReady"}, {"status", containers_ready ? "True" : "False"}}};
        object["status"]["containerStatuses"] = {{{"name", "app"}, {"state", {{"running", Json::object()}}}}};
      });
  }

  // Once: until it ends, is left, or waits. True: it is to be taken up again soon, by the next controller perhaps.
  bool once() {
    std::stop_source stop;
    Signals signals{stop.get_token()};
    at_work = &signals;
    leave = &stop;
    const auto again = drive(world, signals, "shop", "orders-1");
    at_work = nullptr;
    leave = nullptr;
    if (again) time.pass(std::min(*again, std::chrono::milliseconds{60'000}));
    return stop.stop_requested() || (again && *again < std::chrono::minutes{1});
  }
  MigrationStatus run(int most = 30) {
    while (most-- > 0 && once()) {
    }
    return status();
  }
  [[nodiscard]] Migration migration() const {
    auto parsed = parse_migration(cluster.look(path()).value());
    BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
    return *parsed;
  }
  [[nodiscard]] MigrationStatus status() const { return migration().status; }

  // As a person does it, and as the watch tells it.
  void edit(const std::function<void(Json& object)>& how) {
    cluster.change(path(), how);
    if (at_work != nullptr) at_work->tell(migration());
  }
  void abort() {
    edit([](Json& object) { object["spec"]["abort"] = true; });
  }
  void die() const {
    if (leave != nullptr) leave->request_stop();
  }

  // Nothing is left but the source, which runs.
  void check_rolled_back() const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "RolledBack", now.reason + ": " + now.message + "\n" + log.text());
    BOOST_CHECK(source.record.state == agent::SourceState::none || source.record.state == agent::SourceState::thawed);
    check_clean({"orders"});
    BOOST_TEST(cluster.look(pod("orders")).value()["metadata"]["uid"] == "uid-source");
  }
  void check_succeeded(const std::string& name) const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "Succeeded", now.reason + ": " + now.message + "\n" + log.text());
    BOOST_CHECK(source.record.state == agent::SourceState::committed);
    check_clean({name});
    const Json pod_now = cluster.look(pod(name)).value_or(Json::object());
    BOOST_TEST(text_at(pod_now, {"metadata", "uid"}) != "uid-source");
    BOOST_TEST(!has(pod_now, {"metadata", "annotations", kRestoreAnnotation}));
    BOOST_TEST(!has(pod_now, {"metadata", "labels", kMigrationLabel}));
  }
  void check_clean(const std::vector<std::string>& pods) const {
    BOOST_TEST(cluster.names("pods") == pods, boost::test_tools::per_element());
    BOOST_TEST(!source.has_archives);
    BOOST_TEST(!target.has_archives);
    BOOST_TEST(!migration().has_finalizer);
  }
};

}  // namespace migrate::controller
