// `kubectl migrate support-bundle` as it stands on a screen, and the bundle that it leaves.
#include <fmt/format.h>

#include "plugin/commands.h"
#include "shared/migration/node_facts.h"
#include "test/temporary_folder.h"
#include "test/unit/plugin/scene.h"
#include "test/unit/support/unpacked.h"

namespace migrate::plugin {
namespace {

using test::UnpackedFile;
using Files = std::map<std::string, UnpackedFile>;
using fakes::Cluster;

kube::ResourcePath path(const std::string& group, const std::string& plural, const std::string& namespace_,
                        const std::string& name) {
  return {.group = group, .version = "v1", .plural = plural, .namespace_ = namespace_, .name = name, .subresource = {}};
}

std::string log_line(const std::string& level, const std::string& migration, const std::string& more = "") {
  return fmt::format(R"({{"time":"2026-01-01T12:00:00Z","level":"{}","program":"p","message":"m","migration":"{}"{}}})",
                     level, migration, more) +
         "\n";
}

Json our_pod(const std::string& part, const std::string& node, int restarts = 0) {
  return {{"metadata", {{"labels", {{"app.kubernetes.io/name", part}}}}},
          {"spec", {{"nodeName", node}, {"containers", {{{"name", "main"}}}}}},
          {"status", {{"containerStatuses", {{{"name", "main"}, {"restartCount", restarts}}}}}}};
}

// A migration of a set's Pod that has ended, in a cluster where all of it is installed.
struct Bundled : Scene {
  test::TemporaryFolder folder;
  std::string file = (folder / "b.tar.gz").string();

  Bundled() {
    Migration done = succeeded();
    done.status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
    put(done);
    Migration other = migration_in(Phase::freezing);
    other.name = "billing-aaaaa";
    other.uid = "uid-billing";
    other.spec.pod = "billing";
    other.status.source = {"billing", "uid-b", "node-c"};
    other.status.target = {};
    put(other);
    cluster.serve("/version", {{"gitVersion", "v1.36.3"}});
    cluster.serve("/apis/kubectl-migrate.dev", {{"versions", {{{"version", "v1alpha1"}}}}});
    cluster.put(
        kube::pod("shop", "orders-mig-ab12c"),
        {{"metadata", {{"ownerReferences", {{{"kind", "StatefulSet"}, {"name", "orders"}, {"uid", "uid-set"}}}}}},
         {"spec",
          {{"nodeName", "node-b"},
           {"containers", {{{"name", "app"}, {"env", {{{"name", "BROKER"}, {"value", "hunter2"}}}}}}}}}});
    cluster.put(path("apps", "statefulsets", "shop", "orders"),
                {{"metadata", {{"annotations", {{"kubectl.kubernetes.io/last-applied-configuration", "{}"}}}}}});
    cluster.put(kube::core("events", "shop", "e1"),
                {{"involvedObject", {{"kind", "Pod"}, {"name", "orders"}}}, {"reason", "Killing"}});
    cluster.put(kube::core("events", "shop", "e2"),
                {{"involvedObject", {{"kind", "Pod"}, {"name", "somebody"}}}, {"reason", "Elsewhere"}});
    cluster.put(path("apps", "deployments", "kubectl-migrate", "migrate-extender"),
                {{"metadata", {{"labels", {{"app.kubernetes.io/version", "0.1.0"}}}}}});
    for (const char* node : {"node-a", "node-b", "node-c"}) {
      put_pod("migrate-agent", node);
      NodeFacts facts;
      facts.node = node;
      facts.agent_version = "0.1.0";
      cluster.put({kGroup, kVersion, "migrationnodes", {}, node, {}}, to_json(facts));
    }
    put_pod("migrate-extender", "node-c", 1);
    put_log("migrate-extender", "node-c",
            log_line("info", "uid-orders-x7k2p") + log_line("info", "uid-billing") + log_line("error", "uid-billing"));
    cluster.put_log(our_path("migrate-extender", "node-c"), "main", "terminate called\n", Cluster::Run::previous);
    put_log("migrate-agent", "node-a",
            log_line("info", "uid-orders-x7k2p",
                     R"(,"container":"app","file":"dump.log","part":"1/1","criuLog":"(00.1) Error: a tty\n")"));
    put_log("migrate-agent", "node-b", log_line("info", "uid-orders-x7k2p", R"(,"peer":"amqp://u:p@h")"));
    put_log("migrate-agent", "node-c", log_line("error", "uid-billing"));
  }
  static kube::ResourcePath our_path(const std::string& part, const std::string& node) {
    return kube::pod("kubectl-migrate", part + "-" + node);
  }
  void put_pod(const std::string& part, const std::string& node, int restarts = 0) {
    cluster.put(our_path(part, node), our_pod(part, node, restarts));
  }
  void put_log(const std::string& part, const std::string& node, const std::string& text) {
    cluster.put_log(our_path(part, node), "main", text);
  }
  int bundle(const std::string& migration = "orders-x7k2p") {
    std::vector<std::string> words = {"support-bundle", "-f", file};
    if (!migration.empty()) words.push_back(migration);
    return run(words);
  }
  // Without the folder that all are in.
  [[nodiscard]] Files files() const {
    Files below;
    for (const auto& [path, content] : test::unpacked(test::read_text(file)))
      below[path.substr(path.find('/') + 1)] = content;
    return below;
  }
};

std::string text_of(const Files& files, const std::string& path) {
  const auto found = files.find(path);
  return found != files.end() ? found->second.text : "(there is no " + path + ")";
}

void check_has_not(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) == std::string::npos, "\"" << part << "\" is in: " << text);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(support_bundles, Bundled)

BOOST_AUTO_TEST_CASE(a_line_for_each_step_and_the_file_at_the_end) {
  BOOST_TEST(bundle() == 0);
  const std::string told = err.str();
  for (const char* line : {"ok   versions: plugin " MIGRATE_VERSION ", controller 0.1.0, Kubernetes v1.36.3\n",
                           "ok   1 Migration\n", "ok   2 Pods of theirs, 1 owner\n", "ok   1 Event on all of them\n",
                           "ok   2 Nodes, and what the agents of 3 say\n", " of the installation\n", "ok   4 logs, ",
                           "ok   kubectl migrate check: something is wrong\n", "docs/support-bundle.md"})
    check_says(told, line);
  BOOST_TEST(out.str().starts_with(file + " ("), out.str());
  BOOST_TEST(test::mode_of(file) == 0600U);
  for (const std::string& one : cluster.written)
    BOOST_TEST(one.find("subject") != std::string::npos, "nothing is written but reviews: " << one);
}

BOOST_AUTO_TEST_CASE(what_belongs_to_a_migration_is_in_it) {
  BOOST_TEST(bundle() == 0);
  const Files all = files();
  check_says(text_of(all, "migrations.yaml"), "name: orders-x7k2p");
  check_has_not(text_of(all, "migrations.yaml"), "billing");
  check_says(text_of(all, "pods.yaml"), "name: orders-mig-ab12c");
  check_says(text_of(all, "owners.yaml"), "name: orders\n");
  check_says(text_of(all, "events.yaml"), "Killing");
  check_has_not(text_of(all, "events.yaml"), "Elsewhere");
  check_says(text_of(all, "nodes.yaml"), "node-b");
  check_has_not(text_of(all, "nodes.yaml"), "node-c");
  check_says(text_of(all, "migrationnodes.yaml"), "node-c");
  check_says(text_of(all, "versions.json"), "\"node-a\": \"0.1.0\"");
  check_says(text_of(all, "installation/deployments.yaml"), "migrate-extender");
  check_says(text_of(all, "installation/namespaces.yaml"), "name: shop");
  check_says(text_of(all, "check.json"), "\"success\"");
  check_says(text_of(all, "README.txt"), "Migration shop/orders-x7k2p");
}

BOOST_AUTO_TEST_CASE(of_logs_its_own_lines_and_the_trouble_around_it) {
  BOOST_TEST(bundle() == 0);
  const Files all = files();
  const std::string extender = text_of(all, "logs/migrate-extender-node-c/main.log");
  check_says(extender, R"("level":"info","program":"p","message":"m","migration":"uid-orders-x7k2p")");
  check_says(extender, R"("level":"error","program":"p","message":"m","migration":"uid-billing")");
  check_has_not(extender, R"("level":"info","program":"p","message":"m","migration":"uid-billing")");
  BOOST_TEST(text_of(all, "logs/migrate-extender-node-c/main.previous.log") == "terminate called\n");
  BOOST_TEST(!all.contains("logs/migrate-agent-node-c/main.log"));
  BOOST_TEST(text_of(all, "criu/node-a/uid-orders-x7k2p-app-dump.log") == "(00.1) Error: a tty\n");
  // From ten minutes before it was created, twelve hours ago.
  BOOST_REQUIRE(!cluster.logs_read.empty());
  BOOST_TEST((cluster.logs_read.front().since == std::chrono::seconds{12h + 10min}));
}

BOOST_AUTO_TEST_CASE(nothing_that_is_nobody_s_business_is_in_it) {
  BOOST_TEST(bundle() == 0);
  const Files all = files();
  for (const auto& [path, content] : all)
    for (const char* secret : {"hunter2", "u:p@h"})
      BOOST_TEST(content.text.find(secret) == std::string::npos, secret << " is in " << path);
  check_says(text_of(all, "logs/migrate-agent-node-b/main.log"), "amqp://***@h");
  check_says(text_of(all, "owners.yaml"), R"(last-applied-configuration: "***")");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_named_and_no_trouble) {
  Migration gone = succeeded();
  gone.status.placeholder = "orders-mig-hold";
  put(gone);
  BOOST_TEST(bundle() == 0);
  check_says(text_of(files(), "errors.txt"), "get pods \"orders-mig-hold\" in namespace shop: it is not there\n");
  check_says(err.str(), "ok   2 Pods of theirs");
}

BOOST_AUTO_TEST_CASE(without_rights_to_the_installation_the_rest_is_written) {
  for (const char* what : {"list deployments", "get deployments", "log pods", "list clusterroles"})
    cluster.forbid(what);
  BOOST_TEST(bundle() == 0);
  const Files all = files();
  check_says(text_of(all, "migrations.yaml"), "orders-x7k2p");
  const std::string errors = text_of(all, "errors.txt");
  check_says(errors, "list deployments.apps in namespace kubectl-migrate: Error from server (Forbidden)");
  check_says(errors, "read the log of pods \"migrate-agent-node-a\" in namespace kubectl-migrate, container main");
  check_says(err.str(), "note 0 logs, 0 B\n    you have no right to read the log of pods");
  check_says(err.str(), "    and 1 more\n");
}

BOOST_AUTO_TEST_CASE(without_a_name_it_is_about_all_and_all_nodes) {
  BOOST_TEST(bundle("") == 0);
  const Files all = files();
  check_says(text_of(all, "migrations.yaml"), "billing-aaaaa");
  check_says(text_of(all, "logs/migrate-agent-node-c/main.log"), "uid-billing");
  check_says(text_of(all, "README.txt"), "2 Migrations of namespace shop");
  for (const kube::LogOptions& options : cluster.logs_read)
    BOOST_TEST((options.tail && !options.since));
}

BOOST_AUTO_TEST_CASE(a_mistyped_name_is_told_and_leaves_no_file) {
  BOOST_TEST(bundle("orders-x7k2q") == 1);
  check_says(err.str(), "Error from server (NotFound): migrations.kubectl-migrate.dev \"orders-x7k2q\" not found");
  check_says(err.str(), "Did you mean orders-x7k2p?");
  BOOST_TEST(!test::is_there(file));
}

BOOST_AUTO_TEST_CASE(where_nothing_is_installed_there_is_a_bundle_all_the_same) {
  fakes::Cluster& bare = cluster;
  for (const char* type : {"migrations", "migrationnodes"})
    bare.forget_type(type);
  BOOST_TEST(bundle() == 0);
  check_says(text_of(files(), "errors.txt"), "list migrations.kubectl-migrate.dev in namespace shop: ");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_there_is_not_written_over) {
  test::write_text(file, "mine");
  BOOST_TEST(bundle() == 1);
  check_says(err.str(), "File exists\nNothing that is there is written over; -f names another file\n");
  BOOST_TEST(test::read_text(file) == "mine");
}

BOOST_AUTO_TEST_CASE(without_an_answer_there_is_no_bundle) {
  kube::ApiError error = kube::local_error("The connection to the server 127.0.0.1 was refused");
  error.kind = kube::ApiError::Kind::connection;
  cluster.refuse("get /version", error);
  BOOST_TEST(bundle() == 1);
  check_says(err.str(), "The connection to the server 127.0.0.1 was refused");
  BOOST_TEST(!test::is_there(file));
}

BOOST_AUTO_TEST_CASE(interrupted_it_leaves_nothing) {
  interrupted = true;
  BOOST_TEST(bundle() == 130);
  BOOST_TEST(!test::is_there(file));
}

BOOST_AUTO_TEST_CASE(to_standard_output_it_goes_alone) {
  file = "-";
  BOOST_TEST(bundle() == 0);
  const auto all = test::unpacked(out.str());
  BOOST_TEST(all.contains("kubectl-migrate-support-orders-x7k2p-20260101T120000Z/errors.txt"));
  check_says(err.str(), "standard output (");
}

BOOST_AUTO_TEST_CASE(but_not_to_a_terminal) {
  file = "-";
  io.out.is_live = true;
  BOOST_TEST(bundle() == 2);
  BOOST_TEST(out.str().empty());
  check_says(err.str(), "standard output is a terminal");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
