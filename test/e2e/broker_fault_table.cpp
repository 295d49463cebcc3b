#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "test/e2e/broker_faults.h"
#include "test/e2e/broker_side.h"
#include "test/e2e/row_hold.h"

namespace harness {
namespace {

using Json = nlohmann::json;
using migrate::Phase;
using Site = BrokerFaultSite;

constexpr const char* kLimit = "test-short";
constexpr const char* kUser = "test-few-rights";
constexpr const char* kKey = "test-further";

const Cluster& cluster_of(const Site& site) {
  return site.scene.cluster();
}

void undo_later(Site& site, std::function<void()> undo) {
  site.undo.push_back(std::make_unique<Undo>(std::move(undo)));
}

// The user whom the namespace's Secret names may declare nothing of ours.
void take_rights(Site& site) {
  const Cluster& cluster = cluster_of(site);
  const std::string ns = site.scene.stage().ns().name();
  make_broker_user(cluster, kUser, "^test-nothing$");
  set_broker_user(cluster, ns, kUser);
  undo_later(site, [&cluster, ns] {
    set_broker_user(cluster, ns, "guest");
    management(cluster, "DELETE", std::string("/users/") + kUser);
  });
}

// Of so few messages that a replay is beyond it at once.
void limit(Site& site, const std::string& kind) {
  const Cluster& cluster = cluster_of(site);
  const std::string path = fmt::format("/{}/%2F/{}", kind, kLimit);
  undo_later(site, [&cluster, path] { management(cluster, "DELETE", path); });
  management(
      cluster, "PUT", path,
      Json{{"pattern", R"(^ms2m\.replay\.)"}, {"apply-to", "queues"}, {"definition", {{"max-length", 3}}}}.dump());
}

// Its exchange gives every queue everything once, so that nothing of the audit's is changed by it.
void bind_queue_further(Site& site) {
  const Cluster& cluster = cluster_of(site);
  const std::string queue = site.scene.orders().queue();
  undo_later(site, [&cluster, queue] { unbind(cluster, queue, kKey); });
  bind_further(cluster, queue, kKey);
}

void stop_it(Site& site) {
  site.hold = stop_replaying(cluster_of(site), site.migration);
}

void stop_it_for_good(Site& site) {
  stop_it(site);
  site.hold_to_the_end = true;
}

void cut_management(Site& site) {
  site.hold = cut_management_off(cluster_of(site));
  site.hold_to_the_end = true;
}

// The broker lists a consumer some seconds after it has come; so they are looked up while the door is shut.
void look_up_connections(Site& site) {
  const auto mirror = site.migration.at("status").at("messages").at("mirror").get<std::string>();
  for (const std::string& queue : {site.scene.stage().ns().name(), mirror})
    for (const std::string& one : consuming_connections(cluster_of(site), queue))
      site.connections.push_back(one);
  stop_it(site);
}

// Of one that takes the source's place: nobody consumes the queue itself.
void look_up_targets_connections(Site& site) {
  const auto mirror = site.migration.at("status").at("messages").at("mirror").get<std::string>();
  site.connections = consuming_connections(cluster_of(site), mirror);
  site.hold = stop_process(cluster_of(site), target_application(site.migration));
}

void close_connections(Site& site) {
  for (const std::string& one : site.connections)
    close_connection(cluster_of(site), one);
}

void restart_it(Site& site) {
  const Cluster& cluster = cluster_of(site);
  undo_later(site, [&cluster] { wait_for_broker(cluster); });
  restart_broker(cluster);
}

// From the node: inside, the kernel keeps a container's first process from it.
void kill_it(Site& site) {
  const ProductProcess victim = target_application(site.migration);
  if (!send_signal(cluster_of(site), victim, "KILL"))
    site.scene.stage().fail(fmt::format("Pod {} has no process orders-consumer to be killed", victim.pod), site.name);
}

// What holds the room until the name is free. Its end ends the migration, as long as that is not committed.
void delete_placeholder(Site& site) {
  const auto placeholder = site.migration.at("status").at("placeholder").get<std::string>();
  cluster_of(site).kubectl(
      {"-n", site.scene.stage().ns().name(), "delete", "pod", placeholder, "--force", "--grace-period=0"});
}

BrokerRow rights_missing() {
  return {"the broker's user may not declare the mirror",
          {Phase::refused},
          std::string("user ") + kUser + " needs the right to configure queue ms2m.replay.",
          take_rights};
}

BrokerRow connections_cut() {
  return {"the connections of source and shadow are closed while it replays",
          {Phase::succeeded},
          "",
          {},
          Phase::replaying,
          look_up_connections,
          close_connections};
}

BrokerRow killed_while_replaying() {
  return {"the shadow's process is killed while it replays",
          {Phase::rolled_back},
          "ended while it replayed",
          {},
          Phase::replaying,
          stop_it,
          kill_it};
}

// Where the source ends before the target is restored.
std::vector<BrokerRow> sequential_rows() {
  BrokerRow rights = rights_missing();
  rights.name += ", sequential";
  // START_REPLAY is where the source would read it first, once it is thawed.
  BrokerRow taken_back{"the placeholder is deleted when START_REPLAY waits in the source's control queue, sequential",
                       {Phase::rolled_back},
                       "was deleted meanwhile",
                       {},
                       Phase::committing,
                       delete_placeholder};
  taken_back.keep_name = true;
  std::vector<BrokerRow> rows{
      std::move(rights),
      {"an operator limits the mirror while the archives travel, sequential",
       {Phase::rolled_back},
       std::string("operator policy ") + kLimit + " of the broker",
       {},
       Phase::transferring,
       [](Site& site) { limit(site, "operator-policies"); }},
      {"the queue is bound further while the archives travel, sequential",
       {Phase::rolled_back},
       std::string("with key ") + kKey + " while it was mirrored",
       {},
       Phase::transferring,
       bind_queue_further},
      {"the broker is restarted when the source is to be frozen, sequential",
       {Phase::rolled_back, Phase::succeeded},
       "rabbitmq.rabbitmq:",
       {},
       Phase::freezing,
       restart_it},
      {"the management API does not answer when the source is to be frozen, sequential",
       {Phase::rolled_back},
       "rabbitmq.rabbitmq:15672",
       {},
       Phase::freezing,
       cut_management},
      std::move(taken_back),
      // The source has ended: there is only forward. What is left to be done is asked by AMQP alone.
      {"the management API does not answer while the target is restored and replays, sequential",
       {Phase::succeeded},
       "",
       {},
       Phase::restoring,
       cut_management},
      {"the broker is restarted while the target is restored, sequential",
       {Phase::succeeded},
       "",
       {},
       Phase::restoring,
       restart_it},
      {"the broker is restarted while the target replays, sequential",
       {Phase::succeeded},
       "",
       {},
       Phase::switching,
       restart_it},
      {"the target's connections are closed while it replays, sequential",
       {Phase::succeeded},
       "",
       {},
       Phase::switching,
       look_up_targets_connections,
       close_connections},
  };
  for (BrokerRow& row : rows)
    row.strategy = migrate::Strategy::sequential;
  return rows;
}

std::vector<BrokerRow> live_rows() {
  return {
      rights_missing(),
      {"a policy would limit the mirror",
       {Phase::refused},
       std::string("policy ") + kLimit + " of the broker",
       [](Site& site) { limit(site, "policies"); }},
      {"an operator limits the mirror while it replays",
       {Phase::rolled_back},
       std::string("operator policy ") + kLimit + " of the broker",
       {},
       Phase::replaying,
       [](Site& site) { limit(site, "operator-policies"); }},
      {"the queue is bound further while it replays",
       {Phase::rolled_back},
       std::string("with key ") + kKey + " while it was mirrored",
       {},
       Phase::replaying,
       bind_queue_further},
      connections_cut(),
      {"the broker is restarted while the mirror is filled",
       {Phase::rolled_back, Phase::succeeded},
       "rabbitmq.rabbitmq:5672",
       {},
       Phase::mirroring,
       restart_it},
      {"the broker is restarted while it replays",
       {Phase::rolled_back, Phase::succeeded},
       "rabbitmq.rabbitmq:5672",
       {},
       Phase::replaying,
       stop_it,
       restart_it},
      {"the broker is restarted while the source is frozen",
       {Phase::rolled_back, Phase::succeeded},
       "rabbitmq.rabbitmq:5672",
       {},
       Phase::draining,
       restart_it},
      // The source is committed and its memory replayed: there is only forward, however long it takes.
      {"the broker is restarted while the target goes over to the queue",
       {Phase::succeeded},
       "",
       {},
       Phase::switching,
       restart_it},
      {"the management API does not answer while it replays",
       {Phase::rolled_back},
       "rabbitmq.rabbitmq:15672",
       {},
       Phase::replaying,
       cut_management},
      {"the management API does not answer when the source is to be frozen",
       {Phase::rolled_back},
       "rabbitmq.rabbitmq:15672",
       {},
       Phase::freezing,
       cut_management},
      {"the shadow hangs while it replays",
       {Phase::rolled_back},
       "did not start replaying within",
       {},
       Phase::replaying,
       stop_it_for_good},
      killed_while_replaying(),
      // The rest was handled by it, and is gone with it; but the source is only frozen.
      {"the shadow's process is killed after the cut",
       {Phase::rolled_back},
       "ended while it replayed",
       {},
       Phase::draining,
       kill_it},
  };
}

}  // namespace

std::vector<BrokerRow> broker_rows() {
  std::vector<BrokerRow> rows = live_rows();
  for (BrokerRow& row : sequential_rows())
    rows.push_back(std::move(row));
  return rows;
}

std::vector<BrokerRow> quick_broker_rows() {
  return {rights_missing(), connections_cut(), killed_while_replaying()};
}

}  // namespace harness
