// Who may not migrate, and what may not be forged.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/small_pods.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

struct Setting {
  Stage stage{"forbidden"};
  migrate::test::TemporaryFolder folder;

  Setting() {
    stage.cluster().apply(small_pod(ns(), "plain", "node-a"));
    stage.cluster().wait_ready(ns(), "plain");
  }
  [[nodiscard]] const std::string& ns() const { return stage.ns().name(); }

  // An account that may do this with Migrations, and look at everything.
  void account(const std::string& name, const Json& migration_verbs, bool may_exec) const {
    const Cluster& cluster = stage.cluster();
    Json rules = {{{"apiGroups", {"kubectl-migrate.dev"}}, {"resources", {"migrations"}}, {"verbs", migration_verbs}},
                  {{"apiGroups", {""}}, {"resources", {"pods"}}, {"verbs", {"get", "list", "watch"}}}};
    if (may_exec) rules.push_back({{"apiGroups", {""}}, {"resources", {"pods/exec"}}, {"verbs", {"create"}}});
    const Json metadata = {{"name", name}, {"namespace", ns()}};
    cluster.apply({{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", metadata}});
    cluster.apply(
        {{"apiVersion", "rbac.authorization.k8s.io/v1"}, {"kind", "Role"}, {"metadata", metadata}, {"rules", rules}});
    cluster.apply({{"apiVersion", "rbac.authorization.k8s.io/v1"},
                   {"kind", "RoleBinding"},
                   {"metadata", metadata},
                   {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", name}}},
                   {"subjects", {{{"kind", "ServiceAccount"}, {"name", name}, {"namespace", ns()}}}}});
  }

  // As that account, by its token: the administrator's certificate would win over a token beside it.
  [[nodiscard]] migrate::Completed as(const std::string& name, Words words) const {
    std::string token = stage.cluster().kubectl({"-n", ns(), "create", "token", name});
    while (token.ends_with('\n'))
      token.pop_back();
    Json config = Json::parse(stage.cluster().kubectl({"config", "view", "--raw", "-o", "json"}));
    config["users"][0]["user"] = Json::object();
    const std::string file = put(folder, "kubeconfig", config.dump());
    words.insert(words.end(), {"--kubeconfig", file, "--token", token, "-n", ns()});
    return migrate_command(stage.cluster(), words);
  }
};

Setting& setting() {
  static Setting made;
  return made;
}

void check(const migrate::Completed& answer, int code, const Words& parts) {
  BOOST_TEST(code_of(answer) == code, text_of(answer));
  for (const std::string& part : parts)
    BOOST_TEST((answer.output + answer.errors).find(part) != std::string::npos,
               "nothing of '" << part << "' in " << text_of(answer));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forbidden)

BOOST_AUTO_TEST_CASE(who_may_not_create_migrations_is_told_which_right_is_missing) {
  setting().account("reader", {"get", "list", "watch"}, true);
  const Untouched before{setting().stage, "plain"};
  check(setting().as("reader", {"plain", "--to", "node-b"}), 1,
        {"system:serviceaccount:forbidden:reader", "cannot create", "migrations", "kubectl auth can-i"});
  BOOST_TEST(before.trouble() == "");
}

BOOST_AUTO_TEST_CASE(who_may_not_exec_into_a_pod_may_not_move_its_memory) {
  setting().account("mover", {"*"}, false);
  const Untouched before{setting().stage, "plain"};
  check(setting().as("mover", {"plain", "--to", "node-b"}), 1,
        {"plain", "pods/exec", "system:serviceaccount:forbidden:mover"});
  BOOST_TEST(before.trouble() == "");
}

BOOST_AUTO_TEST_CASE(who_may_not_read_a_secret_may_not_name_it) {
  setting().account("execer", {"*"}, true);
  const Untouched before{setting().stage, "plain"};
  check(setting().as("execer", {"plain", "--to", "node-b", "--queue", "q", "--broker-secret", kBrokerSecret}), 1,
        {kBrokerSecret, "system:serviceaccount:forbidden:execer"});
  BOOST_TEST(before.trouble() == "");
  // With the rights it needs it goes.
  const auto moved = setting().as("execer", {"plain", "--to", "node-b", "--name", "allowed"});
  BOOST_TEST(moved.succeeded(), text_of(moved) << setting().stage.report("allowed"));
}

// The Pod's own Secret may be used for its own queue. Through it another queue's consumer could be disconnected.
BOOST_AUTO_TEST_CASE(who_may_not_read_the_pods_secret_may_not_name_another_queue) {
  setting().account("queuer", {"*"}, true);
  Json pod = small_pod(setting().ns(), "consumer", "node-a");
  pod["metadata"]["annotations"] = {{"kubectl-migrate.dev/queue", "own"},
                                    {"kubectl-migrate.dev/broker-secret", kBrokerSecret}};
  setting().stage.cluster().apply(pod);
  setting().stage.cluster().wait_ready(setting().ns(), "consumer");
  const Untouched before{setting().stage, "consumer"};
  const auto ask = [&](const char* flag, const char* value) {
    return setting().as("queuer",
                        {"consumer", "--to", "node-b", "--strategy", "stop", "--queue", "other", flag, value});
  };
  check(ask("--name", "others-queue"), 3,
        {"consumer", "queue other was asked for without a Secret", "--broker-secret"});
  check(ask("--broker-secret", kBrokerSecret), 1, {kBrokerSecret, "system:serviceaccount:forbidden:queuer"});
  BOOST_TEST(before.trouble() == "");
  setting().stage.check_nothing_left("others-queue");
}

BOOST_AUTO_TEST_CASE(a_forged_annotation_starts_nothing_and_leaves_nothing) {
  const Stage& stage = setting().stage;
  Json forged = small_pod(setting().ns(), "forged", "node-a");
  forged["metadata"]["annotations"] = {{"kubectl-migrate.dev/restore", "11111111-2222-3333-4444-555555555555"}};
  forged["spec"]["runtimeClassName"] = "migrate";
  const auto made = stage.cluster().run({"kubectl", "apply", "-f", "-"}, forged.dump());
  if (!made.succeeded()) {
    // Forbidden from the beginning is as good, when it says why.
    BOOST_TEST(made.errors.find("kubectl-migrate.dev/restore") != std::string::npos, text_of(made));
    return;
  }
  std::string events;
  const auto told = [&] {
    events = stage.cluster().kubectl({"-n", setting().ns(), "get", "events", "--field-selector",
                                      "involvedObject.name=forged", "-o",
                                      "jsonpath={range .items[*]}{.message}{'\\n'}{end}"});
    return events.find("migrate-runc") != std::string::npos;
  };
  try {
    eventually("the refusal in the events of the forged Pod", told, std::chrono::seconds{60});
  } catch (const std::exception& error) {
    BOOST_ERROR(error.what() << "; its events:\n" << events);
  }
  BOOST_TEST_MESSAGE(events);
  const Json pod = stage.pod("forged");
  // The Pod's phase says nothing: the kubelet calls it Running as soon as it has given up a first container. No process
  // ever ran when the container does not run and every earlier one ended before its start.
  const Json status = pod.at("status").at("containerStatuses").at(0);
  BOOST_TEST(!status.at("state").contains("running"), status.dump());
  const Json last = status.at("lastState");
  BOOST_TEST((last.empty() || last.at("terminated").at("reason") == "StartError"), status.dump());
  const auto uid = pod.at("metadata").at("uid").get<std::string>();
  BOOST_TEST(
      !stage.cluster().run({"exec", "node-a", "test", "-e", "/var/lib/kubectl-migrate/restores/" + uid}).succeeded());
  stage.cluster().kubectl({"-n", setting().ns(), "delete", "pod", "forged", "--force", "--grace-period=0"});
  const std::string left = leftovers(stage.cluster(), setting().ns(), "11111111-2222-3333-4444-555555555555");
  BOOST_TEST(left.empty(), left);
}

BOOST_AUTO_TEST_SUITE_END()
