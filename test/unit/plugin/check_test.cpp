#include "plugin/commands.h"
#include "plugin/hints.h"
#include "plugin/similar.h"
#include "shared/migration/node_facts.h"
#include "test/unit/plugin/dry_run_scene.h"

namespace migrate::plugin {
namespace {

kube::ResourcePath path(const std::string& group, const std::string& plural, const std::string& name,
                        const std::string& namespace_ = "") {
  return {.group = group, .version = "v1", .plural = plural, .namespace_ = namespace_, .name = name, .subresource = {}};
}

Json facts(const std::string& node) {
  NodeFacts all;
  all.node = node;
  all.agent_version = MIGRATE_VERSION;
  all.heartbeat = at(-5s);
  all.runtime = "containerd";
  all.runtime_version = "2.3.7";
  all.has_handler = true;
  all.can_checkpoint_directly = true;
  all.restore_via_create = true;
  all.criu = "4.2.1";
  all.criu_check = CriuCheck{true, ""};
  all.kubelet_checkpoint = KubeletCheckpoint{KubeletCheckpoint::kAllowed, ""};
  all.kernel = "6.12.0";
  all.architecture = "amd64";
  all.free_disk = 4096_MiB;
  Json object = to_json(all);
  object["metadata"]["managedFields"] = {
      {{"manager", kAgentAccount}, {"operation", "Apply"}, {"time", "2026-01-01T11:59:55Z"}}};
  return object;
}

// All of it installed and at work, as an administrator sees it.
struct Installed : DryRunScene {
  std::map<std::string, bool> allowed;  // by resource; what is not there is

  Installed() {
    fakes::Cluster& cluster = scene.cluster;
    cluster.serve("/version", {{"gitVersion", "v1.36.3"}});
    cluster.serve("/apis/kubectl-migrate.dev", {{"versions", {{{"version", "v1alpha1"}}}}});
    cluster.serve("/apis/kubectl-migrate.dev/v1alpha1",
                  {{"resources", {{{"name", "migrations"}}, {{"name", "migrationnodes"}}}}});
    serve_schema({"spec"});
    cluster.answer("create selfsubjectaccessreviews", [this](const Json& asked) {
      const auto resource = asked.at(Json::json_pointer{"/spec/resourceAttributes/resource"}).get<std::string>();
      return Json{{"status", {{"allowed", !allowed.contains(resource) || allowed.at(resource)}}}};
    });
    for (const char* name : {"migrate-extender", "migrate-scheduler"}) {
      cluster.put(path("apps", "deployments", name, "kubectl-migrate"),
                  {{"metadata", {{"labels", {{"app.kubernetes.io/version", MIGRATE_VERSION}}}}},
                   {"spec", {{"replicas", 2}}},
                   {"status", {{"availableReplicas", 2}}}});
      put_lease(name == std::string("migrate-extender") ? kLease : name, "2026-01-01T11:59:58.000000Z");
    }
    cluster.put(path("discovery.k8s.io", "endpointslices", "migrate-extender-abc", "kubectl-migrate"),
                {{"metadata", {{"labels", {{"kubernetes.io/service-name", "migrate-extender"}}}}},
                 {"endpoints", {{{"conditions", {{"ready", true}}}}, {{"conditions", {{"ready", true}}}}}}});
    for (const char* name :
         {"kubectl-migrate-migration-needs-right-to-pod", "kubectl-migrate-extender-changes-no-pod-spec",
          "kubectl-migrate-extender-makes-pull-secrets-only", "kubectl-migrate-agent-writes-own-node", kNamePolicy})
      for (const char* plural : {"validatingadmissionpolicies", "validatingadmissionpolicybindings"})
        cluster.put(path("admissionregistration.k8s.io", plural, name), Json::object());
    cluster.put(path("node.k8s.io", "runtimeclasses", "migrate"), {{"handler", "migrate"}});
    cluster.put(path("rbac.authorization.k8s.io", "rolebindings", "kubectl-migrate", "shop"), Json::object());
    for (const char* node : {"node-a", "node-b"})
      cluster.put(node_path(node), facts(node));
  }
  static kube::ResourcePath node_path(const std::string& name) {
    kube::ResourcePath made = path(kGroup, "migrationnodes", name);
    made.version = kVersion;
    return made;
  }
  void put_lease(const std::string& name, const std::string& renewed) {
    scene.cluster.put(path("coordination.k8s.io", "leases", name, "kubectl-migrate"),
                      {{"spec", {{"holderIdentity", "pod-1"}, {"renewTime", renewed}, {"leaseDurationSeconds", 15}}}});
  }
  // A node whose runtime does not know the handler.
  void put_unprepared(const std::string& name, const Json& spec) {
    scene.cluster.put(kube::core("nodes", "", name), {{"spec", spec}});
    Json node = facts(name);
    node["facts"]["hasHandler"] = false;
    scene.cluster.put(node_path(name), node);
  }
  void put_pod(const Json& annotations) {
    scene.cluster.put(kube::pod("shop", "orders"), {{"metadata", {{"annotations", annotations}}},
                                                    {"spec", {{"nodeName", "node-a"}}},
                                                    {"status", {{"phase", "Running"}}}});
  }
  // With whatever is below these.
  void serve_schema(const std::vector<std::string>& fields) {
    Json properties = {{"apiVersion", Json::object()}, {"kind", Json::object()}, {"metadata", Json::object()}};
    for (const std::string& field : fields)
      properties[field] = Json::object();
    scene.cluster.serve(
        "/openapi/v3/apis/kubectl-migrate.dev/v1alpha1",
        {{"components",
          {{"schemas",
            {{"dev.kubectl-migrate.v1alpha1.Migration",
              {{"properties", properties}, {"x-kubernetes-group-version-kind", {{{"kind", "Migration"}}}}}}}}}}});
  }
  int check(bool about_pod = false) {
    Options options = for_pod(Verb::check);
    if (!about_pod) options.name.clear();
    return run_check(session(), options);
  }
  [[nodiscard]] std::string out() const { return scene.out.str(); }
};

const std::string kWhole = R"(kubernetes
----------
ok   the Kubernetes API answers: Kubernetes v1.36.3
ok   it knows who you are: dev
ok   kubectl-migrate.dev/v1alpha1 is served: migrations, migrationnodes
ok   its schema has all that this plugin may ask for

controller
----------
ok   Deployment migrate-extender: 2 of 2 replicas are available
ok   its version is this plugin's: )" MIGRATE_VERSION R"(
ok   a controller leads: pod-1 (Lease migrate-controller)
ok   Deployment migrate-scheduler: 2 of 2 replicas are available
ok   a scheduler leads: pod-1 (Lease migrate-scheduler)
ok   Service migrate-extender has ready endpoints: 2 (/readyz on its port)
ok   the scheduler missed no answer of it, by its Events in namespace shop
ok   the admission policies and their bindings are there
ok   RuntimeClass migrate is there

nodes
-----
ok   the agent of node-a and node-b is alive
ok   containerd 2.3.7 on node-a and node-b
ok   runtime handler `migrate` on node-a and node-b
ok   direct checkpoints on node-a and node-b
ok   the kubelet of node-a and node-b makes checkpoints
ok   restores from images on node-a and node-b
ok   CRIU 4.2.1 on node-a and node-b
ok   `criu check` on node-a and node-b
ok   CRIU's options on node-a and node-b
ok   the clock of node-a and node-b is the API server's (to within 5 s)
ok   room for checkpoints on node-a and node-b
ok   Pods of node-a and node-b fit on another node

namespace
---------
ok   migrations are enabled in namespace shop
ok   the controller has its rights in namespace shop
ok   you may create migrations.kubectl-migrate.dev in namespace shop
ok   you may create pods/exec)";

}  // namespace

BOOST_AUTO_TEST_SUITE(checking)

BOOST_AUTO_TEST_CASE(a_cluster_where_all_is_well) {
  Installed all;
  BOOST_TEST(all.check() == 0, all.out());
  BOOST_TEST(all.out() == kWhole + " in namespace shop\n\nStatus check results are ok\n");
  BOOST_TEST(all.scene.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(of_a_pod_the_controller_is_asked) {
  Installed all;
  BOOST_TEST(all.check(true) == 0, all.out());
  BOOST_TEST(all.out() == kWhole + R"( of orders in namespace shop

pod
---
ok   the controller would migrate Pod shop/orders: nothing speaks against it
ok   strategy Stop, forecast: gap 0.812 s, freeze 0.604 s, total 2.310 s

Status check results are ok
)");
  all.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(all_refusals_are_told_at_once) {
  Installed all;
  all.controller = [](const Migration&) { return std::optional{refused_twice()}; };
  BOOST_TEST(all.check(true) == 1);
  check_says(all.out(),
             "FAIL NoHandler\n    containerd 2.3.7 on node node-b does not know it\n"
             "    see docs/troubleshooting.md#nohandler for hints\nFAIL HostPath\n");
  all.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(a_cluster_without_it_says_so_once) {
  DryRunScene bare;
  bare.scene.cluster.serve("/version", {{"gitVersion", "v1.36.3"}});
  bare.scene.cluster.answer("create selfsubjectreviews", [](const Json&) { return Json::object(); });
  BOOST_TEST(run_check(bare.session(), for_pod(Verb::check)) == 1);
  const std::string out = bare.scene.out.str();
  check_says(out, "FAIL kubectl-migrate is installed\n    ");
  check_says(out,
             "kubectl apply -k manifests/\n    see docs/troubleshooting.md#not-installed for hints\n\n"
             "Status check results are FAIL\n");
}

BOOST_AUTO_TEST_CASE(every_fault_has_its_line_its_advice_and_its_section) {
  using Kind = kube::ApiError::Kind;
  struct Row {
    std::function<void(Installed&)> spoil;
    const char* line;
    const char* says;
    Topic topic;
    int code;
  };
  const std::vector<Row> rows{
      {[](Installed& all) {
         all.scene.cluster.refuse("get /version", kube::local_error("no route", Kind::connection));
       },
       "FAIL the Kubernetes API answers", "no route", Topic::no_api_server, 1},
      {[](Installed& all) {
         kube::ApiError error = kube::local_error("Unauthorized", Kind::unauthorized);
         error.http_code = 401;
         all.scene.cluster.refuse("create selfsubjectreviews", error);
       },
       "FAIL it knows who you are", "You must be logged in", Topic::not_logged_in, 1},
      {[](Installed& all) {
         all.scene.cluster.serve("/version", {{"gitVersion", "v1.31.2"}});
       },
       "note Kubernetes v1.31.2", "meant for is 1.32", Topic::old_kubernetes, 0},
      {[](Installed& all) {
         all.scene.cluster.serve("/apis/kubectl-migrate.dev", {{"versions", {{{"version", "v1"}}}}});
       },
       "FAIL kubectl-migrate.dev/v1alpha1 is served", "the cluster serves v1", Topic::api_version, 1},
      {[](Installed& all) { all.serve_schema({}); }, "FAIL its schema has all that this plugin may ask for",
       "it does not know spec", Topic::old_schema, 1},
      {[](Installed& all) {
         all.scene.cluster.put(path("apps", "deployments", "migrate-extender", "kubectl-migrate"),
                               {{"spec", {{"replicas", 2}}}});
       },
       "FAIL Deployment migrate-extender: 0 of 2 replicas are available", "kubectl -n kubectl-migrate get pods",
       Topic::deployment_down, 1},
      {[](Installed& all) { all.put_lease(kLease, "2026-01-01T11:50:00.000000Z"); }, "FAIL a controller leads",
       "was last renewed 2026-01-01T11:50:00.000000Z and not while looking for 6 s", Topic::no_controller, 1},
      {[](Installed& all) {
         all.scene.cluster.put(path("apps", "deployments", "migrate-extender", "kubectl-migrate"),
                               {{"metadata", {{"labels", {{"app.kubernetes.io/version", "9.9.9"}}}}},
                                {"spec", {{"replicas", 2}}},
                                {"status", {{"availableReplicas", 2}}}});
       },
       "note its version is this plugin's", "installed is 9.9.9", Topic::versions_differ, 0},
      {[](Installed& all) {
         BOOST_TEST(
             all.scene.cluster.remove(path("apps", "deployments", "migrate-scheduler", "kubectl-migrate"), {}, {})
                 .has_value());
       },
       "note a scheduler for migrated Pods", "percentageOfNodesToScore: 100", Topic::own_scheduler, 0},
      {[](Installed& all) { all.put_lease("migrate-scheduler", "2026-01-01T11:50:00.000000Z"); },
       "FAIL a scheduler leads", "nobody is at work", Topic::scheduler_down, 1},
      {[](Installed& all) {
         all.scene.cluster.put(path("discovery.k8s.io", "endpointslices", "migrate-extender-abc", "kubectl-migrate"),
                               Json::object());
       },
       "FAIL Service migrate-extender has ready endpoints", "none: the scheduler asks there", Topic::extender_down, 1},
      {[](Installed& all) {
         all.scene.cluster.put(
             kube::core("events", "shop", "one"),
             {{"reason", "FailedScheduling"},
              {"message", "Post \"https://migrate-extender.kubectl-migrate.svc:9443/filter\": refused"},
              {"lastTimestamp", "2026-01-01T11:59:00Z"}});
       },
       "note the scheduler missed no answer of it, by its Events in namespace shop", "60s ago: Post",
       Topic::extender_not_asked, 0},
      {[](Installed& all) {
         BOOST_TEST(
             all.scene.cluster
                 .remove(path("admissionregistration.k8s.io", "validatingadmissionpolicybindings", kNamePolicy), {}, {})
                 .has_value());
       },
       "FAIL the admission policies and their bindings are there",
       "missing are validatingadmissionpolicybindings/kubectl-migrate-name-is-held", Topic::policies_missing, 1},
      {[](Installed& all) {
         all.scene.cluster.put(path("node.k8s.io", "runtimeclasses", "migrate"), {{"handler", "runc"}});
       },
       "FAIL RuntimeClass migrate is there", "its handler is runc", Topic::no_runtime_class, 1},
      {[](Installed& all) { all.allowed["migrations"] = false; },
       "note you may create migrations.kubectl-migrate.dev in namespace shop", "kubectl auth can-i create migrations",
       Topic::missing_right, 0},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.line) {
      Installed all;
      row.spoil(all);
      BOOST_TEST(all.check() == row.code, all.out());
      check_says(all.out(), std::string(row.line) + "\n    ");
      check_says(all.out(), row.says);
      check_says(all.out(), "    see " + hint(row.topic) + " for hints\n");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lease_of_a_clock_that_differs_is_believed_once_it_is_renewed) {
  Installed all;
  all.put_lease(kLease, "2026-01-01T11:50:00.000000Z");
  all.pacer.each = [&] { all.put_lease(kLease, "2026-01-01T11:50:02.000000Z"); };
  BOOST_TEST(all.check() == 0, all.out());
}

BOOST_AUTO_TEST_CASE(what_may_not_be_looked_at_is_skipped) {
  Installed all;
  for (const char* right :
       {"get deployments", "get leases", "list endpointslices", "list events", "list validatingadmissionpolicies",
        "get runtimeclasses", "list migrationnodes", "get namespaces", "get rolebindings", "create selfsubjectreviews"})
    all.scene.cluster.forbid(right);
  BOOST_TEST(all.check(true) == 0, all.out());
  check_says(all.out(),
             "skip Deployment migrate-extender is available\n    you have no right to get "
             "deployments.apps \"migrate-extender\" in namespace kubectl-migrate\n");
  check_says(all.out(), "skip agents have told of their nodes\n    you have no right to list ");
  check_says(all.out(), "ok   the controller would migrate Pod shop/orders");
}

BOOST_AUTO_TEST_CASE(without_a_pod_a_namespace_that_is_not_enabled_is_no_fault) {
  for (const bool about_pod : {false, true}) {
    Installed all;
    all.scene.cluster.put(kube::core("namespaces", "", "shop"), Json::object());
    all.controller = [](const Migration&) { return std::optional{refused_twice()}; };
    BOOST_TEST(all.check(about_pod) == (about_pod ? 1 : 0), all.out());
    check_says(all.out(), about_pod ? "FAIL migrations are enabled" : "note migrations are enabled");
    check_says(all.out(), "kubectl migrate enable -n shop");
  }
}

BOOST_AUTO_TEST_CASE(a_node_that_is_not_for_pods_as_they_come_fails_nothing) {
  Installed all;
  all.put_unprepared(
      "plane",
      {{"taints", Json::array({{{"key", "node-role.kubernetes.io/control-plane"}, {"effect", "NoSchedule"}}})}});
  all.put_unprepared("spare", {{"unschedulable", true}});
  BOOST_TEST(all.check() == 0, all.out());
  check_says(all.out(), "note runtime handler `migrate` on plane\n");
  check_says(
      all.out(),
      "    This fails nothing: the node has the taint node-role.kubernetes.io/control-plane:NoSchedule, so it is "
      "not for Pods as they come\n");
  check_says(all.out(), "    This fails nothing: the node is cordoned\n");
}

BOOST_AUTO_TEST_CASE(a_node_in_trouble_is_meant_all_the_same) {
  Installed all;
  all.put_unprepared(
      "node-c", {{"taints", Json::array({{{"key", "node.kubernetes.io/unreachable"}, {"effect", "NoSchedule"}}})}});
  BOOST_TEST(all.check() == 1, all.out());
  check_says(all.out(), "FAIL runtime handler `migrate` on node-c\n");
}

BOOST_AUTO_TEST_CASE(of_a_pod_only_its_nodes_count) {
  Installed all;
  all.put_unprepared("node-c", Json::object());
  BOOST_TEST(all.check() == 1, all.out());
  all.scene.out.str("");
  BOOST_TEST(all.check(true) == 0, all.out());
  check_says(all.out(), "    This fails nothing: the Pod does not depend on it\n");
  all.scene.out.str("");
  Options there = for_pod(Verb::check);
  there.to = "node-c";
  BOOST_TEST(run_check(all.session(), there) == 1, all.out());
  check_says(all.out(), "FAIL runtime handler `migrate` on node-c\n");
}

BOOST_AUTO_TEST_CASE(secrets_that_annotations_name_are_looked_at) {
  Installed all;
  all.put_pod({{"kubectl-migrate.dev/registry", "r.example/cp"}, {"kubectl-migrate.dev/registry-secret", "pull"}});
  all.allowed["secrets"] = false;
  BOOST_TEST(all.check(true) == 1);
  check_says(all.out(), "FAIL you may get secrets of pull in namespace shop\n");
  check_says(all.out(), "    you may not create the Migration that asks it\n");
  Installed typed;
  typed.allowed["secrets"] = false;
  Options options = for_pod(Verb::check);
  options.transfer = TransferWay::registry;
  options.registry = "r.example/cp";
  options.registry_secret = "mine";
  BOOST_TEST(run_check(typed.session(), options) == 1);
  check_says(typed.out(), "FAIL you may get secrets of mine in namespace shop\n");
}

BOOST_AUTO_TEST_CASE(flags_that_make_no_sense_for_this_pod_are_a_usage_error) {
  Installed all;
  Options options = for_pod(Verb::check);
  options.registry_secret = "pull";
  BOOST_TEST(run_check(all.session(), options) == 2);
  check_says(all.scene.err.str(), "error: --registry-secret needs --registry");
  BOOST_TEST(all.out().find("Status check results") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(each_way_of_getting_no_answer_has_its_own_section) {
  struct Row {
    std::function<void(Installed&)> spoil;
    const char* line;
    const char* says;
    Topic topic;
  };
  const char* asked = "FAIL the controller looks at Pod shop/orders\n";
  const std::vector<Row> rows{
      {[](Installed& all) { all.controller = [](const Migration&) { return std::nullopt; }; }, asked,
       "no controller has taken it up within 30 s", Topic::no_answer},
      {[](Installed& all) {
         all.put_pod({{"kubectl-migrate.dev/cutoff", "soon"}});
       },
       asked, "annotation kubectl-migrate.dev/cutoff=soon", Topic::wrong_annotation},
      {[](Installed& all) { all.scene.cluster.forbid("create migrations"); }, asked,
       "The right to create migrations.kubectl-migrate.dev", Topic::missing_right},
      {[](Installed& all) {
         all.scene.cluster.answer("create migrations", [](Json made) {
           made["spec"].erase("dryRun");
           return made;
         });
       },
       asked, "does not know dry runs", Topic::old_schema},
      {[](Installed& all) {
         all.scene.cluster.refuse("get migrations",
                                  kube::local_error("connection refused", kube::ApiError::Kind::connection));
       },
       asked, "connection refused", Topic::no_api_server},
      {[](Installed& all) { all.scene.cluster.forbid("get pods"); }, "FAIL Pod shop/orders is there\n",
       "The right to get pods", Topic::missing_right},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.says) {
      Installed all;
      row.spoil(all);
      BOOST_TEST(all.check(true) == 1, all.out());
      const std::size_t line = all.out().find(row.line);
      BOOST_REQUIRE_MESSAGE(line != std::string::npos, all.out());
      check_says(all.out().substr(line), row.says);
      check_says(all.out().substr(line), "    see " + hint(row.topic) + " for hints\n");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_person_is_told_what_comes_next) {
  const std::string next = "\nNext, one of your Pods: kubectl migrate check POD\n";
  Installed well;
  well.io.out.is_live = true;
  BOOST_TEST(well.check() == 0);
  BOOST_TEST(well.out().ends_with(next), well.out());
  Installed broken;
  broken.io.out.is_live = true;
  broken.put_unprepared("node-c", Json::object());
  BOOST_TEST(broken.check() == 1);
  BOOST_TEST(broken.out().find(next) == std::string::npos);
  Installed document;
  document.io.out.is_live = true;
  Options options = for_pod(Verb::check);
  options.name.clear();
  options.output = Output::json;
  BOOST_TEST(run_check(document.session(), options) == 0);
  BOOST_TEST(!Json::parse(document.out(), nullptr, false).is_discarded(), document.out());
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_in_vain) {
  const auto never = [](const Migration&) -> std::optional<MigrationStatus> {
    BOOST_ERROR("the controller is asked");
    return planned();
  };
  Installed idle;
  idle.controller = never;
  idle.put_lease(kLease, "2026-01-01T11:50:00.000000Z");
  BOOST_TEST(idle.check(true) == 1);
  check_says(idle.out(), "skip the controller looks at Pod shop/orders\n    no controller is at work\n");
  Installed forbidden;
  forbidden.controller = never;
  forbidden.allowed["pods"] = false;
  BOOST_TEST(forbidden.check(true) == 1);
  check_says(forbidden.out(), "FAIL you may create pods/exec of orders in namespace shop\n");
  check_says(forbidden.out(), "    you may not create the Migration that asks it\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_pod_is_told_with_the_one_that_may_be_meant) {
  Installed all;
  Options options = for_pod(Verb::check);
  options.name = "order";
  BOOST_TEST(run_check(all.session(), options) == 1);
  check_says(all.out(), "FAIL Pod shop/order is there\n    ");
  check_says(all.out(), "id you mean orders?");
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_it_and_leaves_nothing) {
  Installed all;
  all.controller = [&](const Migration&) {
    all.scene.interrupted = true;
    return std::nullopt;
  };
  BOOST_TEST(all.check(true) == 130);
  check_says(all.scene.err.str(), "error: interrupted\n");
  all.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(a_document_for_programs) {
  Installed all;
  Options options = for_pod(Verb::check);
  options.output = Output::json;
  BOOST_TEST(run_check(all.session(), options) == 0);
  const Json document = Json::parse(all.out(), nullptr, false);
  BOOST_REQUIRE(!document.is_discarded());
  BOOST_TEST(document.at("success") == true);
  std::vector<std::string> groups;
  for (const Json& one : document.at("categories"))
    groups.push_back(one.at("categoryName").get<std::string>());
  BOOST_TEST(joined(groups) == "kubernetes, controller, nodes, namespace, pod");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
