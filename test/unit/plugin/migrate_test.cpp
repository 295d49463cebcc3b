#include "plugin/migrate.h"

#include "plugin/commands.h"
#include "shared/migration/pod_patch.h"
#include "test/unit/plugin/dry_run_scene.h"

namespace migrate::plugin {
namespace {

// The name that chance 0 makes.
constexpr const char* kName = "orders-bbbbb";

Migration named(Migration migration) {
  migration.name = kName;
  migration.uid = std::string("uid-") + kName;
  return migration;
}

void check_refused(Scene& scene, const std::vector<std::string>& arguments, int code, const std::string& says) {
  BOOST_TEST(scene.run(arguments) == code);
  const std::string told = scene.err.str();
  BOOST_TEST(
      (told.starts_with("error: ") || told.starts_with("Error from server (") || told.starts_with("The request ")),
      told);
  check_says(scene.err.str(), says);
  BOOST_TEST(scene.out.str().empty(), scene.out.str());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(migrating)

BOOST_AUTO_TEST_CASE(a_migration_is_made_followed_and_accounted_for) {
  Scene scene;
  scene.then(named(migration_in(Phase::preparing, {step(Phase::preparing, 0ms)})));
  scene.then(named(succeeded()));
  BOOST_TEST(scene.run({"orders", "--to", "node-b", "--keep-name", "--accept=post-start"}) == 0, scene.err.str());
  const std::string out = scene.out.str();
  check_says(out, "12:00:00.000 orders-bbbbb Pending\n12:00:00.000 orders-bbbbb Preparing\n");
  check_says(out,
             "\n12:00:02.310 orders-bbbbb Succeeded\nPod shop/orders continues as shop/orders-mig-ab12c on node-b");
  check_says(out, "  Gap       0.812 s");
  BOOST_TEST(scene.err.str().empty(), scene.err.str());
  BOOST_TEST(scene.cluster.written.size() == 1U);
  BOOST_TEST(scene.cluster.written.front() == "create migrations.kubectl-migrate.dev \"orders-bbbbb\" in shop");
}

BOOST_AUTO_TEST_CASE(what_is_created_is_what_was_asked_for) {
  Scene scene;
  BOOST_TEST(scene.run({"orders", "--no-wait", "--to=node-b", "--node-selector=zone=a", "--strategy=stop",
                        "--checkpoint=direct", "--queue=q", "--broker-secret=s", "--timeout=90s", "--name=mine"}) == 0);
  BOOST_TEST(scene.out.str() == "migration.kubectl-migrate.dev/mine created\n");
  const Json* made = scene.cluster.find(migrations("shop", "mine"));
  BOOST_REQUIRE(made != nullptr);
  const auto migration = parse_migration(*made);
  BOOST_REQUIRE(migration);
  const MigrationSpec& spec = migration->spec;
  BOOST_TEST(spec.pod == "orders");
  BOOST_TEST(spec.pod_uid == "uid-orders");
  BOOST_TEST(spec.target_node == "node-b");
  BOOST_TEST(spec.target_selector.at("zone") == "a");
  BOOST_TEST((spec.strategy == Strategy::stop && spec.checkpoint == CheckpointBackend::direct));
  BOOST_TEST(spec.queue == "q");
  BOOST_TEST(spec.broker_secret == "s");
  BOOST_TEST((spec.timeout == 90s));
}

BOOST_AUTO_TEST_CASE(how_it_travels_and_is_replayed_is_asked_for_too) {
  Scene scene;
  BOOST_TEST(scene.run({"orders", "--no-wait", "--name=mine", "--strategy=live", "--max-replay=10s", "--cutoff=1m",
                        "--purge-primary", "--restore=image", "--registry=r.example/cp", "--registry-secret=pull"}) ==
             0);
  const Json* made = scene.cluster.find(migrations("shop", "mine"));
  BOOST_REQUIRE(made != nullptr);
  const auto migration = parse_migration(*made);
  BOOST_REQUIRE(migration);
  const MigrationSpec& spec = migration->spec;
  BOOST_TEST((spec.strategy == Strategy::live && spec.restore == RestoreWay::image));
  BOOST_TEST((spec.max_replay == 10s && spec.cutoff == 60s && spec.purge_primary));
  BOOST_TEST((spec.transfer == TransferWay::registry));
  BOOST_TEST(spec.registry == "r.example/cp");
  BOOST_TEST(spec.registry_secret == "pull");
}

BOOST_AUTO_TEST_CASE(names_fit_a_label_and_do_not_grow) {
  const auto zero = [] { return 0.0; };
  BOOST_TEST(chosen_name("orders", zero) == "orders-bbbbb");
  BOOST_TEST(chosen_name("orders-mig-ab12c", [] { return 0.9999; }) == "orders-99999");
  BOOST_TEST(chosen_name("-mig-ab12c", zero) == "-mig-ab12c-bbbbb");
  BOOST_TEST(chosen_name(std::string(253, 'a'), zero).size() == 63U);
  BOOST_TEST(chosen_name(std::string(56, 'a') + ".b", zero) == std::string(56, 'a') + "-bbbbb");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_is_not_taken_over) {
  Scene scene;
  Migration other = named(migration_in(Phase::succeeded));
  scene.put(other);
  check_refused(scene, {"orders", "--name", kName}, 1, "there is one of that name already");
}

BOOST_AUTO_TEST_CASE(dry_runs_leave_nothing) {
  Scene client;
  BOOST_TEST(client.run({"orders", "--dry-run=client"}) == 0);
  check_says(client.out.str(), "kind: Migration\n");
  check_says(client.out.str(), "uid: uid-orders\n");
  check_says(client.out.str(),
             "  messages:\n    cutoff: Auto\n    maxReplay: \"30s\"\n    mode: Auto\n    purgePrimary: false\n");
  check_says(client.out.str(), "  restore: Auto\n");
  check_says(client.out.str(), "  transfer:\n    via: Direct\n");
  BOOST_TEST(client.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(a_dry_run_of_the_server_shows_the_controllers_plan) {
  Options options = for_pod();
  options.dry_run = DryRun::server;
  DryRunScene text;
  BOOST_TEST(run_migrate(text.session(), options) == 0, text.scene.err.str());
  check_says(text.scene.out.str(), "Dry run: Pod shop/orders, node-a to where the scheduler chooses.");
  check_says(text.scene.out.str(), "  Gap       0.812 s (0.700 s to 1.400 s)\n");
  check_says(text.scene.out.str(), "\nSteps:\n  Preparing     Pod, nodes and queue are looked at\n");
  text.check_nothing_left();

  DryRunScene document;
  options.output = Output::json;
  BOOST_TEST(run_migrate(document.session(), options) == 0, document.scene.err.str());
  const Json object = Json::parse(document.scene.out.str(), nullptr, false);
  BOOST_REQUIRE(!object.is_discarded());
  BOOST_TEST(object.at("status").at("phase") == "Planned");
  document.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(a_person_who_has_seen_the_plan_is_told_how_to_begin) {
  const std::string next = "\nThe same without --dry-run begins it.\n";
  Options options = for_pod();
  options.dry_run = DryRun::server;
  for (const bool is_live : {true, false}) {
    DryRunScene all;
    all.io.out.is_live = is_live;
    BOOST_TEST(run_migrate(all.session(), options) == 0);
    BOOST_TEST(all.scene.out.str().ends_with(next) == is_live, all.scene.out.str());
  }
  DryRunScene refused;
  refused.io.out.is_live = true;
  refused.controller = [](const Migration&) { return std::optional{refused_twice()}; };
  BOOST_TEST(run_migrate(refused.session(), options) == 3);
  BOOST_TEST(refused.scene.out.str().find(next) == std::string::npos);
}

// The Pod is read by who asks; the controller tells what would be another.
BOOST_AUTO_TEST_CASE(as_yaml_the_target_stands_behind_the_migration) {
  for (const bool is_changed : {false, true}) {
    DryRunScene scene;
    scene.controller = [&](const Migration&) {
      MigrationStatus status = planned();
      const Json pod = *scene.scene.cluster.find(kube::pod("shop", "orders"));
      Json target = pod;
      target["metadata"]["name"] = "orders-mig-abcde";
      target["spec"]["runtimeClassName"] = "migrate";
      target["spec"].erase("nodeName");
      status.plan->target = is_changed ? R"([{"op": "remove", "path": "/spec/hostname"}])" : target_patch(pod, target);
      return std::optional{std::move(status)};
    };
    Options options = for_pod();
    options.dry_run = DryRun::server;
    options.output = Output::yaml;
    BOOST_TEST(run_migrate(scene.session(), options) == 0, scene.scene.err.str());
    const std::string told = scene.scene.out.str();
    check_says(told, "kind: Migration\n");
    BOOST_TEST(told.find("/spec/") == std::string::npos, told);  // the patch itself
    if (is_changed) {
      BOOST_TEST(told.find("\n---\n") == std::string::npos, told);
      check_says(scene.scene.err.str(), "warning: the Pod was changed meanwhile, so its target is not shown\n");
      continue;
    }
    BOOST_TEST(told.substr(told.find("\n---\n")) ==
               "\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: orders-mig-abcde\n  namespace: shop\nspec:\n  "
               "runtimeClassName: migrate\n");
  }
}

BOOST_AUTO_TEST_CASE(what_the_controller_would_refuse_is_told_all_at_once) {
  for (const Output output : {Output::text, Output::yaml}) {
    DryRunScene all;
    // The controller looks at all of it, so the plugin stops at none.
    all.scene.cluster.put(kube::core("namespaces", "", "shop"), Json::object());
    all.controller = [](const Migration&) { return std::optional{refused_twice()}; };
    Options options = for_pod();
    options.dry_run = DryRun::server;
    options.output = output;
    BOOST_TEST(run_migrate(all.session(), options) == 3);
    check_says(all.scene.err.str(), "error: Pod shop/orders would be refused, for 2 reasons:\n  NoHandler: ");
    check_says(all.scene.err.str(), "\n  HostPath: ");
    check_says(all.scene.out.str(),
               output == Output::yaml ? "phase: Refused\n" : "Dry run: Pod shop/orders, node-a to ");
    all.check_nothing_left();
  }
}

BOOST_AUTO_TEST_CASE(a_dry_run_hinders_no_migration) {
  Scene scene;
  Migration trial = migration_in(Phase::preparing);
  trial.spec.dry_run = true;
  scene.put(trial);
  BOOST_TEST(scene.run({"orders", "--no-wait"}) == 0, scene.err.str());
}

BOOST_AUTO_TEST_CASE(a_document_is_alone_on_stdout) {
  Scene scene;
  scene.then(named(succeeded()));
  BOOST_TEST(scene.run({"orders", "-o", "json"}) == 0);
  const Json document = Json::parse(scene.out.str(), nullptr, false);
  BOOST_REQUIRE(!document.is_discarded());
  BOOST_TEST(document.at("status").at("phase") == "Succeeded");
  check_says(scene.err.str(), "Succeeded");
  check_says(scene.err.str(), "  Gap ");
  Scene name;
  name.then(named(succeeded()));
  BOOST_TEST(name.run({"orders", "-o", "name"}) == 0);
  BOOST_TEST(name.out.str() == "migration.kubectl-migrate.dev/orders-bbbbb\n");
}

BOOST_AUTO_TEST_CASE(bad_input_is_one_clear_error_and_nothing_is_created) {
  struct Case {
    std::string name;
    std::function<void(Scene&)> prepare;
    std::vector<std::string> arguments;
    int code;
    std::string says;
  };
  const auto pod = [](Json status, Json metadata = Json::object()) {
    return [=](Scene& scene) {
      scene.cluster.put(kube::pod("shop", "orders"),
                        {{"metadata", metadata}, {"spec", {{"nodeName", "node-a"}}}, {"status", status}});
    };
  };
  const std::vector<Case> cases = {
      {"unknown Pod",
       [](Scene&) {},
       {"order"},
       1,
       "pods \"order\" not found\nDid you mean orders?\nkubectl get pods -n shop shows what there is"},
      {"unknown Pod, no list",
       [](Scene& s) { s.cluster.forbid("list pods"); },
       {"order"},
       1,
       "Error from server (NotFound): pods \"order\" not found\nkubectl get pods -n shop"},
      {"a command that is none", [](Scene&) {}, {"stauts"}, 1, "\nDid you mean the command status?\n"},
      {"no right to the Pod",
       [](Scene& s) { s.cluster.forbid("get pods"); },
       {"orders"},
       1,
       "The right to get pods in namespace shop is missing"},
      {"not installed",
       [](Scene& s) { s.cluster.forget_type("migrations"); },
       {"orders"},
       1,
       "kubectl apply -k manifests/"},
      {"no right to create",
       [](Scene& s) { s.cluster.forbid("create migrations"); },
       {"orders"},
       1,
       "kubectl auth can-i create migrations.kubectl-migrate.dev -n shop"},
      {"namespace not enabled",
       [](Scene& s) { s.cluster.put(kube::core("namespaces", "", "shop"), Json::object()); },
       {"orders"},
       3,
       "kubectl migrate enable -n shop"},
      {"wrong node",
       [](Scene&) {},
       {"orders", "--to", "nodeb"},
       3,
       "--to=nodeb: no such node; did you mean node-b or node-a?"},
      {"no repository",
       [](Scene&) {},
       {"orders", "--transfer=registry"},
       2,
       "--transfer=registry needs --registry HOST[:PORT]/PATH"},
      {"a Secret of no registry",
       [](Scene&) {},
       {"orders", "--registry-secret=pull"},
       2,
       "--registry-secret needs --registry"},
      {"own node", [](Scene&) {}, {"orders", "--to", "node-a"}, 3, "already runs on node node-a"},
      {"cordoned",
       [](Scene& s) {
         s.cluster.put(kube::core("nodes", "", "node-b"), {{"spec", {{"unschedulable", true}}}});
       },
       {"orders", "--to", "node-b"},
       3,
       "node-b is cordoned"},
      {"pending", pod({{"phase", "Pending"}}), {"orders"}, 3, "is Pending, not Running"},
      {"going",
       pod({{"phase", "Running"}}, {{"deletionTimestamp", "2026-01-01T00:00:00Z"}}),
       {"orders"},
       3,
       "is being deleted"},
      {"under way",
       [](Scene& s) { s.put(migration_in(Phase::placing)); },
       {"orders"},
       3,
       "is being migrated already, by orders-x7k2p (phase Placing)"},
  };
  for (const Case& one : cases) {
    BOOST_TEST_CONTEXT(one.name) {
      Scene scene;
      one.prepare(scene);
      check_refused(scene, one.arguments, one.code, one.says);
      BOOST_TEST(scene.cluster.find(migrations("shop", kName)) == nullptr);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_policy_that_denies_is_explained) {
  Scene scene;
  kube::ApiError error;
  error.kind = kube::ApiError::Kind::invalid;
  error.http_code = 422;
  error.reason = "Invalid";
  error.message = "ValidatingAdmissionPolicy 'migrations' with binding 'migrations' denied request: no pods/exec";
  scene.cluster.refuse("create migrations", error);
  check_refused(scene, {"orders"}, 1, "the right to create pods/exec for it is needed");
}

BOOST_AUTO_TEST_CASE(what_may_not_be_looked_at_is_left_to_the_controller) {
  Scene scene;
  for (const char* right : {"list migrations", "get namespaces", "get nodes"})
    scene.cluster.forbid(right);
  BOOST_TEST(scene.run({"orders", "--to", "node-z", "--no-wait"}) == 0, scene.err.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
