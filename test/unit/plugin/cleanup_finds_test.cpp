// What is left over and what is not: one object of a Migration that is gone at a time, and what is done about it.
#include "plugin/cleanup_finds.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <functional>
#include <optional>

#include "plugin/cleanup_broker.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

namespace data = boost::unit_test::data;

constexpr const char* kGone = "uid-gone";
constexpr const char* kLive = "uid-live";

Json migration(const std::string& uid, const std::string& namespace_ = "shop") {
  return {{"metadata", {{"name", "m-" + uid}, {"namespace", namespace_}, {"uid", uid}, {"resourceVersion", "5"}}},
          {"spec", {{"pod", {{"name", "orders"}, {"uid", "uid-orders"}}}}}};
}

Json pod(const std::string& name, const std::string& restored_for = "") {
  Json made = {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", "uid-" + name}, {"resourceVersion", "7"}}},
               {"spec", Json::object()},
               {"status", {{"phase", "Pending"}}}};
  if (restored_for.empty()) return made;
  made["metadata"]["annotations"][kRestoreAnnotation] = restored_for;
  made["metadata"]["labels"][kMigrationLabel] = "m";
  made["metadata"]["managedFields"] = Json::array({{{"manager", "kubectl-migrate"}}});
  return made;
}

Json target(const std::string& restored_for = kGone) {
  return pod("orders-mig-ab12c", restored_for);
}

// As `kubectl get -o yaml | kubectl apply` makes another of a target.
Json copied(Json pod, const char* without) {
  if (std::string_view(without) == "managedFields")
    pod["metadata"]["managedFields"] = Json::array({{{"manager", "kubectl-client-side-apply"}}});
  else
    pod["metadata"].erase(without);
  return pod;
}

Json in_state(Json pod, const char* state, const Json& of = Json::object()) {
  pod["status"]["containerStatuses"] = Json::array({{{"name", "main"}, {"state", {{state, of}}}}});
  return pod;
}

Json running(Json pod) {
  return in_state(std::move(pod), "running");
}

Json shadow(bool has_taken_over) {
  Json made = running(target());
  made["spec"]["readinessGates"] = Json::array({{{"conditionType", kLiveGate}}});
  if (has_taken_over) made["status"]["conditions"] = Json::array({{{"type", kLiveGate}, {"status", "True"}}});
  return made;
}

const Json kSet = Json::parse(R"({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "orders", "uid": "uid-set",
                                  "controller": false, "blockOwnerDeletion": true})");

Json owner(const std::string& uid) {
  return {{"apiVersion", kApiVersion}, {"kind", "Migration"}, {"name", "m"}, {"uid", uid}, {"controller", true}};
}

Json owned(Json object, const std::vector<Json>& owners) {
  object["metadata"]["ownerReferences"] = owners;
  return object;
}

Json written_by(Json pod, const char* manager) {
  pod["metadata"]["managedFields"] = Json::array(
      {{{"manager", manager},
        {"fieldsV1", {{"f:metadata", {{"f:ownerReferences", {{R"(k:{"uid":"uid-set"})", Json::object()}}}}}}}}});
  return pod;
}

Json with_finalizers(Json object) {
  object["metadata"]["finalizers"] = {"other/x", kFinalizer};
  return object;
}

Json deleting(Json object) {
  object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  return object;
}

Json secret(const std::string& name, const std::string& uid, const char* type = "kubernetes.io/dockerconfigjson") {
  return owned({{"type", type}, {"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", "uid-secret"}}}},
               {owner(uid)});
}

NodeFacts node(const HeldMigration& held, const std::string& name = "node-a") {
  NodeFacts facts;
  facts.node = name;
  facts.held = {held};
  return facts;
}

// Its agent has nothing of anybody, and says so.
NodeFacts idle_node() {
  NodeFacts facts;
  facts.node = "node-c";
  return facts;
}

NodeFacts silent(NodeFacts facts) {
  facts.heartbeat = Instant{} - kHeartbeatLimit;
  return facts;
}

Json settled(Json pod) {
  pod["metadata"]["annotations"][kRestoredForAnnotation] = kGone;
  pod["metadata"]["managedFields"] = Json::array({{{"manager", "kubectl-migrate"}}});
  return pod;
}

// "kind/name: what it becomes", "kind/name is a person's to decide about".
std::vector<std::string> words_of(const Findings& found) {
  std::vector<std::string> words;
  for (const Leftover& one : found.leftovers)
    words.push_back(one.kind + "/" + one.name + ": " + one.done);
  for (const LeftAlone& one : found.alone)
    words.push_back(one.kind + "/" + one.name + " is a person's to decide about");
  return words;
}

Findings find(const Inventory& seen) {
  const MigrationsKnown known{seen};
  Findings found = find_left_objects(seen, known);
  found.add(find_left_records(seen, known));
  return found;
}

struct Row {
  const char* what;
  std::function<void(Inventory&)> has;
  std::vector<std::string> found;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.what; }
};

Row one_pod(const char* what, const Json& pod, std::vector<std::string> found = {}) {
  return {what, [pod](Inventory& seen) { seen.pods = {pod}; }, std::move(found)};
}

Row shadow_with_record(const char* what, const char* record, std::vector<std::string> found) {
  return {what,
          [record](Inventory& seen) {
            seen.pods = {shadow(false)};
            seen.nodes = {node({kGone, "shop/m", record, "uid-of-no-pod"})};
          },
          std::move(found)};
}

// A target that has not run, or has, with what agents tell.
Row one_told(const char* what, const Json& pod, std::vector<NodeFacts> nodes, std::vector<std::string> found) {
  return {what,
          [pod, nodes](Inventory& seen) {
            seen.pods = {pod};
            seen.nodes = nodes;
          },
          std::move(found)};
}

Row one_held(const char* what, const HeldMigration& held, std::vector<std::string> found) {
  return {what, [held](Inventory& seen) { seen.nodes = {node(held)}; }, std::move(found)};
}

constexpr const char* kDeleted = "pod/orders-mig-ab12c: deleted";
constexpr const char* kSettled = "pod/orders-mig-ab12c: settled";
constexpr const char* kForgotten = "node/node-a: has forgotten shop/m";
constexpr const char* kNodeDecide = "node/node-a is a person's to decide about";
constexpr const char* kDecide = "pod/orders-mig-ab12c is a person's to decide about";

const std::vector<Row> kRows{
    one_pod("a Pod of somebody", pod("web")),
    one_pod("a target that waits", target(), {kDeleted}),
    one_pod("a target that was refused", in_state(target(), "terminated", {{"reason", "StartError"}}), {kDeleted}),
    one_pod("a target of a Migration that is there", target(kLive)),
    one_pod("a copy of a target that somebody else has made", copied(target(), "managedFields")),
    one_pod("one that has half of our marks", copied(target(), "labels")),
    one_pod("one that runs, of a Migration that is there", running(target(kLive))),
    one_pod("a target that runs", running(target()), {kSettled}),
    one_pod("one that has crashed since", in_state(target(), "terminated", {{"reason", "Error"}}), {kSettled}),
    one_pod("a placeholder", running(pod("orders-mig-hold", kGone)), {"pod/orders-mig-hold: deleted"}),
    one_pod("one that goes already", deleting(target())),
    one_pod("one whose finalizer is ours", with_finalizers(target()), {kDeleted}),
    one_pod("one that goes, but for our finalizer", deleting(with_finalizers(target())),
            {"pod/orders-mig-ab12c: released"}),
    one_pod("a shadow that has taken over", shadow(true), {kSettled}),
    one_pod("a shadow that nobody knows more about", shadow(false), {kDecide}),
    shadow_with_record("a shadow whose source runs again", "thawed", {kDeleted, "node/node-a: has forgotten shop/m"}),
    shadow_with_record("a shadow whose source ran on", "snapshotted", {kDeleted, kForgotten}),
    shadow_with_record("a shadow beside a record of nothing", "none", {kForgotten, kDecide}),
    one_told("a shadow whose source ran when its agent was last heard", shadow(false),
             {silent(node({kGone, "shop/m", "thawed", "uid-x"}))}, {kDecide, kNodeDecide}),
    one_told("a target whose source runs again", target(), {node({kGone, "shop/m", "thawed", "uid-x"})},
             {kDeleted, kForgotten}),
    one_told("and an agent is silent that is not the source's", target(),
             {node({kGone, "shop/m", "thawed", "uid-x"}), silent(idle_node())}, {kDeleted, kForgotten}),
    one_told("a target that a committed memory waits for", target(),
             {node({kGone, "shop/m", kHeldCommitted, "uid-x"}), node({kGone, "shop/m", "", ""}, "node-b")},
             {kDecide, kNodeDecide, "node/node-b is a person's to decide about"}),
    one_told("the same, in a state that is no start", in_state(target(), "waiting", {{"reason", "ImagePullBackOff"}}),
             {silent(node({kGone, "shop/m", kHeldCommitted, "uid-x"}))}, {kDecide, kNodeDecide}),
    one_told("a target of which its kubelet knows nothing any more",
             in_state(target(), "terminated", {{"reason", "ContainerStatusUnknown"}}),
             {node({kGone, "shop/m", kHeldCommitted, "uid-x"})}, {kDecide, kNodeDecide}),
    one_told("a target whose source is frozen", target(), {node({kGone, "shop/m", kHeldFrozen, "uid-x"})},
             {kDecide, kNodeDecide}),
    one_told("a target, and an agent is silent", target(), {idle_node(), silent(idle_node())}, {kDecide}),
    one_told("a target, and no agent has ever been heard", target(), {}, {kDecide}),
    {"a target, and nodes may not be looked at",
     [](Inventory& seen) {
       seen.pods = {target()};
       seen.nodes = {};
       seen.has_all_nodes = false;
     },
     {kDecide}},
    one_told("a placeholder, whatever is committed", pod("orders-mig-hold", kGone), {},
             {"pod/orders-mig-hold: deleted"}),
    one_told("what was committed works on", running(target()),
             {node({kGone, "shop/m", kHeldCommitted, "uid-x"}), node({kGone, "shop/m", "", ""}, "node-b")},
             {kSettled, kForgotten, "node/node-b: has forgotten shop/m"}),
    one_told("and was settled by an earlier run", settled(pod("orders")),
             {node({kGone, "shop/m", kHeldCommitted, "uid-x"})}, {kForgotten}),
    {"what a Migration that is there moves",
     [](Inventory& seen) {
       seen.pods = {owned(pod("orders"), {kSet, owner(kGone)}), running(target())};
       seen.migrations.front()["status"]["target"]["uid"] = "uid-orders-mig-ab12c";
     },
     {}},
    {"a Pod of another namespace than is looked at",
     [](Inventory& seen) {
       seen.namespace_ = "other";
       seen.pods = {target()};
     },
     {}},
    shadow_with_record("a shadow whose source was committed", kHeldCommitted,
                       {kSettled, "node/node-a: has forgotten shop/m"}),
    shadow_with_record("a shadow whose source is frozen", kHeldFrozen,
                       {kDecide, "node/node-a is a person's to decide about"}),
    shadow_with_record("a shadow with a record that cannot be read", kHeldUnreadable,
                       {kDecide, "node/node-a is a person's to decide about"}),
    one_pod("a source that is lent", owned(pod("orders-0"), {kSet, owner(kGone)}),
            {"pod/orders-0: given back to its set"}),
    one_pod("a source that is lent to one that is there", owned(pod("orders-0"), {kSet, owner(kLive)})),
    one_pod("lent by us, as the API server knows", written_by(owned(pod("orders-0"), {kSet}), "kubectl-migrate"),
            {"pod/orders-0: given back to its set"}),
    one_pod("a set's that somebody else has released", written_by(owned(pod("orders-0"), {kSet}), "other-tool")),
    one_pod("released by nobody knows whom", owned(pod("orders-0"), {kSet})),
    {"credentials of one that is gone",
     [](Inventory& seen) { seen.pull_secrets = {secret("kubectl-migrate-x", kGone)}; },
     {"secret/kubectl-migrate-x: deleted"}},
    {"credentials for a committed memory that nobody goes on with",
     [](Inventory& seen) {
       seen.pull_secrets = {secret("kubectl-migrate-x", kGone)};
       seen.nodes = {node({kGone, "shop/m", kHeldCommitted, "uid-x"})};
     },
     {"secret/kubectl-migrate-x is a person's to decide about", kNodeDecide}},
    {"credentials of one that is there",
     [](Inventory& seen) { seen.pull_secrets = {secret("kubectl-migrate-x", kLive)}; },
     {}},
    {"a Secret with another name", [](Inventory& seen) { seen.pull_secrets = {secret("registry", kGone)}; }, {}},
    {"a Secret of another type",
     [](Inventory& seen) { seen.pull_secrets = {secret("kubectl-migrate-x", kGone, "Opaque")}; },
     {}},
    one_held("archives of a target", {kGone, "shop/m", "", ""}, {"node/node-a: has forgotten shop/m"}),
    one_held("records of one that is there", {kLive, "shop/m", "thawed", ""}, {}),
    one_held("a source that ran on", {kGone, "shop/m", "thawed", "uid-x"}, {"node/node-a: has forgotten shop/m"}),
    one_held("a source that is frozen", {kGone, "shop/m", kHeldFrozen, "uid-x"},
             {"node/node-a is a person's to decide about"}),
    one_held("a committed source that is gone", {kGone, "shop/m", kHeldCommitted, "uid-x"}, {kNodeDecide}),
    {"a committed source whose Pod is there",
     [](Inventory& seen) {
       seen.pods = {pod("orders")};
       seen.nodes = {node({kGone, "shop/m", kHeldCommitted, "uid-orders"})};
     },
     {"node/node-a is a person's to decide about"}},
    {"of another namespace than is looked at",
     [](Inventory& seen) {
       seen.namespace_ = "other";
       seen.nodes = {node({kGone, "shop/m", "", ""})};
       seen.migrations.push_back(deleting(with_finalizers(migration("uid-stuck"))));
       seen.has_controller = false;
     },
     {}},
    {"a Migration that goes, and a controller that sees to it",
     [](Inventory& seen) { seen.migrations.push_back(deleting(with_finalizers(migration("uid-stuck")))); },
     {}},
    {"a Migration that goes, and nobody sees to it",
     [](Inventory& seen) {
       seen.has_controller = false;
       seen.migrations.push_back(deleting(with_finalizers(migration("uid-stuck"))));
       seen.pods = {target("uid-stuck")};
     },
     {kDeleted, "migration/m-uid-stuck: released"}},
    {"such a one, and its memory was committed",
     [](Inventory& seen) {
       seen.has_controller = false;
       seen.migrations.push_back(deleting(with_finalizers(migration("uid-stuck"))));
       seen.nodes = {node({"uid-stuck", "shop/m", kHeldCommitted, "uid-x"})};
     },
     {kNodeDecide, "migration/m-uid-stuck is a person's to decide about"}},
    {"a Migration without a controller that does not go",
     [](Inventory& seen) {
       seen.has_controller = false;
       seen.migrations.push_back(with_finalizers(migration("uid-waits")));
       seen.pods = {target("uid-waits")};
     },
     {}},
};

const Json& patch_in(const Findings& found) {
  BOOST_REQUIRE(!found.leftovers.empty());
  return std::get<ChangeObject>(found.leftovers.front().remedy).patch.at("metadata");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cleanup_finds)

BOOST_DATA_TEST_CASE(what_is_left_over, data::make(kRows), row) {
  Inventory seen;
  seen.migrations = {migration(kLive)};
  seen.nodes = {idle_node()};
  row.has(seen);
  BOOST_TEST(words_of(find(seen)) == row.found, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_object_goes_only_as_it_was_seen) {
  Inventory seen;
  seen.nodes = {idle_node()};
  seen.pods = {target()};
  const Findings found = find(seen);
  BOOST_REQUIRE(found.leftovers.size() == 1U);
  const auto& removal = std::get<RemoveObject>(found.leftovers.front().remedy);
  BOOST_TEST(removal.uid == "uid-orders-mig-ab12c");
  BOOST_TEST(removal.resource_version == "7");
  BOOST_TEST(!removal.is_held_by_us);
  seen.pods = {with_finalizers(target())};
  const Findings held = find(seen);
  const auto& released = std::get<RemoveObject>(held.leftovers.at(0).remedy);
  BOOST_TEST(released.resource_version == "7");
  BOOST_TEST(released.is_held_by_us);
}

BOOST_AUTO_TEST_CASE(what_is_left_says_why_and_what_a_person_can_do) {
  Inventory seen;
  seen.pods = {target()};
  seen.nodes = {node({kGone, "shop/m", kHeldCommitted, "uid-x"})};
  const Findings committed = find(seen);
  BOOST_REQUIRE(committed.alone.size() == 2U);
  check_says(committed.alone.at(0).why, "that memory was committed: what the nodes keep may be the last copy");
  check_says(committed.alone.at(0).why, "kubectl delete pod orders-mig-ab12c -n shop");
  check_says(committed.alone.at(1).why,
             "kubectl annotate --overwrite migrationnode node-a kubectl-migrate.dev/forget=uid-gone");
  seen.nodes = {};
  check_says(find(seen).alone.at(0).why, "no agent tells surely that it was not committed");
  // Its source is told to go only where its memory goes on elsewhere.
  seen.pods = {running(target()), pod("orders")};
  seen.nodes = {node({kGone, "shop/m", kHeldCommitted, "uid-orders"})};
  check_says(find(seen).alone.at(0).why, "kubectl delete pod orders -n shop");
}

BOOST_AUTO_TEST_CASE(what_works_on_is_an_ordinary_pod_of_its_set) {
  Inventory seen;
  seen.pods = {with_finalizers(owned(running(target()), {kSet, owner(kGone)}))};
  const Json patch = patch_in(find(seen));
  BOOST_TEST(patch.at("annotations").at(kRestoreAnnotation).is_null());
  BOOST_TEST(patch.at("annotations").at(kRestoredForAnnotation) == kGone);
  BOOST_TEST(patch.at("labels").at(kMigrationLabel).is_null());
  BOOST_TEST(patch.at("finalizers") == Json::array({"other/x"}));
  BOOST_REQUIRE(patch.at("ownerReferences").size() == 1U);
  BOOST_TEST(patch.at("ownerReferences").at(0).at("uid") == "uid-set");
  BOOST_TEST(patch.at("ownerReferences").at(0).at("controller") == true);
  BOOST_TEST(patch.at("uid") == "uid-orders-mig-ab12c");
  BOOST_TEST(patch.at("resourceVersion") == "7");
  // A ReplicaSet may not take it back.
  Json of_deployment = kSet;
  of_deployment["kind"] = "ReplicaSet";
  seen.pods = {owned(running(target()), {of_deployment, owner(kGone)})};
  check_says(find(seen).leftovers.at(0).why, "ReplicaSet orders may have made another in its place");
  // One of its own has no owners to be written.
  seen.pods = {running(target())};
  BOOST_TEST(!patch_in(find(seen)).contains("ownerReferences"));
}

struct QueueRow {
  const char* what;
  std::vector<QueueSight> queues;
  bool accepts;
  std::vector<std::string> found;
  friend std::ostream& operator<<(std::ostream& out, const QueueRow& row) { return out << row.what; }
};

std::string start(const char* uid) {
  return std::string(R"({"type":"START_REPLAY","payload":{"queue":"ms2m.replay.)") + uid + R"("}})";
}

const std::vector<QueueRow> kQueueRows{
    {"the mirror of one that is gone", {{"ms2m.replay.uid-gone"}}, false, {"queue/ms2m.replay.uid-gone: deleted"}},
    {"the mirror of one that is there", {{"ms2m.replay.uid-live"}}, true, {}},
    {"a mirror that nobody here knows",
     {{"ms2m.replay.uid-strange"}},
     false,
     {"queue/ms2m.replay.uid-strange is a person's to decide about"}},
    {"such a one, and no other cluster has this broker",
     {{"ms2m.replay.uid-strange"}},
     true,
     {"queue/ms2m.replay.uid-strange: deleted"}},
    {"an empty control queue", {{"ms2m.control.orders", {}}}, true, {}},
    {"words that are not ours", {{"ms2m.control.orders", {"hello", "{}", R"({"type":"END_REPLAY"})"}}}, true, {}},
    {"words for one that is gone",
     {{"ms2m.control.orders", {start("uid-gone"), R"({"type":"END_REPLAY"})"}}},
     false,
     {"queue/ms2m.control.orders: emptied"}},
    {"a word for one that is there behind it",
     {{"ms2m.control.orders", {start("uid-gone"), start("uid-live")}}},
     true,
     {}},
    {"a control queue that a migration uses", {{"ms2m.control.told", {start("uid-gone")}}}, true, {}},
    {"words for one that nobody here knows",
     {{"ms2m.control.orders", {start("uid-gone"), start("uid-strange")}}},
     false,
     {"queue/ms2m.control.orders is a person's to decide about"}},
    {"a control queue of a Pod that goes", {{"ms2m.control.left"}}, false, {"queue/ms2m.control.left: deleted"}},
    {"words for an application that has yet to replay", {{"ms2m.control.orders", {start("uid-served")}}}, true, {}},
};

BOOST_DATA_TEST_CASE(what_is_left_at_a_broker, data::make(kQueueRows), row) {
  Inventory seen;
  seen.migrations = {migration(kLive)};
  MigrationsKnown known{seen};
  known.trace(kGone);
  known.trace("uid-served");
  const Findings found = find_left_queues(
      {row.queues, {"ms2m.control.told"}, {"uid-served"}, {}, {"ms2m.control.left"}, row.accepts}, known);
  BOOST_TEST(words_of(found) == row.found, boost::test_tools::per_element());
}

// Unless a source works for sure, somebody may have to replay it.
BOOST_AUTO_TEST_CASE(what_an_application_has_yet_to_replay_is_not_thrown_away) {
  struct MirrorRow {
    const char* what;
    std::vector<Json> pods;
    std::vector<NodeFacts> nodes;
    bool is_served;
    bool if_empty;
  };
  const NodeFacts thawed = node({kGone, "shop/m", "thawed", "uid-x"});
  const std::vector<MirrorRow> rows = {
      {"nobody knows anything", {}, {idle_node()}, false, true},
      {"a target runs", {running(target())}, {idle_node()}, true, true},
      {"it was settled", {settled(pod("orders"))}, {idle_node()}, true, true},
      {"it waits for a committed memory", {target()}, {node({kGone, "shop/m", kHeldCommitted, "x"})}, true, true},
      {"the source works", {}, {thawed}, false, false},
      {"the source works, and a copy beside it", {shadow(false)}, {thawed}, false, false},
      {"the source worked when its agent was last heard", {}, {silent(thawed)}, false, true},
  };
  for (const MirrorRow& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      Inventory seen;
      seen.pods = row.pods;
      seen.nodes = row.nodes;
      MigrationsKnown known{seen};
      known.trace(kGone);
      const auto served = served_by_targets(seen, known);
      BOOST_TEST(served.contains(kGone) == row.is_served);
      const Findings found =
          find_left_queues({{{"ms2m.replay.uid-gone"}}, {}, served, served_by_sources(seen, known), {}, false}, known);
      BOOST_REQUIRE(found.leftovers.size() == 1U);
      BOOST_TEST(found.leftovers.front().migration == kGone);
      const auto& only = std::get<RemoveQueue>(found.leftovers.front().remedy).only;
      BOOST_TEST(only.if_unused);
      BOOST_TEST(only.if_empty == row.if_empty);
    }
  }
}

BOOST_AUTO_TEST_CASE(control_queues_of_pods_that_go_are_nobodys) {
  Inventory seen;
  seen.nodes = {idle_node()};
  seen.pods = {pod("orders"), target()};
  const auto looked_into = [&] { return control_queues_of(seen, MigrationsKnown{seen}); };
  BOOST_TEST((looked_into().by_left == std::set<std::string>{"ms2m.control.orders-mig-ab12c"}));
  BOOST_TEST((looked_into().by_living == std::set<std::string>{"ms2m.control.orders"}));
  // In a namespace that is not looked at nothing goes.
  seen.namespace_ = "other";
  BOOST_TEST(looked_into().by_left.empty());
  seen.namespace_ = "";
  // One that both look into.
  for (Json& one : seen.pods)
    one["metadata"]["annotations"][kControlQueueAnnotation] = "words";
  BOOST_TEST(looked_into().by_left.empty());
  seen.pods = {running(target())};
  BOOST_TEST(looked_into().by_left.empty());
}

InstallationSight installation(bool has_types, bool has_home) {
  InstallationSight sight;
  sight.has_types = has_types;
  sight.has_home = has_home;
  const Json policy{{"metadata", {{"name", "p"}, {"uid", "u"}}}};
  const Json binding{{"metadata", {{"name", "b"}, {"namespace", "shop"}, {"uid", "u"}}}};
  sight.policies = {{"policy", {.group = "g", .plural = "policies"}, {policy}}};
  sight.rights = {{"rolebinding", {.group = "g", .plural = "rolebindings"}, {binding}}};
  sight.enabled_namespaces = {Json{{"metadata", {{"name", "shop"}, {"uid", "u"}}}}};
  sight.runtime_class = Json{{"metadata", {{"name", "migrate"}, {"uid", "u"}, {"resourceVersion", "3"}}}};
  sight.nodes = {"node-a", "node-b"};
  return sight;
}

BOOST_AUTO_TEST_CASE(what_an_installation_leaves) {
  using Words = std::vector<std::string>;
  BOOST_TEST(words_of(find_installation_leftovers(installation(true, true))).empty());
  // Without the types policies may deny everything; the rest is somebody's who is about to mend it.
  BOOST_TEST((words_of(find_installation_leftovers(installation(false, true))) == Words{"policy/p: deleted"}));
  InstallationSight gone = installation(false, false);
  BOOST_TEST((words_of(find_installation_leftovers(gone)) ==
              Words{"policy/p: deleted", "rolebinding/b: deleted", "namespace/shop: label removed",
                    "node/node-a: swept", "node/node-b: swept", "runtimeclass/migrate: deleted"}));
  const auto last = std::get<RemoveObject>(find_installation_leftovers(gone).leftovers.back().remedy);
  BOOST_TEST(last.uid == "u");
  BOOST_TEST(last.resource_version == "3");
  gone.handler_users = {"shop/orders"};
  const Findings used = find_installation_leftovers(gone);
  BOOST_TEST(used.leftovers.size() == 3U);
  BOOST_REQUIRE(used.alone.size() == 1U);
  check_says(used.alone.front().why, "shop/orders");
  gone.runtime_class = nullptr;
  BOOST_TEST(find_installation_leftovers(gone).alone.empty());
}

// kubectl delete namespace kubectl-migrate: installed again, it needs all of it.
BOOST_AUTO_TEST_CASE(what_has_types_and_no_controller_is_a_person_s_to_decide_about) {
  using Words = std::vector<std::string>;
  InstallationSight broken = installation(true, false);
  const std::string decide = " is a person's to decide about";
  const Words types_to_namespaces = {"customresourcedefinition/migrations.kubectl-migrate.dev" + decide,
                                     "policy/p" + decide, "rolebinding/b" + decide, "namespace/shop" + decide};
  Words all = types_to_namespaces;
  for (const char* one : {"node/node-a", "node/node-b", "runtimeclass/migrate"})
    all.push_back(one + decide);
  const Findings found = find_installation_leftovers(broken);
  BOOST_TEST(words_of(found) == all, boost::test_tools::per_element());
  BOOST_TEST(found.leftovers.empty());
  check_says(found.alone.at(0).why, "Install again");
  check_says(found.alone.at(0).why, "delete the types");
  BOOST_TEST(found.alone.at(2).namespace_ == "shop");
  broken.runtime_class = nullptr;
  BOOST_TEST(words_of(find_installation_leftovers(broken)) == types_to_namespaces, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(control_queues_that_are_in_use_are_named_in_records) {
  Json one = migration(kLive);
  one["status"]["messages"]["controlQueue"] = "words";
  BOOST_TEST(told_queues({one, migration("uid-other")}).contains("words"));
  BOOST_TEST(told_queues({migration("uid-other")}).contains("ms2m.control.orders"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
