// The bundle that a user sends to a maintainer: what is needed to understand a migration is in it, and nothing that is
// nobody's business.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "test/e2e/phase_gate.h"
#include "test/e2e/small_pods.h"
#include "test/harness/product.h"
#include "test/temporary_folder.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

constexpr const char* kValue = "hunter2-in-an-env";  // of a variable: nobody's business

// A Pod that moves; one whose checkpoint CRIU refuses: a deleted file of some size is still open; and one whose first
// restore fails, as what was unpacked of its checkpoint is damaged.
struct Setting {
  Stage stage{"bundle"};
  std::string moved;
  std::string refused;
  std::string damaged;

  Setting() {
    Json plain = small_pod(ns(), "plain", "node-a");
    plain["spec"]["containers"][0]["env"] = {{{"name", "BROKER_URL"}, {"value", kValue}}};
    plain["metadata"]["annotations"] = {{"example.com/broker", "amqp://guest:sesame@rabbitmq/"}};
    const Json ghost = small_pod(ns(), "ghost", "node-a",
                                 "dd if=/dev/zero of=/ghost bs=1M count=8 2>/dev/null; exec 3</ghost; rm /ghost");
    for (const Json& pod : {plain, ghost, small_pod(ns(), "spoilt", "node-a")})
      stage.cluster().apply(pod);
    for (const char* pod : {"plain", "ghost", "spoilt"})
      stage.cluster().wait_ready(ns(), pod);
    moved = migrated("plain", 0);
    refused = migrated("ghost", 4);
    damaged = migrated_damaged("spoilt");
  }
  [[nodiscard]] const std::string& ns() const { return stage.ns().name(); }
  [[nodiscard]] std::string migrated(const std::string& pod, int code) const {
    const std::string name = "bundled-" + pod;
    const auto done = stage.plugin({pod, "--to", "node-b", "--strategy", "stop", "--name", name});
    stage.require(code_of(done) == code, text_of(done), name);
    return name;
  }
  // The archives stay good, so the next attempt succeeds.
  [[nodiscard]] std::string migrated_damaged(const std::string& pod) const {
    const std::string name = "bundled-" + pod;
    PhaseGate gate{stage.cluster(), ns(), "Restoring"};
    const auto begun = stage.plugin({pod, "--to", "node-b", "--strategy", "stop", "--name", name, "--no-wait"});
    stage.require(begun.succeeded(), text_of(begun), name);
    stage.await("its controller to come to the gate", name, [&] { return gate.is_reached(); });
    const auto uid = stage.migration(name).at("metadata").at("uid").get<std::string>();
    const std::string spoilt = stage.cluster().on(
        "node-b",
        {"sh", "-c",
         "for f in $(find /var/lib/kubectl-migrate/targets/\"$0\" -name inventory.img); do : >$f; echo $f; done", uid});
    stage.require(!spoilt.empty(), "there is no inventory.img to be damaged", name);
    gate.open();
    (void)stage.await_end(name);
    return name;
  }
};

const Setting& setting() {
  static const Setting made;
  return made;
}

std::string text_at(const fs::path& path) {
  BOOST_TEST(fs::exists(path), path);
  return migrate::test::read_text(path);
}

void check_has(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, "nothing of '" << part << "' in:\n" << text.substr(0, 4000));
}

// What is in the bundle of a migration; in it, all is below one folder.
class Bundle {
 public:
  explicit Bundle(const std::string& migration) {
    const fs::path file = folder_ / "bundle.tar.gz";
    told_ = setting().stage.plugin({"support-bundle", migration, "-f", file.string()});
    BOOST_REQUIRE_MESSAGE(told_.succeeded(), text_of(told_));
    BOOST_TEST(migrate::test::mode_of(file) == 0600U);
    must({"tar", "-xzf", file.string(), "-C", folder_.path().string(), "--strip-components=1"});
    fs::remove(file);
  }
  [[nodiscard]] fs::path operator/(const std::string& path) const { return folder_ / path; }
  [[nodiscard]] const migrate::Completed& told() const { return told_; }
  // Of each file: its path in the bundle and its text.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> files() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& entry : fs::recursive_directory_iterator{folder_.path()})
      if (entry.is_regular_file())
        all.emplace_back(fs::relative(entry.path(), folder_.path()).string(), migrate::test::read_text(entry.path()));
    return all;
  }
  [[nodiscard]] bool has(const std::string& folder, const std::string& part) const {
    const auto all = files();
    return std::any_of(all.begin(), all.end(), [&](const auto& file) {
      return file.first.starts_with(folder) && file.second.find(part) != std::string::npos;
    });
  }

 private:
  migrate::test::TemporaryFolder folder_;
  migrate::Completed told_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(support_bundle)

BOOST_AUTO_TEST_CASE(a_migration_can_be_understood_by_it_alone) {
  const Bundle bundle{setting().moved};
  const std::string uid = setting().stage.migration(setting().moved).at("metadata").at("uid").get<std::string>();
  check_has(text_at(bundle / "migrations.yaml"), "phase: Succeeded");
  check_has(text_at(bundle / "pods.yaml"), "plain-mig-");
  check_has(text_at(bundle / "events.yaml"), uid);
  for (const char* node : {"node-a", "node-b"})
    check_has(text_at(bundle / "nodes.yaml"), node);
  check_has(text_at(bundle / "migrationnodes.yaml"), "agentVersion");
  check_has(text_at(bundle / "versions.json"), "gitVersion");
  check_has(text_at(bundle / "installation/deployments.yaml"), "migrate-scheduler");
  check_has(text_at(bundle / "installation/validatingadmissionpolicies.yaml"), "kubectl-migrate-name-is-held");
  check_has(text_at(bundle / "installation/customresourcedefinitions.yaml"), "migrations.kubectl-migrate.dev");
  check_has(text_at(bundle / "installation/namespaces.yaml"), "kubectl-migrate.dev/enabled");
  BOOST_TEST(Json::parse(text_at(bundle / "check.json")).at("categories").size() > 3U);
  for (const char* part : {"logs/migrate-extender", "logs/migrate-agent"})
    BOOST_TEST(bundle.has(part, uid), part << " has no line about it\n" << text_of(bundle.told()));
  // An administrator may read everything; the source is gone.
  const std::string errors = text_at(bundle / "errors.txt");
  check_has(errors, fmt::format("get pods \"plain\" in namespace {}: it is not there\n", setting().ns()));
  for (const char* trouble : {"Forbidden", "left out"})
    BOOST_TEST(errors.find(trouble) == std::string::npos, errors);
  check_has(bundle.told().errors, "kubectl migrate check: ");
}

BOOST_AUTO_TEST_CASE(what_criu_said_of_a_checkpoint_that_failed_is_in_it) {
  const Bundle bundle{setting().refused};
  check_has(text_at(bundle / "migrations.yaml"), "phase: RolledBack");
  BOOST_TEST(bundle.has("criu/node-a/", "Can't dump ghost file"), text_of(bundle.told()));
}

BOOST_AUTO_TEST_CASE(what_migrate_runc_and_criu_said_of_a_restore_that_failed_is_in_it) {
  const Bundle bundle{setting().damaged};
  BOOST_TEST(bundle.has("logs/migrate-agent", "migrate-runc said: "), text_of(bundle.told()));
  BOOST_TEST(bundle.has("logs/migrate-agent", "runc ended with "), text_of(bundle.told()));
  BOOST_TEST(bundle.has("criu/node-b/", "Error"), text_of(bundle.told()));
}

BOOST_AUTO_TEST_CASE(nothing_of_it_is_nobody_s_business) {
  const auto secret = setting().stage.cluster().field({"-n", "kubectl-migrate", "secret", "migrate-ca"}, ".data");
  for (const std::string& migration : {setting().moved, setting().refused, setting().damaged})
    for (const auto& [path, text] : Bundle{migration}.files()) {
      for (const char* part : {kValue, "guest:sesame", "guest:guest", "PRIVATE KEY", "LS0tLS1CRUdJTiBQUklWQVRF"})
        BOOST_TEST(text.find(part) == std::string::npos, part << " is in " << path);
      BOOST_TEST(text.find("kind: Secret\n") == std::string::npos, path);
    }
  BOOST_TEST(!secret.empty());  // there was one to be read
}

BOOST_AUTO_TEST_CASE(with_few_rights_it_is_written_and_says_what_is_missing) {
  const Cluster& cluster = setting().stage.cluster();
  cluster.apply({{"apiVersion", "rbac.authorization.k8s.io/v1"},
                 {"kind", "RoleBinding"},
                 {"metadata", {{"name", "onlooker"}, {"namespace", setting().ns()}}},
                 {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "view"}}},
                 {"subjects", {{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "onlooker"}}}}});
  const migrate::test::TemporaryFolder folder;
  const std::string file = (folder / "b.tar.gz").string();
  const auto told =
      migrate_command(cluster, {"support-bundle", setting().moved, "-n", setting().ns(), "-f", file}, "onlooker");
  BOOST_REQUIRE_MESSAGE(told.succeeded(), text_of(told));
  check_has(told.errors, "you have no right to list pods in namespace kubectl-migrate");
  const auto unpacked = [&](const std::string& path) {
    return must({"tar", "-xzOf", file, "--wildcards", "*/" + path});
  };
  check_has(unpacked("errors.txt"), "list pods in namespace kubectl-migrate: Error from server (Forbidden)");
  check_has(unpacked("migrations.yaml"), "phase: Succeeded");
  check_has(unpacked("pods.yaml"), "plain-mig-");
}

BOOST_AUTO_TEST_CASE(to_standard_output_it_can_be_piped) {
  const migrate::test::TemporaryFolder folder;
  const auto told = setting().stage.plugin({"support-bundle", "-f", "-"});
  BOOST_REQUIRE_MESSAGE(told.succeeded(), told.errors);
  const std::string names = must({"tar", "-tzf", "-"}, told.output);
  for (const char* path : {"/README.txt", "/migrations.yaml", "/errors.txt"})
    check_has(names, path);
}

BOOST_AUTO_TEST_SUITE_END()
