// Who may do what once the product is installed: its own accounts no more than docs/install.md says, users no more than
// they could do without it.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "test/harness/cluster.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kExtender = "system:serviceaccount:kubectl-migrate:migrate-extender";
constexpr const char* kAgent = "system:serviceaccount:kubectl-migrate:migrate-agent";
constexpr const char* kScheduler = "system:serviceaccount:kubectl-migrate:migrate-scheduler";
constexpr const char* kOurs = "kubectl-migrate.dev";

Json role(const std::string& ns, const std::string& name, const Json& rules) {
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", "Role"},
          {"metadata", {{"name", name}, {"namespace", ns}}},
          {"rules", rules}};
}

Json binding(const std::string& ns, const std::string& user, const char* kind, const std::string& name) {
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", "RoleBinding"},
          {"metadata", {{"name", user}, {"namespace", ns}}},
          {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", kind}, {"name", name}}},
          {"subjects", {{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", user}}}}};
}

Json rule(const char* group, const Words& resources, const Words& verbs) {
  return {{"apiGroups", {group}}, {"resources", resources}, {"verbs", verbs}};
}

// A namespace in which migrations are allowed and one in which they are not, a Pod in each, and people. Made once for
// all cases.
struct World {
  Cluster cluster;
  Namespace open{cluster, "rights-open"};
  Namespace closed{cluster, "rights-closed"};

  World() {
    install_product(cluster);
    const auto enabled = migrate_command(
        cluster, {"enable", "-n", open.name(), "--broker-secret", "rabbitmq", "--broker-secret", "two"});
    if (!enabled.succeeded()) throw std::runtime_error(enabled.errors);
    for (const Namespace* ns : {&open, &closed})
      cluster.apply(
          {{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata", {{"name", "victim"}, {"namespace", ns->name()}}},
           {"spec",
            {{"terminationGracePeriodSeconds", 0},
             {"containers",
              {{{"name", "main"}, {"image", "registry.test/busybox:trixie"}, {"command", {"sleep", "100000"}}}}}}}});
    make_people();
    for (const Namespace* ns : {&open, &closed})
      cluster.wait_ready(ns->name(), "victim");
  }

 private:
  // editor, viewer: Kubernetes' own roles. mover: Migrations, and nothing else. runner: that and exec.
  void make_people() const {
    const std::string& ns = open.name();
    const Json moves = rule(kOurs, {"migrations"}, {"create", "get", "patch", "update"});
    cluster.apply(role(ns, "mover", Json::array({moves})));
    cluster.apply(role(ns, "runner", Json::array({moves, rule("", {"pods/exec"}, {"create"})})));
    cluster.apply(
        role(ns, "owner", Json::array({moves, rule("", {"pods/exec"}, {"create"}), rule("", {"secrets"}, {"get"})})));
    for (const char* user : {"mover", "runner", "owner"})
      cluster.apply(binding(ns, user, "Role", user));
    cluster.apply(binding(ns, "editor", "ClusterRole", "edit"));
    cluster.apply(binding(ns, "viewer", "ClusterRole", "view"));
  }
};

World& world() {
  static World made;
  return made;
}

struct Question {
  const char* user;
  const char* verb;
  const char* group;
  const char* resource;  // "pods/exec": with a subresource
  const char* ns;        // "": in all of them, or not in any
  const char* name;      // "": all
  bool allowed;
};

std::string to_text(const Question& question) {
  return fmt::format("{} {} {} {} in '{}' name '{}'", question.user, question.verb, question.group, question.resource,
                     question.ns, question.name);
}

Json review(const Question& question) {
  const std::string resource = question.resource;
  const auto slash = resource.find('/');
  Json attributes = {{"verb", question.verb},    {"group", question.group},
                     {"version", "*"},           {"resource", resource.substr(0, slash)},
                     {"namespace", question.ns}, {"name", question.name}};
  if (slash != std::string::npos) attributes["subresource"] = resource.substr(slash + 1);
  Json groups = {"system:authenticated"};
  if (std::string(question.user).starts_with("system:serviceaccount:"))
    groups.insert(groups.end(), {"system:serviceaccounts", "system:serviceaccounts:kubectl-migrate"});
  return {{"apiVersion", "authorization.k8s.io/v1"},
          {"kind", "SubjectAccessReview"},
          {"spec", {{"user", question.user}, {"groups", groups}, {"resourceAttributes", attributes}}}};
}

// All questions in one call: each kubectl takes a tenth of a second to start.
void check(const std::vector<Question>& questions) {
  Json reviews = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", Json::array()}};
  for (const Question& question : questions)
    reviews["items"].push_back(review(question));
  const std::string answers =
      world().cluster.kubectl({"create", "-f", "-", "-o", "jsonpath={.status.allowed}{\"\\n\"}"}, reviews.dump());
  std::size_t at = 0;
  for (const Question& question : questions) {
    const std::size_t end = answers.find('\n', at);
    BOOST_REQUIRE(end != std::string::npos);
    BOOST_TEST((answers.substr(at, end - at) == "true") == question.allowed, to_text(question));
    at = end + 1;
  }
}

// kubectl as somebody, without doing it; whatever the answer.
migrate::Completed try_as(const Words& who, const Words& words, const Json& input = nullptr) {
  Words all{"kubectl"};
  all.insert(all.end(), words.begin(), words.end());
  all.emplace_back("--dry-run=server");
  all.insert(all.end(), who.begin(), who.end());
  return world().cluster.run(all, input.is_null() ? "" : input.dump());
}

void check_refused(const migrate::Completed& answer, const std::string& reason) {
  BOOST_TEST(!answer.succeeded(), answer.output);
  BOOST_TEST(answer.errors.find(reason) != std::string::npos, answer.errors << "does not say: " << reason);
}

void check_done(const migrate::Completed& answer) {
  BOOST_TEST(answer.succeeded(), answer.errors);
}

// `place`: of the Secret's name in the spec.
migrate::Completed ask_for_migration(const std::string& user, const std::string& secret = "",
                                     const char* place = "/messages/broker/secretName") {
  Json object = migration_object(world().cluster, world().open.name(), "victim", "trial");
  if (!secret.empty()) object["spec"][Json::json_pointer{place}] = secret;
  return try_as({"--as=" + user}, {"create", "-f", "-"}, object);
}

// The agent's account as its token on `node` is; empty: a token of no node.
Words agent_of(const std::string& node) {
  Words who{std::string("--as=") + kAgent};
  if (!node.empty()) who.push_back("--as-user-extra=authentication.kubernetes.io/node-name=" + node);
  return who;
}

const Words kForge{"--type=merge", "-p", R"({"facts": {"kernel": "forged"}})"};

Words patch_node(const std::string& node) {
  Words words{"patch", "migrationnode", node};
  words.insert(words.end(), kForge.begin(), kForge.end());
  return words;
}

migrate::Completed patch_pod(const Namespace& ns, const std::string& patch) {
  return try_as({std::string("--as=") + kExtender}, {"patch", "pod", "victim", "-n", ns.name(), "-p", patch});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rights)

BOOST_AUTO_TEST_CASE(the_extender_sees_migrations_and_nodes_and_touches_no_pod_outside_enabled_namespaces) {
  check({
      {kExtender, "list", kOurs, "migrations", "", "", true},
      {kExtender, "patch", kOurs, "migrations/status", "default", "x", true},
      {kExtender, "delete", kOurs, "migrations", "default", "x", true},
      {kExtender, "create", kOurs, "migrations", "default", "", false},
      {kExtender, "watch", kOurs, "migrationnodes", "", "", true},
      {kExtender, "patch", kOurs, "migrationnodes", "", "node-a", false},
      {kExtender, "get", "", "nodes", "", "node-a", true},
      {kExtender, "patch", "", "nodes", "", "node-a", false},
      {kExtender, "get", "", "nodes/proxy", "", "node-a", false},
      {kExtender, "create", "", "nodes/checkpoint", "", "node-a", false},
      {kExtender, "get", "", "namespaces", "", "default", true},
      {kExtender, "list", "", "namespaces", "", "", false},
      {kExtender, "get", "", "persistentvolumes", "", "x", true},
      {kExtender, "get", "storage.k8s.io", "csidrivers", "", "x", true},
      {kExtender, "list", "storage.k8s.io", "csidrivers", "", "", false},
      {kExtender, "list", "storage.k8s.io", "volumeattachments", "", "", true},
      {kExtender, "delete", "storage.k8s.io", "volumeattachments", "", "x", false},
      {kExtender, "create", "", "events", "default", "", true},
      {kExtender, "create", "authentication.k8s.io", "tokenreviews", "", "", true},
      {kExtender, "get", "coordination.k8s.io", "leases", "kube-node-lease", "node-a", true},
      {kExtender, "update", "coordination.k8s.io", "leases", "kube-node-lease", "node-a", false},
      {kExtender, "patch", "coordination.k8s.io", "leases", "kubectl-migrate", "migrate-controller", true},
      {kExtender, "patch", "coordination.k8s.io", "leases", "kubectl-migrate", "migrate-scheduler", false},
      {kExtender, "get", "", "secrets", "kubectl-migrate", "migrate-ca", true},
      {kExtender, "patch", "", "secrets", "kubectl-migrate", "migrate-ca", false},
      {kExtender, "list", "", "secrets", "kubectl-migrate", "", false},
      {kExtender, "get", "", "secrets", "rights-closed", "rabbitmq", false},
      {kExtender, "create", "rbac.authorization.k8s.io", "rolebindings", "kubectl-migrate", "", false},
      {kExtender, "impersonate", "", "users", "", "", false},
      {kExtender, "create", "", "serviceaccounts/token", "kubectl-migrate", "migrate-agent", false},
  });
  for (const char* ns : {"", "kube-system", "kubectl-migrate", "rights-closed"})
    check({
        {kExtender, "get", "", "pods", ns, "", false},
        {kExtender, "list", "", "pods", ns, "", false},
        {kExtender, "create", "", "pods", ns, "", false},
        {kExtender, "delete", "", "pods", ns, "", false},
        {kExtender, "patch", "", "pods", ns, "", false},
        {kExtender, "create", "", "pods/binding", ns, "", false},
        {kExtender, "create", "", "pods/exec", ns, "", false},
    });
}

BOOST_AUTO_TEST_CASE(enable_gives_the_extender_pods_and_named_secrets_and_disable_takes_them_back) {
  const auto expect = [](const char* ns, bool allowed) {
    check({
        {kExtender, "get", "", "pods", ns, "victim", allowed},
        {kExtender, "watch", "", "pods", ns, "", allowed},
        {kExtender, "create", "", "pods", ns, "", allowed},
        {kExtender, "delete", "", "pods", ns, "victim", allowed},
        {kExtender, "patch", "", "pods", ns, "victim", allowed},
        {kExtender, "get", "", "persistentvolumeclaims", ns, "data", allowed},
        {kExtender, "get", "", "secrets", ns, "rabbitmq", allowed},
        {kExtender, "get", "", "secrets", ns, "two", allowed},
        {kExtender, "get", "", "secrets", ns, "another", false},
        {kExtender, "list", "", "secrets", ns, "", false},
        {kExtender, "create", "", "secrets", ns, "", allowed},  // what kind: a policy
        {kExtender, "delete", "", "secrets", ns, "rabbitmq", false},
        {kExtender, "update", "", "pods", ns, "victim", false},
        {kExtender, "patch", "", "pods/status", ns, "victim", allowed},
        {kExtender, "patch", "", "pods/ephemeralcontainers", ns, "victim", false},
        {kExtender, "create", "", "pods/exec", ns, "victim", false},
        {kExtender, "create", "", "pods/binding", ns, "victim", allowed},
        {kExtender, "create", kOurs, "migrations", ns, "", allowed},
        {kExtender, "delete", "", "persistentvolumeclaims", ns, "data", false},
        {kExtender, "get", "apps", "statefulsets", ns, "orders", allowed},
        {kExtender, "get", "apps", "replicasets", ns, "orders", allowed},
        {kExtender, "get", "apps", "deployments", ns, "orders", allowed},
        {kExtender, "update", "apps", "statefulsets/finalizers", ns, "orders", allowed},
        {kExtender, "patch", "apps", "statefulsets", ns, "orders", false},
        {kExtender, "patch", "apps", "statefulsets/status", ns, "orders", allowed},
        {kExtender, "patch", "apps", "replicasets/status", ns, "orders", false},
        {kExtender, "update", "apps", "statefulsets/scale", ns, "orders", false},
        {kExtender, "list", "", "services", ns, "", allowed},
        {kExtender, "patch", "", "services", ns, "orders", false},
        {kExtender, "get", "", "configmaps", ns, "x", false},
    });
  };
  const Namespace toggled{world().cluster, "rights-toggled"};
  expect("rights-open", true);
  expect("rights-toggled", false);
  const Words secrets{"--broker-secret", "rabbitmq", "--broker-secret", "two"};
  Words enable{"enable", "-n", toggled.name()};
  enable.insert(enable.end(), secrets.begin(), secrets.end());
  check_done(migrate_command(world().cluster, enable));
  expect("rights-toggled", true);
  check_done(migrate_command(world().cluster, {"disable", "-n", toggled.name()}));
  expect("rights-toggled", false);
}

BOOST_AUTO_TEST_CASE(agents_and_the_scheduler_have_what_they_need) {
  check({
      {kAgent, "create", "", "nodes/checkpoint", "", "node-a", true},
      {kAgent, "create", kOurs, "migrationnodes", "", "", true},
      {kAgent, "patch", kOurs, "migrationnodes", "", "node-a", true},
      {kAgent, "delete", kOurs, "migrationnodes", "", "node-a", false},
      {kAgent, "get", "", "configmaps", "kubectl-migrate", "migrate-ca", true},
      {kAgent, "list", "", "configmaps", "kubectl-migrate", "", false},
      {kAgent, "get", "", "secrets", "kubectl-migrate", "migrate-ca", false},
      {kAgent, "get", "", "nodes/proxy", "", "node-a", false},
      {kAgent, "create", "", "nodes/proxy", "", "node-a", false},
      {kAgent, "get", "", "nodes", "", "node-a", false},
      {kAgent, "get", "", "pods", "rights-open", "victim", false},
      {kAgent, "list", "", "pods", "", "", false},
      {kAgent, "get", kOurs, "migrations", "rights-open", "x", false},
      {kAgent, "create", "authentication.k8s.io", "tokenreviews", "", "", false},
      {kScheduler, "list", "", "pods", "", "", true},
      {kScheduler, "create", "", "pods/binding", "default", "", true},
      {kScheduler, "update", "coordination.k8s.io", "leases", "kubectl-migrate", "migrate-scheduler", true},
      {kScheduler, "update", "coordination.k8s.io", "leases", "kubectl-migrate", "migrate-controller", false},
      {kScheduler, "get", "", "secrets", "kubectl-migrate", "migrate-ca", false},
      {kScheduler, "get", kOurs, "migrations", "default", "x", false},
      {"system:serviceaccount:kubectl-migrate:default", "get", "", "secrets", "kubectl-migrate", "migrate-ca", false},
  });
}

BOOST_AUTO_TEST_CASE(kubernetes_own_roles_have_the_matching_rights_to_migrations) {
  check({
      {"editor", "create", kOurs, "migrations", "rights-open", "", true},
      {"editor", "patch", kOurs, "migrations", "rights-open", "x", true},
      {"editor", "delete", kOurs, "migrations", "rights-open", "x", true},
      {"editor", "list", kOurs, "migrations", "rights-open", "", true},
      {"editor", "patch", kOurs, "migrations/status", "rights-open", "x", false},
      {"editor", "create", kOurs, "migrations", "rights-closed", "", false},
      {"viewer", "watch", kOurs, "migrations", "rights-open", "", true},
      {"viewer", "create", kOurs, "migrations", "rights-open", "", false},
      {"viewer", "patch", kOurs, "migrations", "rights-open", "x", false},
      {"somebody", "get", kOurs, "migrations", "rights-open", "x", false},
  });
}

BOOST_AUTO_TEST_CASE(a_migration_takes_the_right_to_exec_into_its_pod_and_to_read_its_secret) {
  check_refused(ask_for_migration("mover"),
                "user mover may not migrate Pod rights-open/victim: that needs the right to create pods/exec on it");
  check_done(ask_for_migration("runner"));
  check_refused(ask_for_migration("runner", "rabbitmq"),
                "user runner may not let a Migration use Secret rights-open/rabbitmq: that needs the right to get it");
  check_refused(ask_for_migration("runner", "rabbitmq", "/transfer/secretName"),
                "user runner may not let a Migration use Secret rights-open/rabbitmq: that needs the right to get it");
  check_done(ask_for_migration("owner", "rabbitmq"));
  check_done(ask_for_migration("owner", "rabbitmq", "/transfer/secretName"));
  check_done(ask_for_migration("editor", "rabbitmq"));
  check_refused(ask_for_migration("viewer"), "cannot create resource \"migrations\"");
}

BOOST_AUTO_TEST_CASE(changing_what_a_migration_is_asked_for_takes_the_same_right) {
  const Cluster& cluster = world().cluster;
  const std::string& ns = world().open.name();
  Json object = migration_object(cluster, ns, "victim", "over");
  object["spec"]["pod"]["uid"] = "00000000-0000-0000-0000-000000000000";  // refused, so nothing happens
  cluster.kubectl({"create", "-f", "-"}, object.dump());
  const auto patch = [&](const std::string& user, const std::string& what) {
    return try_as({"--as=" + user}, {"patch", "migration", "over", "-n", ns, "--type=merge", "-p", what});
  };
  const std::string abort = R"({"spec": {"abort": true}})";
  check_refused(patch("mover", abort), "user mover may not migrate Pod rights-open/victim");
  check_done(patch("runner", abort));
  check_done(patch("mover", R"({"metadata": {"labels": {"seen": "yes"}}})"));
  // Whoever has all rights is bound by what the object itself allows.
  for (const char* change : {R"({"spec": {"pod": {"name": "another"}}})", R"({"spec": {"strategy": "Live"}})",
                             R"({"spec": {"keepName": true}})", R"({"spec": {"resolve": "Source"}})"})
    check_refused(patch("owner", change), "is invalid");
}

// A live migration's way back into its name is the controller's own object, and may come into doubt like any other.
BOOST_AUTO_TEST_CASE(the_controllers_second_hop_may_be_aborted_but_not_made_by_users) {
  const std::string& ns = world().open.name();
  Json object = migration_object(world().cluster, ns, "victim", "second");
  object["spec"]["pod"]["uid"] = "00000000-0000-0000-0000-000000000000";  // refused, so nothing happens
  object["spec"]["target"] = {{"node", "node-a"}, {"name", "home"}};
  check_refused(try_as({"--as=owner"}, {"create", "-f", "-"}, object), "spec.target.name is the controller's own");
  world().cluster.kubectl({"create", "-f", "-", std::string("--as=") + kExtender}, object.dump());
  const auto patch = [&](const std::string& what) {
    return try_as({"--as=runner"}, {"patch", "migration", "second", "-n", ns, "--type=merge", "-p", what});
  };
  check_done(patch(R"({"spec": {"abort": true}})"));
  check_refused(patch(R"({"spec": {"target": {"name": "elsewhere"}}})"), "is invalid");
}

BOOST_AUTO_TEST_CASE(an_agent_speaks_for_its_own_node_only) {
  check_done(try_as(agent_of("node-a"), patch_node("node-a")));
  check_refused(try_as(agent_of("node-a"), patch_node("node-b")),
                "the token is of node \"node-a\", the object is node-b");
  check_refused(try_as(agent_of(""), patch_node("node-b")), "the token is of node \"\", the object is node-b");
  const Json invented = {{"apiVersion", std::string(kOurs) + "/v1alpha1"},
                         {"kind", "MigrationNode"},
                         {"metadata", {{"name", "node-z"}}},
                         {"facts", {{"kernel", "forged"}}}};
  check_refused(try_as(agent_of("node-a"), {"create", "-f", "-"}, invented), "the object is node-z");
  check_done(try_as(agent_of("node-z"), {"create", "-f", "-"}, invented));
}

BOOST_AUTO_TEST_CASE(the_extender_changes_no_pods_spec) {
  const World& w = world();
  check_refused(patch_pod(w.open, R"({"spec": {"containers": [{"name": "main", "image": "registry.test/pause:1"}]}})"),
                "migrate-extender may not change a Pod's spec");
  check_refused(patch_pod(w.open, R"({"spec": {"activeDeadlineSeconds": 1}})"),
                "migrate-extender may not change a Pod's spec");
  check_done(patch_pod(w.open, R"({"metadata": {"annotations": {"kubectl-migrate.dev/restore": "x"}}})"));
  check_refused(patch_pod(w.closed, R"({"metadata": {"annotations": {"kubectl-migrate.dev/restore": "x"}}})"),
                "resource \"pods\"");  // kubectl looks at it first, which is refused already
  // Nobody else is concerned.
  check_done(try_as(
      {}, {"patch", "pod", "victim", "-n", w.open.name(), "-p", R"({"spec": {"activeDeadlineSeconds": 100000}})"}));
}

BOOST_AUTO_TEST_CASE(no_certificate_for_who_is_no_agent) {
  const Cluster& cluster = world().cluster;
  const std::string address =
      cluster.field({"service", "migrate-extender", "-n", "kubectl-migrate"}, ".spec.clusterIP");
  const auto ask = [&](const std::string& token) {
    // The token goes in through standard input: arguments are everybody's to read.
    return cluster.on(
        "node-a",
        {"curl", "-sSk", "-o", "/dev/null", "-w", "%{http_code}", "-H", "@-", "-H", "Content-Type: application/json",
         "-d", Json{{"csr", "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"}}.dump(),
         fmt::format("https://{}:9443/certificates", address)},
        "Authorization: Bearer " + token);
  };
  const auto token = [&](const Words& words) {
    Words all{"create", "token"};
    all.insert(all.end(), words.begin(), words.end());
    std::string made = cluster.kubectl(all);
    made.pop_back();
    return made + "\n";
  };
  // Another account; the right one for another audience; the right one without a node; nonsense.
  for (const std::string& bad : {token({"default", "-n", "default", "--audience=kubectl-migrate.dev"}),
                                 token({"migrate-agent", "-n", "kubectl-migrate"}),
                                 token({"migrate-agent", "-n", "kubectl-migrate", "--audience=kubectl-migrate.dev"}),
                                 std::string("nonsense\n")}) {
    const std::string code = ask(bad);
    BOOST_TEST((code == "401" || code == "403"), code);
  }
}

BOOST_AUTO_TEST_SUITE_END()
