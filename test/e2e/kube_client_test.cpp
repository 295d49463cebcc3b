// The Kubernetes client against a real API server. What a server does wrong is tested against a fake one, in
// test/unit/kube; here is what a real one does right.
#include <fmt/format.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "shared/kube/connection.h"
#include "shared/kube/credential_source.h"
#include "shared/kube/pacer.h"
#include "shared/kube/watch.h"
#include "test/e2e/orders.h"
#include "test/harness/cluster.h"

// Designated initialisers leave out what stays at its default.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

using namespace harness;
namespace kube = migrate::kube;
using Json = nlohmann::json;

namespace {

const std::string kNamespace = "kube-client";

struct Host {
  migrate::SystemClock clock;
  migrate::DiskFiles files;
  migrate::SystemProcesses processes;
  migrate::ProcessTerminal terminal;
  migrate::ProcessEnvironment environment;
};

Host& host() {
  static Host made;
  return made;
}

std::shared_ptr<kube::Client> client_with(const kube::ConfigFlags& flags) {
  auto config = migrate::value_or_fatal(kube::load_connection(flags, host().environment, host().files));
  std::shared_ptr<kube::CredentialSource> credentials =
      kube::make_credential_source(config, {host().clock, host().files, host().processes, host().terminal});
  return migrate::value_or_fatal(kube::make_client(config, std::move(credentials)));
}

// Made once for all cases.
struct Shared {
  Cluster cluster;
  Namespace ns{cluster, kNamespace};
  std::string kubeconfig = cluster.must({"kubeconfig"});
  std::shared_ptr<kube::Client> client;

  Shared() {
    kubeconfig.pop_back();
    client = client_with({.kubeconfig = kubeconfig});
  }
};

Shared& shared() {
  static Shared made;
  return made;
}

struct Fixture {
  const Cluster& cluster = shared().cluster;
  const std::string& kubeconfig = shared().kubeconfig;
  kube::Client* client = shared().client.get();
};

kube::ResourcePath config_map(const std::string& name = "") {
  return kube::core("configmaps", kNamespace, name);
}

Json config_map_object(const std::string& name, const std::string& value) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", {{"value", value}}}};
}

template <class T>
T must(kube::ApiResult<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return std::move(*result);
}

// Collects what a watch tells, for another thread to look at.
class Notes final : public kube::WatchSink {
 public:
  bool changed(kube::ChangeKind kind, const Json& object) override {
    const std::scoped_lock lock{mutex_};
    const char* const words[] = {"+", "~", "-"};
    seen_.insert(words[static_cast<int>(kind)] + kube::metadata_of(object, "name"));
    return true;
  }
  bool has(const std::string& note) const {
    const std::scoped_lock lock{mutex_};
    return seen_.contains(note);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> seen_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kube_client, Fixture)

BOOST_AUTO_TEST_CASE(an_object_is_created_read_changed_and_deleted_under_its_preconditions) {
  const Json made = must(client->create(config_map(), config_map_object("one", "a")));
  BOOST_TEST(made.at("metadata").at("namespace") == kNamespace);
  BOOST_TEST((must(client->get(config_map("one")))->at("data").at("value") == "a"));
  BOOST_TEST(!must(client->get(config_map("another"))).has_value());

  const auto again = client->create(config_map(), config_map_object("one", "b"));
  BOOST_TEST((again.error().kind == kube::ApiError::Kind::already_exists));
  BOOST_TEST(again.error().text() == "Error from server (AlreadyExists): configmaps \"one\" already exists");

  const Json patch = {
      {{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", made.at("metadata").at("resourceVersion")}},
      {{"op", "replace"}, {"path", "/data/value"}, {"value", "c"}}};
  BOOST_TEST(must(client->json_patch(config_map("one"), patch)).at("data").at("value") == "c");
  const auto stale = client->json_patch(config_map("one"), patch);
  BOOST_TEST((stale.error().kind == kube::ApiError::Kind::invalid), stale.error().text());

  const auto other = client->remove(config_map("one"), {.uid = "00000000-0000-0000-0000-000000000000"});
  BOOST_TEST((other.error().kind == kube::ApiError::Kind::conflict), other.error().text());
  BOOST_TEST(
      must(client->remove(config_map("one"), {.uid = made.at("metadata").at("uid").get<std::string>()})).has_value());
  BOOST_TEST(!must(client->remove(config_map("one"))).has_value());
}

BOOST_AUTO_TEST_CASE(two_appliers_of_one_field_conflict_until_one_takes_it_by_force) {
  must(client->apply(config_map("shared"), config_map_object("shared", "ours"), {.field_manager = "first"}));
  const auto refused =
      client->apply(config_map("shared"), config_map_object("shared", "theirs"), {.field_manager = "second"});
  BOOST_TEST((refused.error().kind == kube::ApiError::Kind::conflict));
  BOOST_TEST(refused.error().text().find("first") != std::string::npos, refused.error().text());
  const Json taken = must(client->apply(config_map("shared"), config_map_object("shared", "theirs"),
                                        {.field_manager = "second", .force = kube::Force::yes}));
  BOOST_TEST(taken.at("data").at("value") == "theirs");
  must(client->apply(config_map("dry"), config_map_object("dry", "x"), {.dry_run = kube::DryRun::server}));
  BOOST_TEST(!must(client->get(config_map("dry"))).has_value());
}

BOOST_AUTO_TEST_CASE(a_list_is_read_page_by_page_and_selected_by_labels) {
  for (int i = 0; i < 7; ++i) {
    Json object = config_map_object(fmt::format("page-{}", i), "x");
    object["metadata"]["labels"] = {{"page", "yes"}};
    must(client->create(config_map(), object));
  }
  const Json listed = must(client->list(config_map(), {.label_selector = "page=yes", .page = 3}));
  BOOST_TEST(listed.at("items").size() == 7U);
  BOOST_TEST(!listed.at("metadata").at("resourceVersion").get<std::string>().empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_resource_type_is_an_error_and_not_an_absent_object) {
  const auto answer = client->get({"kubectl-migrate.dev", "v1alpha1", "unheardofs", kNamespace, "x", ""});
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST((answer.error().kind == kube::ApiError::Kind::not_found));
}

BOOST_AUTO_TEST_CASE(a_watch_misses_nothing_although_the_api_server_restarts_meanwhile) {
  must(client->create(config_map(), config_map_object("stays", "x")));
  must(client->create(config_map(), config_map_object("goes", "x")));
  Notes notes;
  kube::ApiResult<void> ended;
  std::jthread watching{[&](const std::stop_token& stop) {
    kube::Watch watch{*client, kube::system_pacer(), {config_map(), "", ""}};
    ended = watch.run(notes, stop);
  }};
  eventually("what was there before", [&] { return notes.has("+stays") && notes.has("+goes"); });

  cluster.on("control", {"sv", "kill", "kube-apiserver"});  // and runit starts it again
  // Whichever comes first, the server's return or the watch's: the deletion must be told.
  eventually("the API server", [&] { return client->remove(config_map("goes")).has_value(); });
  must(client->create(config_map(), config_map_object("comes", "x")));
  eventually("the deletion", [&] { return notes.has("-goes"); });
  eventually("the addition", [&] { return notes.has("+comes"); });
  watching.request_stop();
  watching.join();
  BOOST_TEST(ended.has_value());
}

BOOST_AUTO_TEST_CASE(a_pod_is_waited_for_its_log_followed_and_its_status_a_subresource) {
  must(client->create(kube::core("pods", kNamespace),
                      {{"apiVersion", "v1"},
                       {"kind", "Pod"},
                       {"metadata", {{"name", "speaker"}}},
                       {"spec",
                        {{"restartPolicy", "Never"},
                         {"containers",
                          {{{"name", "main"},
                            {"image", "registry.test/busybox:trixie"},
                            {"command", {"sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.2; done"}}}}}}}}));
  const auto phase_is = [](const std::string& phase) {
    return [phase](const Json* pod) { return pod != nullptr && pod->at("status").value("phase", "") == phase; };
  };
  const auto path = kube::pod(kNamespace, "speaker");
  const auto started =
      kube::wait_for(*client, kube::system_pacer(), path,
                     [&](const Json* pod) { return phase_is("Running")(pod) || phase_is("Succeeded")(pod); },
                     std::chrono::minutes{2}, {});
  BOOST_REQUIRE(started.has_value());
  std::string log;
  const auto followed = client->logs(path, {.follow = true},
                                     [&](std::string_view piece) {
                                       log += piece;
                                       return true;
                                     },
                                     {.timeout = std::chrono::minutes{2}});
  BOOST_TEST(followed.has_value());
  BOOST_TEST(log == "line 1\nline 2\nline 3\n");
  const auto done =
      kube::wait_for(*client, kube::system_pacer(), path, phase_is("Succeeded"), std::chrono::minutes{2}, {});
  BOOST_TEST(done.has_value());
  BOOST_TEST(must(client->get(path.sub("status")))->at("status").at("phase") == "Succeeded");
}

BOOST_AUTO_TEST_CASE(a_service_accounts_token_works_by_itself_by_file_and_by_plugin_and_has_only_its_own_rights) {
  const auto account = kube::core("serviceaccounts", kNamespace, "default").sub("token");
  const Json request = {
      {"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", {{"expirationSeconds", 600}}}};
  const std::string token = must(client->create(account, request)).at("status").at("token").get<std::string>();

  const Json admin = Json::parse(cluster.kubectl({"config", "view", "--raw", "-o", "json"}));
  const migrate::test::TemporaryFolder folder;
  const auto as_user = [&](const Json& user) {
    Json config = admin;
    config["users"][0]["user"] = user;
    return client_with({.kubeconfig = put(folder, "kubeconfig", config.dump())});
  };
  const Json answer = {
      {"apiVersion", "client.authentication.k8s.io/v1"}, {"kind", "ExecCredential"}, {"status", {{"token", token}}}};
  const Json plugin = {{"apiVersion", "client.authentication.k8s.io/v1"},
                       {"command", "cat"},
                       {"args", {put(folder, "answer", answer.dump())}},
                       {"interactiveMode", "Never"}};
  for (const Json& user :
       {Json{{"token", token}}, Json{{"tokenFile", put(folder, "token", token)}}, Json{{"exec", plugin}}}) {
    const auto theirs = as_user(user);
    const auto refused = theirs->list(kube::core("secrets", kNamespace));
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(
        refused.error().text().starts_with(
            "Error from server (Forbidden): secrets is forbidden: User \"system:serviceaccount:kube-client:default\""),
        refused.error().text());
  }
  const auto nobody = as_user(Json{{"token", "not.a.token"}})->list(kube::core("secrets", kNamespace));
  BOOST_REQUIRE(!nobody.has_value());
  BOOST_TEST((nobody.error().kind == kube::ApiError::Kind::unauthorized), nobody.error().text());
}

BOOST_AUTO_TEST_CASE(impersonation_has_the_rights_of_the_one_it_plays) {
  const auto theirs = client_with({.kubeconfig = kubeconfig, .as = "jane", .as_group = {"readers"}});
  const auto refused = theirs->get(config_map("x"));
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().text().find("User \"jane\" cannot get resource \"configmaps\"") != std::string::npos,
             refused.error().text());
}

BOOST_AUTO_TEST_CASE(a_server_that_another_authority_certified_is_not_spoken_to) {
  const migrate::test::TemporaryFolder folder;
  // The front proxy's authority is a real one, but not this server's.
  const std::string other =
      put(folder, "ca.crt", cluster.on("control", {"cat", "/etc/kubernetes/pki/front-proxy-ca.crt"}));
  const auto refused = client_with({.kubeconfig = kubeconfig, .certificate_authority = other})->raw_get("/readyz");
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().kind == kube::ApiError::Kind::tls), refused.error().text());
  BOOST_TEST(must(client->raw_get("/readyz")) == "ok");
}

BOOST_AUTO_TEST_SUITE_END()
