// cleanup as a command: what it says, what it does, in which order, and what it leaves.
#include <algorithm>

#include "plugin/cleanup_sweep.h"
#include "shared/base/base64.h"
#include "shared/migration/node_facts.h"
#include "test/fakes/broker.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

using Lines = std::vector<std::string>;

class BrokerThere final : public BrokerWay {
 public:
  Result<std::shared_ptr<broker::Broker>> reach(const broker::BrokerAddress&, const std::string&) override {
    return std::shared_ptr<broker::Broker>{broker};
  }
  std::shared_ptr<fakes::FakeBroker> broker = std::make_shared<fakes::FakeBroker>();
};

kube::ResourcePath of_group(const char* group, const char* plural, const std::string& name,
                            const std::string& namespace_ = "") {
  return {.group = group, .version = "v1", .plural = plural, .namespace_ = namespace_, .name = name, .subresource = {}};
}

kube::ResourcePath migration_node(const std::string& name) {
  return migration_nodes().named(name);
}

// As its agent tells at this moment; no uid: it keeps nothing.
Json node_that_holds(const std::string& uid, const std::string& source = "") {
  NodeFacts facts;
  facts.node = "node-a";
  facts.heartbeat = at(0ms);
  if (!uid.empty()) facts.held = {{uid, "shop/m", source, ""}};
  return to_json(facts);
}

const Json kOurs{{"metadata", {{"labels", {{"app.kubernetes.io/part-of", "kubectl-migrate"}}}}}};

// A cluster on which kubectl-migrate is installed, and things of a Migration that is gone.
struct Left {
  Scene scene;
  Stepping pacer;
  BrokerThere way;
  Io io = plain_io(scene.out, scene.err, scene.clock, pacer, scene.interrupted);

  Left() {
    scene.cluster.put(kube::core("namespaces", "", "kubectl-migrate"), Json::object());
    scene.cluster.put(of_group("apps", "deployments", "migrate-extender", "kubectl-migrate"), Json::object());
    scene.cluster.put(kube::core("secrets", "shop", "rabbitmq"),
                      {{"data", {{"amqp-url", to_base64("amqp://u:p@rabbitmq.rabbitmq/")}}}});
    scene.cluster.put(migration_node("node-a"), node_that_holds(""));
  }
  void put_target(const std::string& name = "orders-mig-ab12c", const std::string& namespace_ = "shop") {
    scene.cluster.put(kube::pod(namespace_, name), target());
  }
  // One whose memory has come to life.
  void put_application(const std::string& namespace_ = "shop") {
    Json pod = target();
    pod["status"]["containerStatuses"] = Json::array({{{"state", {{"running", Json::object()}}}}});
    scene.cluster.put(kube::pod(namespace_, "orders-mig-ab12c"), pod);
  }
  static Json target() {
    Json pod;
    pod["metadata"]["annotations"][kRestoreAnnotation] = "uid-gone";
    pod["metadata"]["labels"][kMigrationLabel] = "m";
    pod["metadata"]["managedFields"] = Json::array({{{"manager", "kubectl-migrate"}}});
    return pod;
  }
  // It does what it is asked for when time passes.
  void let_the_agent_forget() {
    pacer.each = [this] {
      Json node = *scene.cluster.find(migration_node("node-a"));
      node["facts"].erase("held");
      scene.cluster.put(migration_node("node-a"), node);
    };
  }
  [[nodiscard]] bool has_peeked() const {
    const auto calls = way.broker->calls();
    return std::any_of(calls.begin(), calls.end(), [](const std::string& one) { return one.starts_with("peek "); });
  }
  // kubectl delete namespace kubectl-migrate.
  void lose_home() {
    (void)scene.cluster.remove(kube::core("namespaces", "", "kubectl-migrate"), {}, {});
    (void)scene.cluster.remove(of_group("apps", "deployments", "migrate-extender", "kubectl-migrate"), {}, {});
    for (const char* node : {"node-a", "node-b"})
      scene.cluster.put(kube::core("nodes", "", node), {{"metadata", {{"labels", {{"kubernetes.io/os", "linux"}}}}}});
    scene.cluster.put(of_group("node.k8s.io", "runtimeclasses", "migrate"), kOurs);
    scene.cluster.written.clear();
  }
  void uninstall() {
    scene.cluster.forget_type("migrations");
    scene.cluster.forget_type("migrationnodes");
    lose_home();
  }
  int run(Lines arguments) {
    arguments.insert(arguments.begin(), "cleanup");
    const auto options = parse(arguments);
    BOOST_REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
    const Session session{io, scene.cluster, "shop"};
    return run_command(session, *options, way);
  }
  [[nodiscard]] bool has_pod(const std::string& name) const {
    return scene.cluster.find(kube::pod("shop", name)) != nullptr;
  }
};

constexpr const char* kStart = R"({"type":"START_REPLAY","payload":{"queue":"ms2m.replay.uid-gone"}})";

}  // namespace

BOOST_AUTO_TEST_SUITE(cleanup)

BOOST_AUTO_TEST_CASE(where_nothing_is_left_it_says_so) {
  Left all;
  BOOST_TEST(all.run({}) == 0, all.scene.err.str());
  BOOST_TEST(all.scene.out.str() == "Nothing is left over.\n");
  BOOST_TEST(all.scene.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(it_lists_first_and_then_says_each) {
  Left all;
  all.put_target();
  BOOST_TEST(all.run({}) == 0, all.scene.err.str());
  BOOST_TEST(all.scene.out.str() == R"(Left over (1):
  pod "orders-mig-ab12c" in namespace shop
      it waits for the memory of a Migration that is gone

pod "orders-mig-ab12c" deleted in namespace shop
)");
  BOOST_TEST((all.scene.cluster.written == Lines{"delete pods \"orders-mig-ab12c\" in shop"}));
  BOOST_TEST(all.has_pod("orders"));
  all.scene.out.str("");
  BOOST_TEST(all.run({}) == 0);
  BOOST_TEST(all.scene.out.str() == "Nothing is left over.\n");
}

// By which its agents would all be silent, and nothing could be said of what they hold.
BOOST_AUTO_TEST_CASE(who_was_heard_is_not_decided_by_the_typists_clock) {
  for (const std::chrono::seconds off : {-40s, 40s}) {
    Left all;
    all.scene.clock.time = at(off);
    all.put_target();
    BOOST_TEST(all.run({"--dry-run"}) == 0, all.scene.err.str());
    check_says(all.scene.out.str(), "Left over (1):\n  pod \"orders-mig-ab12c\" in namespace shop\n");
  }
}

BOOST_AUTO_TEST_CASE(without_the_servers_clock_nobody_is_taken_for_silent) {
  Left all;
  all.scene.cluster.forbid("create selfsubjectreviews");
  all.put_target();
  BOOST_TEST(all.run({"--dry-run"}) == 0, all.scene.err.str());
  check_says(all.scene.err.str(), "warning: not looked at: the API server's clock");
  check_says(all.scene.out.str(), "For you to decide (1):\n  pod \"orders-mig-ab12c\" in namespace shop\n");
}

BOOST_AUTO_TEST_CASE(a_dry_run_touches_nothing) {
  for (const char* flag : {"--dry-run", "--dry-run=client", "--dry-run=server"}) {
    Left all;
    all.put_target();
    BOOST_TEST(all.run({flag}) == 0, all.scene.err.str());
    check_says(all.scene.out.str(), "Left over (1):\n  pod \"orders-mig-ab12c\" in namespace shop\n");
    BOOST_TEST(all.scene.cluster.written.empty());
  }
}

BOOST_AUTO_TEST_CASE(documents_stand_alone) {
  Left all;
  all.put_target();
  BOOST_TEST(all.run({"--dry-run", "-o", "name"}) == 0);
  BOOST_TEST(all.scene.out.str() == "pod/orders-mig-ab12c\n");
  all.scene.out.str("");
  BOOST_TEST(all.run({"-o", "json"}) == 0);
  const Json told = Json::parse(all.scene.out.str());
  BOOST_TEST(told.at("dryRun") == false);
  BOOST_TEST(told.at("leftAlone").empty());
  BOOST_REQUIRE(told.at("leftovers").size() == 1U);
  BOOST_TEST(told.at("leftovers").at(0).at("namespace") == "shop");
  BOOST_TEST(told.at("leftovers").at(0).at("result") == "deleted");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_removed_is_told_and_the_rest_goes) {
  Left all;
  all.put_target("a-mig-aaaaa");
  all.scene.cluster.put(
      kube::core("secrets", "shop", "kubectl-migrate-x"),
      {{"type", "kubernetes.io/dockerconfigjson"},
       {"metadata",
        {{"ownerReferences",
          Json::array({{{"apiVersion", kApiVersion}, {"kind", "Migration"}, {"uid", "uid-gone"}}})}}}});
  all.scene.cluster.forbid("delete pods");
  BOOST_TEST(all.run({}) == 1);
  check_says(all.scene.err.str(), "error: pod \"a-mig-aaaaa\" in namespace shop: ");
  check_says(all.scene.out.str(), "secret \"kubectl-migrate-x\" deleted in namespace shop\n");
  BOOST_TEST(all.has_pod("a-mig-aaaaa"));
}

BOOST_AUTO_TEST_CASE(what_belongs_to_a_migration_that_is_there_stays) {
  Left all;
  Migration live = migration_in(Phase::restoring);
  live.uid = "uid-gone";
  all.scene.put(live);
  all.put_target();
  BOOST_TEST(all.run({}) == 0);
  BOOST_TEST(all.scene.out.str() == "Nothing is left over.\n");
  BOOST_TEST(all.has_pod("orders-mig-ab12c"));
}

BOOST_AUTO_TEST_CASE(without_the_right_to_look_nothing_is_guessed) {
  Left all;
  all.put_target();
  all.scene.cluster.forbid("list migrations");
  BOOST_TEST(all.run({}) == 1);
  check_says(all.scene.err.str(), "list migrations.kubectl-migrate.dev");
  BOOST_TEST(all.has_pod("orders-mig-ab12c"));
}

BOOST_AUTO_TEST_CASE(an_agent_is_asked_to_forget_and_waited_for) {
  Left all;
  all.scene.cluster.put(migration_node("node-a"), node_that_holds("uid-gone"));
  std::string asked;
  all.pacer.each = [&] {
    Json node = *all.scene.cluster.find(migration_node("node-a"));
    const auto place = Json::json_pointer{"/metadata/annotations"} / kForgetAnnotation;
    if (node.contains(place)) asked = node.at(place).get<std::string>();
    node["facts"].erase("held");
    all.scene.cluster.put(migration_node("node-a"), node);
  };
  BOOST_TEST(all.run({"-A"}) == 0, all.scene.err.str());
  BOOST_TEST(asked == "uid-gone");
  check_says(all.scene.out.str(), "node \"node-a\" has forgotten shop/m\n");
  const Json* node = all.scene.cluster.find(migration_node("node-a"));
  BOOST_TEST(!node->at("metadata").at("annotations").contains(kForgetAnnotation));
}

BOOST_AUTO_TEST_CASE(an_agent_that_does_not_forget_is_named) {
  Left all;
  all.scene.cluster.put(migration_node("node-a"), node_that_holds("uid-gone"));
  BOOST_TEST(all.run({"-A"}) == 1);
  check_says(all.scene.err.str(), "error: node \"node-a\": its agent has not done so within 45 s");
}

BOOST_AUTO_TEST_CASE(a_broker_is_cleaned_by_its_secret) {
  Left all;
  all.put_target();
  all.scene.cluster.put(migration_node("node-a"), node_that_holds("uid-gone", "thawed"));
  all.let_the_agent_forget();
  fakes::FakeBroker& broker = *all.way.broker;
  broker.add_queue("orders");
  broker.add_queue("ms2m.replay.uid-gone");
  broker.arrive("", "ms2m.replay.uid-gone", {"7"});
  broker.add_queue("ms2m.replay.uid-strange");
  broker.add_queue("ms2m.control.nobody");
  broker.arrive("", "ms2m.control.nobody", {kStart});
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq"}) == 0, all.scene.err.str());
  BOOST_TEST(!broker.has_queue("ms2m.replay.uid-gone"));
  BOOST_TEST(broker.has_queue("ms2m.replay.uid-strange"));
  BOOST_TEST(broker.has_queue("orders"));
  BOOST_TEST(broker.has_queue("ms2m.control.nobody"));
  BOOST_TEST(broker.ready("ms2m.control.nobody").empty());
  check_says(all.scene.out.str(), "For you to decide (1):\n  queue \"ms2m.replay.uid-strange\"\n");
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq", "--accept", "unknown-mirrors"}) == 0, all.scene.err.str());
  BOOST_TEST(!broker.has_queue("ms2m.replay.uid-strange"));
}

BOOST_AUTO_TEST_CASE(a_broker_is_not_judged_by_one_namespace) {
  Left all;
  all.way.broker->add_queue("ms2m.replay.uid-x");
  all.scene.cluster.forbid("list migrations");
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq", "--accept", "unknown-mirrors"}) != 0);
  BOOST_TEST(all.way.broker->has_queue("ms2m.replay.uid-x"));
}

// Who looks at that moment finds nothing, and takes it for no word.
BOOST_AUTO_TEST_CASE(nobody_looks_into_a_queue_that_somebody_may_be_told_by) {
  for (const char* queue : {"ms2m.control.orders", "ms2m.control.read", "ms2m.control.empty", "ms2m.control.nobody"}) {
    for (const bool is_dry : {false, true}) {
      Left all;
      fakes::FakeBroker& broker = *all.way.broker;
      broker.add_queue(queue);
      const std::string_view name = queue;
      if (!name.ends_with("empty")) broker.arrive("", queue, {kStart});
      if (name.ends_with("read")) broker.consume(queue, {"t", "c", "10.0.0.9", 1});
      (void)all.run(is_dry ? Lines{"--broker-secret", "rabbitmq", "--dry-run"} : Lines{"--broker-secret", "rabbitmq"});
      BOOST_TEST(all.has_peeked() == (name.ends_with("nobody") && !is_dry), queue << " " << is_dry);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_application_of_another_namespace_keeps_its_mirror) {
  Left all;
  all.put_application("bank");
  // What its agent tells may be of before.
  all.scene.cluster.put(migration_node("node-a"), node_that_holds("uid-gone", "thawed"));
  all.way.broker->add_queue("ms2m.replay.uid-gone");
  all.way.broker->arrive("", "ms2m.replay.uid-gone", {"7"});
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq"}) == 1);
  check_says(all.scene.err.str(), "queue \"ms2m.replay.uid-gone\": it is not empty");
  BOOST_TEST(all.way.broker->ready("ms2m.replay.uid-gone").size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_an_application_has_yet_to_replay_outlives_every_run) {
  Left all;
  all.put_application();
  all.scene.cluster.put(migration_node("node-a"), node_that_holds("uid-gone", kHeldCommitted));
  all.let_the_agent_forget();
  fakes::FakeBroker& broker = *all.way.broker;
  broker.add_queue("ms2m.replay.uid-gone");
  broker.arrive("", "ms2m.replay.uid-gone", {"7"});
  const auto annotations = [&] {
    return all.scene.cluster.find(kube::pod("shop", "orders-mig-ab12c"))->at("metadata").at("annotations");
  };
  // As long as its mirror is left, so are its marks and its archives.
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq"}) == 1);
  check_says(all.scene.err.str(), "pod \"orders-mig-ab12c\" in namespace shop: its Migration's mirror is left");
  check_says(all.scene.err.str(), "node \"node-a\": its Migration's mirror is left");
  BOOST_TEST(annotations().contains(kRestoreAnnotation));
  BOOST_TEST(all.scene.cluster.written.empty());
  // Nobody has asked for the broker: its mirror is known to be needed all the same.
  BOOST_TEST(all.run({}) == 0, all.scene.err.str());
  BOOST_TEST(!annotations().contains(kRestoreAnnotation));
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq"}) == 1);
  BOOST_TEST(broker.ready("ms2m.replay.uid-gone").size() == 1U);
  BOOST_REQUIRE(broker.purge("ms2m.replay.uid-gone").has_value());  // it has replayed
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq"}) == 0);
  BOOST_TEST(!broker.has_queue("ms2m.replay.uid-gone"));
}

BOOST_AUTO_TEST_CASE(who_may_not_see_nodes_deletes_no_target) {
  Left all;
  all.put_target();
  all.scene.cluster.forbid("list migrationnodes");
  BOOST_TEST(all.run({}) == 0);
  check_says(all.scene.err.str(), "warning: not looked at: ");
  check_says(all.scene.out.str(), "For you to decide (1):\n  pod \"orders-mig-ab12c\" in namespace shop\n");
  BOOST_TEST(all.has_pod("orders-mig-ab12c"));
}

// A finalizer goes only from what is marked for deletion.
BOOST_AUTO_TEST_CASE(what_cannot_be_deleted_keeps_its_finalizer) {
  Left all;
  Json pod = Left::target();
  pod["metadata"]["finalizers"] = Json::array({kFinalizer});
  all.scene.cluster.put(kube::pod("shop", "orders-mig-ab12c"), pod);
  all.scene.cluster.forbid("delete pods");
  BOOST_TEST(all.run({}) == 1);
  BOOST_TEST((all.scene.cluster.written == Lines{"delete pods \"orders-mig-ab12c\" in shop"}));
}

BOOST_AUTO_TEST_CASE(a_node_that_cannot_be_asked_is_not_waited_for) {
  Left all;
  NodeFacts facts;
  facts.node = "node-a";
  facts.heartbeat = at(0ms);
  facts.held = {{"uid-gone", "shop/m", "", ""}, {"uid-gone-too", "shop/n", "", ""}};
  all.scene.cluster.put(migration_node("node-a"), to_json(facts));
  all.scene.cluster.forbid("patch migrationnodes");
  bool has_waited = false;
  all.pacer.each = [&] { has_waited = true; };
  BOOST_TEST(all.run({}) == 1);
  BOOST_TEST(!has_waited);
  BOOST_TEST(all.scene.err.str().find("its agent has not done so") == std::string::npos, all.scene.err.str());
  BOOST_TEST((all.scene.cluster.written == Lines{"patch migrationnodes.kubectl-migrate.dev \"node-a\""}));
}

// Its Deployment is made anew, and it goes on.
BOOST_AUTO_TEST_CASE(a_controller_that_leads_is_one) {
  struct Row {
    const char* renewed;  // null: there is no Lease
    bool is_renewed_meanwhile;
    bool is_released;
  };
  for (const Row& row :
       {Row{"2026-01-01T12:00:00.000000Z", false, false}, Row{"2026-01-01T11:00:00.000000Z", true, false},
        Row{"2026-01-01T11:00:00.000000Z", false, true}, Row{nullptr, false, true}}) {
    Left all;
    (void)all.scene.cluster.remove(of_group("apps", "deployments", "migrate-extender", "kubectl-migrate"), {}, {});
    Json object = with_status(migration_in(Phase::transferring));
    object["metadata"]["deletionTimestamp"] = "2026-01-01T11:00:00Z";
    object["metadata"]["finalizers"] = Json::array({kFinalizer});
    all.scene.cluster.put(migrations("shop", "orders-x7k2p"), object);
    const auto path = of_group("coordination.k8s.io", "leases", kLease, "kubectl-migrate");
    const auto lease = [](const char* renewed) {
      return Json{{"spec", {{"holderIdentity", "pod-1"}, {"leaseDurationSeconds", 15}, {"renewTime", renewed}}}};
    };
    if (row.renewed != nullptr) all.scene.cluster.put(path, lease(row.renewed));
    all.pacer.each = [&] {
      if (row.is_renewed_meanwhile) all.scene.cluster.put(path, lease("2026-01-01T11:00:02.000000Z"));
    };
    BOOST_TEST(all.run({}) == 0, all.scene.err.str());
    const Json* left = all.scene.cluster.find(migrations("shop", "orders-x7k2p"));
    BOOST_TEST(left->at("metadata").at("finalizers").empty() == row.is_released);
  }
}

BOOST_AUTO_TEST_CASE(a_mirror_that_is_read_stays) {
  Left all;
  all.put_target();
  all.way.broker->add_queue("ms2m.replay.uid-gone");
  all.way.broker->consume("ms2m.replay.uid-gone", {"t", "c", "10.0.0.9", 1});
  BOOST_TEST(all.run({"--broker-secret", "rabbitmq"}) == 1);
  check_says(all.scene.err.str(), "queue \"ms2m.replay.uid-gone\": somebody reads it still");
  BOOST_TEST(all.way.broker->has_queue("ms2m.replay.uid-gone"));
}

BOOST_AUTO_TEST_CASE(an_uninstall_is_finished) {
  Left all;
  all.uninstall();
  all.scene.cluster.put(of_group("rbac.authorization.k8s.io", "rolebindings", "kubectl-migrate", "shop"), kOurs);
  all.scene.cluster.put(of_group("rbac.authorization.k8s.io", "rolebindings", "others", "shop"), Json::object());
  all.pacer.each = [&] {
    for (const char* node : {"node-a", "node-b"}) {
      const auto path = kube::pod("kubectl-migrate-cleanup", node);
      Json pod = *all.scene.cluster.find(path);
      BOOST_TEST(pod.at("spec").at("containers").at(0).at("image") == "r.example/agent:1");
      pod["status"]["phase"] = "Succeeded";
      all.scene.cluster.put(path, pod);
    }
  };
  BOOST_TEST(all.run({"-A", "--image", "r.example/agent:1"}) == 0, all.scene.err.str());
  const Lines& written = all.scene.cluster.written;
  BOOST_TEST(written.front() == "delete rolebindings.rbac.authorization.k8s.io \"kubectl-migrate\" in shop");
  BOOST_TEST(written.back() == "delete namespaces \"kubectl-migrate-cleanup\"");
  BOOST_TEST(written.at(written.size() - 2) == "delete runtimeclasses.node.k8s.io \"migrate\"");
  BOOST_TEST(all.scene.cluster.find(of_group("rbac.authorization.k8s.io", "rolebindings", "others", "shop")) !=
             nullptr);
  const Json* shop = all.scene.cluster.find(kube::core("namespaces", "", "shop"));
  BOOST_TEST(!shop->at("metadata").at("labels").contains(kEnabledLabel));
  check_says(all.scene.out.str(), "node \"node-b\" swept\n");
}

// It may be installed again, and nothing of it must be missing then.
BOOST_AUTO_TEST_CASE(of_an_installation_without_its_namespace_all_is_named_and_nothing_goes) {
  Left all;
  all.lose_home();
  all.scene.cluster.put(
      of_group("admissionregistration.k8s.io", "validatingadmissionpolicies", "kubectl-migrate-name-is-held"), kOurs);
  all.scene.cluster.put(of_group("rbac.authorization.k8s.io", "rolebindings", "kubectl-migrate", "shop"), kOurs);
  all.scene.cluster.written.clear();
  BOOST_TEST(all.run({"-A"}) == 0, all.scene.err.str());
  BOOST_TEST(all.scene.cluster.written.empty());
  const std::string told = all.scene.out.str();
  BOOST_TEST(told.starts_with("Nothing is left over.\n\nFor you to decide (7):\n"), told);
  for (const char* part : {"  customresourcedefinition \"migrations.kubectl-migrate.dev\"\n",
                           "  validatingadmissionpolicy \"kubectl-migrate-name-is-held\"\n",
                           "  rolebinding \"kubectl-migrate\" in namespace shop\n", "  namespace \"shop\"\n",
                           "  node \"node-a\"\n", "  node \"node-b\"\n", "  runtimeclass \"migrate\"\n"})
    check_says(told, part);
}

BOOST_AUTO_TEST_CASE(whose_namespace_is_there_or_cannot_be_seen_is_an_installation_at_work) {
  for (const bool is_seen : {true, false}) {
    Left all;
    all.lose_home();
    all.scene.cluster.put(kube::core("namespaces", "", "kubectl-migrate"), Json::object());
    if (!is_seen) all.scene.cluster.forbid("get namespaces");
    BOOST_TEST(all.run({"-A"}) == 0, all.scene.err.str());
    BOOST_TEST(all.scene.out.str() == "Nothing is left over.\n");
  }
}

BOOST_AUTO_TEST_CASE(a_node_that_is_not_finished_keeps_the_runtime_class) {
  Left all;
  all.uninstall();
  all.pacer.each = [&] {
    for (const char* node : {"node-a", "node-b"}) {
      const auto path = kube::pod("kubectl-migrate-cleanup", node);
      Json pod = *all.scene.cluster.find(path);
      const bool is_good = std::string_view(node) == "node-b";
      pod["status"]["phase"] = is_good ? "Succeeded" : "Failed";
      const Json ended{{"message", "kept: /var/lib/kubectl-migrate/sources/u: the source of shop/m is frozen\n"}};
      pod["status"]["containerStatuses"] = Json::array({{{"name", "sweep"}, {"state", {{"terminated", ended}}}}});
      all.scene.cluster.put(path, pod);
    }
  };
  BOOST_TEST(all.run({"-A"}) == 1);
  check_says(all.scene.err.str(), "error: node \"node-a\": kept: /var/lib/kubectl-migrate/sources/u");
  check_says(all.scene.out.str(), "node \"node-b\" swept\n");
  BOOST_TEST(all.scene.cluster.find(of_group("node.k8s.io", "runtimeclasses", "migrate")) != nullptr);
  BOOST_TEST(all.scene.cluster.find(kube::core("namespaces", "", "kubectl-migrate-cleanup")) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_namespace_of_somebody_else_is_not_taken) {
  Left all;
  all.uninstall();
  all.scene.cluster.put(kube::core("namespaces", "", "kubectl-migrate-cleanup"), Json::object());
  BOOST_TEST(all.run({"-A"}) == 1);
  check_says(all.scene.err.str(), "none of ours");
  BOOST_TEST(all.scene.cluster.find(kube::core("namespaces", "", "kubectl-migrate-cleanup")) != nullptr);
}

// Whether it is ours could not be found out, or it came in between.
BOOST_AUTO_TEST_CASE(a_namespace_is_deleted_only_as_one_of_ours) {
  for (const bool is_seen : {false, true}) {
    Left all;
    const auto path = kube::core("namespaces", "", kSweepNamespace);
    all.scene.cluster.put(path, Json::object());
    if (is_seen) {
      kube::ApiError broken = kube::local_error("the connection broke");
      broken.kind = kube::ApiError::Kind::connection;
      broken.may_have_run = true;
      all.scene.cluster.refuse("create namespaces", broken);
    } else {
      all.scene.cluster.forbid("get namespaces");
    }
    all.scene.cluster.written.clear();
    {
      const Session session{all.io, all.scene.cluster, "shop"};
      NodeSweep sweep{session, "r.example/agent:1"};
      const auto begun = sweep.begin({"node-a"});
      BOOST_REQUIRE(!begun);
      check_says(begun.error().message, is_seen ? "none of ours" : "get namespaces");
    }
    BOOST_TEST((all.scene.cluster.written == Lines{"create namespaces \"kubectl-migrate-cleanup\""}));
  }
}

BOOST_AUTO_TEST_CASE(a_node_on_which_it_cannot_begin_keeps_no_other_from_it) {
  Left all;
  all.scene.cluster.put(kube::pod(kSweepNamespace, "node-a"), Json::object());
  const Session session{all.io, all.scene.cluster, "shop"};
  NodeSweep sweep{session, "r.example/agent:1"};
  BOOST_REQUIRE(sweep.begin({"node-a", "node-b"}).has_value());
  Json done = *all.scene.cluster.find(kube::pod(kSweepNamespace, "node-b"));
  done["status"]["phase"] = "Succeeded";
  all.scene.cluster.put(kube::pod(kSweepNamespace, "node-b"), done);
  BOOST_TEST(!sweep.await("node-a"));
  BOOST_TEST(sweep.await("node-b").has_value());
}

BOOST_AUTO_TEST_CASE(a_runtime_class_of_somebody_else_stays) {
  Left all;
  all.uninstall();
  all.scene.cluster.put(of_group("node.k8s.io", "runtimeclasses", "migrate"), Json::object());
  BOOST_TEST(all.run({"-A"}) == 0, all.scene.err.str());
  BOOST_TEST(all.scene.cluster.find(of_group("node.k8s.io", "runtimeclasses", "migrate")) != nullptr);
  BOOST_TEST(all.scene.out.str().find("swept") == std::string::npos, all.scene.out.str());
}

BOOST_AUTO_TEST_CASE(of_one_namespace_it_leaves_what_belongs_to_none) {
  Left all;
  all.uninstall();
  BOOST_TEST(all.run({}) == 0, all.scene.err.str());
  BOOST_TEST(all.scene.out.str() == "Nothing is left over.\n");
}

BOOST_AUTO_TEST_CASE(interrupted_it_ends_and_can_be_run_again) {
  Left all;
  all.put_target();
  all.scene.interrupted = true;
  BOOST_TEST(all.run({}) == 130);
  BOOST_TEST(all.has_pod("orders-mig-ab12c"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
