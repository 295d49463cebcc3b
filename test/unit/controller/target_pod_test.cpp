#include "extender/controller/target_pod.h"

#include <boost/test/unit_test.hpp>

#include "extender/controller/pod_view.h"
#include "shared/base/base64.h"
#include "test/unit/controller/samples.h"

namespace {

using namespace migrate;
using namespace migrate::controller;

BOOST_AUTO_TEST_SUITE(target_pod_)

const TargetPlan kPlan{"orders-mig-abcde", {"migrate-scheduler"}, false};

BOOST_AUTO_TEST_CASE(field_by_field) {
  const Json expected = Json::parse(R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "orders-mig-abcde", "namespace": "shop",
                 "labels": {"app": "orders", "kubectl-migrate.dev/migration": "orders-1"},
                 "annotations": {"note": "mine", "kubectl-migrate.dev/restore": "uid-migration"}},
    "spec": {"serviceAccountName": "orders", "restartPolicy": "Always", "hostname": "o",
             "runtimeClassName": "migrate", "schedulerName": "migrate-scheduler",
             "containers": [{"name": "app", "image": "orders:1", "resources": {"requests": {"cpu": "1"}},
               "livenessProbe": {"httpGet": {"port": 80}, "periodSeconds": 10, "failureThreshold": 3},
               "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}],
             "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}],
             "volumes": [{"name": "scratch", "emptyDir": {}}]}
  })");
  BOOST_TEST(target_pod(samples::pod(), samples::migration(), kPlan) == expected);
}

BOOST_AUTO_TEST_CASE(a_replica_set_does_not_know_its_copy_by_the_labels) {
  Json pod = samples::pod();
  pod["metadata"]["labels"]["pod-template-hash"] = "7d4b9";
  for (const std::string_view kind : {kReplicaSet, kStatefulSet}) {
    Migration migration = samples::migration();
    migration.status.owner = OwnerRef{std::string{kind}, "orders", "uid-set"};
    const Json labels = target_pod(pod, migration, kPlan)["metadata"]["labels"];
    BOOST_TEST(labels.contains("pod-template-hash") == (kind == kStatefulSet));
    BOOST_TEST(labels["app"] == "orders");
  }
}

BOOST_AUTO_TEST_CASE(nothing_remains_of_lists_that_held_only_the_token) {
  Json pod = samples::pod();
  pod["spec"]["volumes"].erase(0);
  pod["spec"]["containers"][0]["volumeMounts"].erase(0);
  const Json made = target_pod(pod, samples::migration(), kPlan);
  BOOST_TEST(!made["spec"].contains("volumes"));
  BOOST_TEST(!made["spec"]["containers"][0].contains("volumeMounts"));
}

BOOST_AUTO_TEST_CASE(a_volume_of_the_user_s_own_by_that_name_stays) {
  Json pod = samples::pod();
  pod["spec"]["volumes"][1] = {{"name", "kube-api-access-x2x2x"}, {"emptyDir", Json::object()}};
  BOOST_TEST(target_pod(pod, samples::migration(), kPlan)["spec"]["volumes"].size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_scheduler_that_asks_the_extender_stays) {
  TargetPlan plan = kPlan;
  plan.schedulers.insert("default-scheduler");
  BOOST_TEST(target_pod(samples::pod(), samples::migration(), plan)["spec"]["schedulerName"] == "default-scheduler");
}

BOOST_AUTO_TEST_CASE(init_containers_go_only_where_that_was_accepted) {
  Json pod = samples::pod();
  pod["spec"]["initContainers"] = {{{"name", "setup"}}};
  TargetPlan plan = kPlan;
  BOOST_TEST(target_pod(pod, samples::migration(), plan)["spec"].contains("initContainers"));
  plan.drop_init_containers = true;
  BOOST_TEST(!target_pod(pod, samples::migration(), plan)["spec"].contains("initContainers"));
}

BOOST_AUTO_TEST_CASE(the_placeholder_holds_room_and_nothing_else) {
  const Json hold = placeholder_pod(samples::pod(), samples::migration(), kPlan);
  BOOST_TEST(hold["metadata"]["name"] == "orders-mig-hold");
  BOOST_TEST(hold["metadata"]["labels"] == (Json{{"kubectl-migrate.dev/migration", "orders-1"}}));
  BOOST_TEST(hold["metadata"]["annotations"] == (Json{{"kubectl-migrate.dev/restore", "uid-migration"}}));
  Json spec = target_pod(samples::pod(), samples::migration(), kPlan)["spec"];
  BOOST_TEST(hold["spec"] == spec);
}

BOOST_AUTO_TEST_CASE(the_placeholder_asks_for_domains_in_the_place_of_a_spread_that_must_hold) {
  Json pod = samples::pod();
  pod["spec"]["topologySpreadConstraints"] = Json::parse(R"([
    {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"},
    {"topologyKey": "rack", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}])");
  pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
      Json::parse(R"([{"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}])");
  TargetPlan plan = kPlan;
  plan.domains = {{"zone", {"east", "west"}}};
  const Json hold = placeholder_pod(pod, samples::migration(), plan)["spec"];
  BOOST_TEST(hold["topologySpreadConstraints"].size() == 1U);
  BOOST_TEST(hold["topologySpreadConstraints"][0]["topologyKey"] == "rack");
  const Json& terms =
      hold["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  BOOST_TEST(terms == Json::parse(R"([{"matchExpressions": [{"key": "gpu", "operator": "Exists"},
    {"key": "zone", "operator": "In", "values": ["east", "west"]}]}])"));
  // Who comes after it has both as they were.
  const Json target = target_pod(pod, samples::migration(), plan)["spec"];
  BOOST_TEST(target["topologySpreadConstraints"] == pod["spec"]["topologySpreadConstraints"]);
  BOOST_TEST(target["affinity"] == pod["spec"]["affinity"]);
}

BOOST_AUTO_TEST_CASE(names) {
  Migration migration = samples::migration();
  const std::string first = target_name(migration, 1);
  BOOST_TEST(first.starts_with("orders-mig-"));
  BOOST_TEST(first.size() == std::string{"orders-mig-12345"}.size());
  BOOST_TEST(target_name(migration, 1) == first);
  BOOST_TEST(target_name(migration, 2) != first);
  migration.spec.pod = first;  // migrated again
  BOOST_TEST(target_name(migration, 1) == first);
  migration.uid = "another";
  BOOST_TEST(target_name(migration, 1).starts_with("orders-mig-"));
  BOOST_TEST(target_name(migration, 1) != first);
  BOOST_TEST(placeholder_name(migration) == "orders-mig-hold");
  migration.spec.pod = "orders-mig-longer";  // no suffix of ours
  BOOST_TEST(target_name(migration, 1).starts_with("orders-mig-longer-mig-"));
  migration.spec.pod = std::string(253, 'a');
  BOOST_TEST(target_name(migration, 1).size() == 253U);
  migration.spec.keep_name = true;
  BOOST_TEST(target_name(migration, 3) == migration.spec.pod);
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_named_after_the_pod_stays_its_queue) {
  Json pod = samples::pod();
  pod["metadata"]["annotations"][kQueueAnnotation] = "orders.{pod}";
  Migration migration = samples::migration();
  const auto queue = [&] {
    return text_at(target_pod(pod, migration, {}), {"metadata", "annotations", kQueueAnnotation});
  };
  BOOST_TEST(queue() == "orders.orders");
  migration.spec.keep_name = true;
  BOOST_TEST(queue() == "orders.{pod}");
  migration.spec.keep_name = false;
  migration.status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
  BOOST_TEST(queue() == "orders.{pod}");
}

BOOST_AUTO_TEST_CASE(what_admission_changes) {
  const Json pod = samples::pod();
  BOOST_TEST(admission_trouble(pod, pod) == "");
  Json other = pod;
  other["spec"]["containers"].push_back({{"name", "mesh"}});
  BOOST_TEST(admission_trouble(pod, other).find("2 containers") != std::string::npos);
  other = pod;
  other["spec"]["containers"][0]["volumeMounts"].erase(1);
  BOOST_TEST(admission_trouble(pod, other).find("/var/run/secrets") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_freeze_budget_is_the_least_of_all_probes_that_fail_while_frozen) {
  using namespace std::chrono_literals;
  struct Row {
    const char* handler;
    std::int64_t period;
    std::int64_t failures;
    std::optional<milliseconds> budget;
  };
  for (const Row& row : {Row{"httpGet", 5, 3, 8s},
                         {"grpc", 5, 3, 8s},
                         {"grpc", 1, 2, 0s},
                         {"httpGet", 30, 3, 58s},
                         // The kernel accepts, and a refused exec is no answer: neither fails again and again.
                         {"tcpSocket", 1, 2, std::nullopt},
                         {"exec", 1, 2, std::nullopt},
                         // But once either may.
                         {"tcpSocket", 30, 1, 0s},
                         {"exec", 30, 1, 0s}}) {
    Json pod = samples::pod();
    const Json probe = {
        {row.handler, Json::object()}, {"periodSeconds", row.period}, {"failureThreshold", row.failures}};
    pod["spec"]["containers"] = {{{"name", "a"}, {"livenessProbe", probe}}};
    BOOST_CHECK_MESSAGE(freeze_budget(pod) == row.budget, row.handler << " every " << row.period);
    pod["spec"]["containers"].push_back(samples::pod()["spec"]["containers"][0]);  // 18 s
    BOOST_CHECK_MESSAGE(freeze_budget(pod) == std::min<milliseconds>(row.budget.value_or(18s), 18s),
                        row.handler << " beside another");
  }
  Json pod = samples::pod();
  pod["spec"]["containers"] = {{{"name", "c"}, {"readinessProbe", {{"periodSeconds", 1}}}}};
  BOOST_CHECK(!freeze_budget(pod));
  pod = samples::pod();
  pod["spec"]["containers"][0]["livenessProbe"].erase("periodSeconds");
  pod["spec"]["containers"][0]["livenessProbe"].erase("failureThreshold");
  BOOST_CHECK(freeze_budget(pod) == 18s);  // the API server's defaults
}

BOOST_AUTO_TEST_CASE(from_images_it_names_them_and_remembers_its_own) {
  TargetPlan plan = kPlan;
  plan.images["app"] = "127.0.0.1:10962/abc@sha256:00";
  plan.pull_secret = "kubectl-migrate-uid-migration-1";
  Json pod = samples::pod();
  pod["spec"]["imagePullSecrets"] = {{{"name", "mine"}}};
  pod["spec"]["runtimeClassName"] = "migrate";  // it was migrated before
  const Json made = target_pod(pod, samples::migration(), plan);
  BOOST_TEST(made["spec"]["containers"][0]["image"] == "127.0.0.1:10962/abc@sha256:00");
  BOOST_TEST(made["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent");
  BOOST_TEST(!made["spec"].contains("runtimeClassName"));
  BOOST_TEST(made["spec"]["imagePullSecrets"].size() == 2U);
  BOOST_TEST(made["metadata"]["annotations"][kImagesAnnotation] == R"({"app":"orders:1"})");

  // A later migration of it begins with what it is really of.
  Json source = made;
  source["metadata"]["uid"] = "uid-source";
  const Json next = target_pod(source, samples::migration(), kPlan);
  BOOST_TEST(next["spec"]["containers"][0]["image"] == "orders:1");
  BOOST_TEST(!next["metadata"]["annotations"].contains(kImagesAnnotation));
  BOOST_TEST(next["spec"]["imagePullSecrets"] == Json::array({{{"name", "mine"}}}));
}

BOOST_AUTO_TEST_CASE(a_placeholder_pulls_what_the_source_runs_from) {
  Json pod = samples::pod();
  pod["status"]["containerStatuses"] = {{{"name", "app"}, {"imageID", "registry.test/orders@sha256:ab"}}};
  Migration migration = samples::migration();
  BOOST_TEST(placeholder_pod(pod, migration, kPlan)["spec"]["containers"][0]["image"] == "orders:1");
  migration.spec.restore = RestoreWay::image;
  BOOST_TEST(placeholder_pod(pod, migration, kPlan)["spec"]["containers"][0]["image"] ==
             "registry.test/orders@sha256:ab");
}

BOOST_AUTO_TEST_CASE(credentials_are_for_one_repository) {
  // Of each offer its own: one cannot be changed.
  BOOST_TEST(pull_secret_name(samples::migration(), "127.0.0.1:10962/abc") !=
             pull_secret_name(samples::migration(), "127.0.0.1:10962/abd"));
  const Json secret = pull_secret(samples::migration(), "s", {"127.0.0.1:10962/abc", "someone", "word"});
  BOOST_TEST(secret["type"] == "kubernetes.io/dockerconfigjson");
  const auto text = from_base64(secret["data"][".dockerconfigjson"].get<std::string>());
  BOOST_REQUIRE(text);
  BOOST_TEST(Json::parse(*text)["auths"]["127.0.0.1:10962/abc"]["password"] == "word");
}

BOOST_AUTO_TEST_CASE(a_pod_is_given_as_long_to_be_ready_as_its_probes_ask_for) {
  Json pod = {{"spec", {{"containers", Json::array({{{"name", "app"}}, {{"name", "side"}}})}}}};
  const auto patience = [&] { return readiness_patience(pod).count(); };
  const auto expected = [&] { return expected_readiness(pod).count(); };
  BOOST_TEST(patience() == 2'000);  // the kubelet's word
  BOOST_TEST(expected() == 500);
  Json& containers = pod["spec"]["containers"];
  containers[0]["readinessProbe"] = {{"periodSeconds", 1}};
  BOOST_TEST(patience() == 3'000);
  containers[1]["readinessProbe"] = Json::object();  // Kubernetes' own: every ten seconds, once
  BOOST_TEST(patience() == 12'000);
  BOOST_TEST(expected() == 500);  // the first one comes at once
  containers[0]["readinessProbe"] = {{"initialDelaySeconds", 5}, {"periodSeconds", 2}, {"successThreshold", 3}};
  containers[0]["startupProbe"] = {{"initialDelaySeconds", 1}, {"periodSeconds", 4}};
  BOOST_TEST(patience() == 13'000);
  BOOST_TEST(expected() == 9'500);  // twice a period after the later delay
  containers[1]["startupProbe"] = {{"initialDelaySeconds", 3'600}};
  BOOST_TEST(patience() == 30'000);
  BOOST_TEST(expected() == 30'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
