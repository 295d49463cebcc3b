// What must not be migrated, and who may not migrate: one clear error each, nothing left behind, the source runs on.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/damaged_archive.h"
#include "test/e2e/node_under_pressure.h"
#include "test/e2e/small_pods.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

Json& container(Json& pod) {
  return pod["spec"]["containers"][0];
}

// All Pods that a row is about, made once and together.
struct Pods {
  Stage stage{"bad-input"};

  Pods() {
    stage.cluster().apply({{"apiVersion", "node.k8s.io/v1"},
                           {"kind", "RuntimeClass"},
                           {"metadata", {{"name", "crun"}}},
                           {"handler", "crun"}});
    Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", Json::array()}};
    Words names;
    const auto add = [&](const std::string& name, const std::function<void(Json&)>& change) {
      Json pod = small_pod(stage.ns().name(), name, "node-a");
      change(pod);
      list["items"].push_back(std::move(pod));
      if (name != "not-ready") names.push_back("pod/" + name);
    };
    add("plain", [](Json&) {});
    add("terminal", [](Json& pod) { container(pod)["tty"] = true; });
    add("host-path", [](Json& pod) {
      pod["spec"]["volumes"] = {{{"name", "host"}, {"hostPath", {{"path", "/tmp"}}}}};
      container(pod)["volumeMounts"] = {{{"name", "host"}, {"mountPath", "/host"}}};
    });
    add("init", [](Json& pod) {
      pod["spec"]["initContainers"] = {{{"name", "first"}, {"image", kBusybox}, {"command", {"true"}}}};
    });
    add("hook", [](Json& pod) { container(pod)["lifecycle"] = {{"postStart", {{"exec", {{"command", {"true"}}}}}}}; });
    add("impatient", [this](Json& pod) {
      pod = small_pod(stage.ns().name(), "impatient", "node-a", "httpd -p 8080 -h /etc");
      container(pod)["livenessProbe"] = {{"httpGet", {{"path", "/hostname"}, {"port", 8080}}},
                                         {"initialDelaySeconds", 5},
                                         {"periodSeconds", 1},
                                         {"failureThreshold", 2}};
    });
    add("shared-memory", [this](Json& pod) {
      pod = small_pod(stage.ns().name(), "shared-memory", "node-a", "echo state >/dev/shm/state");
    });
    add("other-runtime", [](Json& pod) { pod["spec"]["runtimeClassName"] = "crun"; });
    // A deleted file that is still open goes into the checkpoint, but not one of any size.
    add("ghost", [this](Json& pod) {
      pod = small_pod(stage.ns().name(), "ghost", "node-a",
                      "dd if=/dev/zero of=/ghost bs=1M count=8 2>/dev/null; exec 3</ghost; rm /ghost");
    });
    add("altered", [](Json&) {});
    add("finalized", [](Json& pod) { pod["metadata"]["finalizers"] = {"example.com/mine"}; });
    add("processes", [](Json& pod) { pod["spec"]["shareProcessNamespace"] = true; });
    add("not-ready", [](Json& pod) {
      container(pod)["readinessProbe"] = {{"exec", {{"command", {"false"}}}}, {"periodSeconds", 1}};
    });
    stage.cluster().apply(list);
    Words wait{"-n", stage.ns().name(), "wait", "--for=condition=Ready", "--timeout=120s"};
    wait.insert(wait.end(), names.begin(), names.end());
    stage.cluster().kubectl(wait);
  }
  ~Pods() {
    // Else the namespace would never go.
    (void)stage.cluster().run({"kubectl", "-n", stage.ns().name(), "patch", "pod", "finalized", "--type=merge", "-p",
                               R"({"metadata": {"finalizers": null}})"});
  }
  Pods(const Pods&) = delete;
  Pods& operator=(const Pods&) = delete;
};

Pods& pods() {
  static Pods made;
  return made;
}

const Stage& stage() {
  return pods().stage;
}

struct Row {
  std::string what;
  Words words;  // the Pod first
  int code = 3;
  Words parts;  // of what it prints
};

void check_parts(const migrate::Completed& answer, const Row& row) {
  BOOST_TEST(code_of(answer) == row.code, row.what << ": " << text_of(answer));
  const std::string said = answer.output + answer.errors;
  for (const std::string& part : row.parts)
    BOOST_TEST(said.find(part) != std::string::npos, row.what << ": nothing of '" << part << "' in\n" << said);
}

std::string newest_migration() {
  return stage()
      .cluster()
      .run({"kubectl", "-n", stage().ns().name(), "get", "migrations.kubectl-migrate.dev",
            "--sort-by=.metadata.creationTimestamp", "-o", "jsonpath={.items[-1:].metadata.name}"})
      .output;
}

// The Pod is as before, no other Pod is there, nothing is left on the nodes.
void check_aftermath(const Row& row, const Untouched& before) {
  const std::string trouble = before.trouble();
  const std::string name = newest_migration();
  if (!trouble.empty()) BOOST_ERROR(row.what + ": " + row.words.front() + ": " + trouble + stage().report(name));
  if (name.empty()) return;
  try {
    stage().check_nothing_left(name);
  } catch (const std::exception& error) {
    BOOST_ERROR(row.what + ": " + error.what());
  }
}

// Small Pods may have run under any name; each row's must be there before.
void play(const Row& row) {
  const Untouched before{stage(), row.words.front()};
  check_parts(stage().plugin(row.words), row);
  check_aftermath(row, before);
}

void make(const Json& pod) {
  stage().cluster().apply(pod);
  stage().cluster().wait_ready(stage().ns().name(), pod.at("metadata").at("name").get<std::string>());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_input)

BOOST_AUTO_TEST_CASE(what_is_refused_by_what_was_typed) {
  const auto unknown = stage().plugin({"nobody", "--to", "node-b"});
  check_parts(unknown, {"unknown Pod", {}, 1, {"nobody", stage().ns().name(), "kubectl get pods"}});
  for (const Words& words : {Words{"plain", "--strategy", "nonsense"}, Words{"plain", "--checkpoint", "nonsense"},
                             Words{"plain", "--timeout", "soon"}, Words{"plain", "--to"}, Words{"plain", "second"},
                             Words{"plain", "--nonsense"}})
    check_parts(stage().plugin(words), {"usage: " + words.back(), {}, 2, {"error"}});
  for (const Row& row : {
           Row{"unknown node", {"plain", "--to", "node-x"}, 3, {"node-x", "no such node", "kubectl get nodes"}},
           Row{"own node", {"plain", "--to", "node-a"}, 3, {"plain", "node-a", "already"}},
           Row{"unknown risk",
               {"plain", "--to", "node-b", "--accept=everything"},
               3,
               {"everything", "init-containers"}},
           Row{"replay without a queue",
               {"plain", "--to", "node-b", "--strategy=live"},
               3,
               {"names no queue", "kubectl-migrate.dev/queue", "--strategy stop"}},
       })
    play(row);
}

BOOST_AUTO_TEST_CASE(what_is_refused_by_what_the_pod_is) {
  for (const Row& row : {
           Row{"tty", {"terminal", "--to", "node-b"}, 3, {"bad-input/terminal", "container main", "terminal"}},
           Row{"hostPath", {"host-path", "--to", "node-b"}, 3, {"bad-input/host-path", "volume host", "/tmp"}},
           Row{"init containers",
               {"init", "--to", "node-b"},
               3,
               {"bad-input/init", "first", "--accept=init-containers"}},
           Row{"postStart", {"hook", "--to", "node-b"}, 3, {"bad-input/hook", "postStart", "--accept=post-start"}},
           Row{"freeze budget",
               {"impatient", "--to", "node-b"},
               3,
               {"bad-input/impatient", "liveness", "failureThreshold"}},
           Row{"shared memory",
               {"shared-memory", "--to", "node-b"},
               3,
               {"bad-input/shared-memory", "container main", "in 1 files and folders in /dev/shm", "medium Memory"}},
           Row{"crun", {"other-runtime", "--to", "node-b"}, 3, {"bad-input/other-runtime", "crun"}},
           Row{"finalizer", {"finalized", "--to", "node-b"}, 3, {"bad-input/finalized", "example.com/mine"}},
           Row{"shared processes",
               {"processes", "--to", "node-b"},
               3,
               {"bad-input/processes", "shareProcessNamespace"}},
           Row{"not ready", {"not-ready", "--to", "node-b"}, 3, {"bad-input/not-ready", "ready"}},
       })
    play(row);
}

BOOST_AUTO_TEST_CASE(a_risk_that_is_accepted_is_taken_and_said) {
  for (const auto& [pod, word] : {std::pair{"init", "init-containers"}, {"hook", "post-start"}}) {
    const auto moved = stage().plugin({pod, "--to", "node-b", std::string("--accept=") + word});
    BOOST_TEST(moved.succeeded(), pod << ": " << text_of(moved) << stage().report(newest_migration()));
    BOOST_TEST((moved.output + moved.errors).find("accepted") != std::string::npos, text_of(moved));
    stage().check_nothing_left(newest_migration());
  }
}

// Rolled back, with CRIU's own reason.
BOOST_AUTO_TEST_CASE(a_checkpoint_that_criu_refuses) {
  play({"refused by CRIU", {"ghost", "--to", "node-b"}, 4, {"node-a", "Can't dump ghost file", "ghost"}});
}

BOOST_AUTO_TEST_CASE(an_archive_that_is_altered_on_the_way) {
  const Row row{"altered", {"altered"}, 4, {"node-b", "main", "digest"}};
  const Untouched before{stage(), "altered"};
  check_parts(move_damaged(stage(), "altered", "printf XXXX | dd of=$f bs=1 seek=4096 conv=notrunc status=none"), row);
  check_aftermath(row, before);
}

BOOST_AUTO_TEST_CASE(a_cordoned_node) {
  const Undo undo{[] { stage().cluster().kubectl({"uncordon", "node-b"}); }};
  stage().cluster().kubectl({"cordon", "node-b"});
  play({"cordoned", {"plain", "--to", "node-b"}, 3, {"node-b", "cordoned", "kubectl uncordon node-b"}});
}

BOOST_AUTO_TEST_CASE(a_namespace_that_is_not_enabled) {
  const Namespace other{stage().cluster(), "not-enabled"};
  stage().cluster().apply(small_pod(other.name(), "plain", "node-a"));
  stage().cluster().wait_ready(other.name(), "plain");
  const auto refused = migrate_command(stage().cluster(), {"plain", "--to", "node-b", "-n", other.name()});
  check_parts(refused, {"not enabled", {}, 3, {"not-enabled", "kubectl migrate enable -n not-enabled"}});
  // Past the plugin, the controller says the same.
  stage().cluster().apply(migration_object(stage().cluster(), other.name(), "plain", "by-hand"));
  const auto status = migrate_command(stage().cluster(), {"status", "by-hand", "-n", other.name()});
  check_parts(status, {"not enabled, by hand", {}, 3, {"not enabled", "kubectl migrate enable -n not-enabled"}});
}

BOOST_AUTO_TEST_CASE(a_selector_that_no_node_has) {
  play({"no node",
        {"plain", "--node-selector", "nothing=here"},
        3,
        {"no node can take Pod bad-input/plain", "node node-b does not have the label nothing=here",
         "node node-c does not have the label nothing=here"}});
}

BOOST_AUTO_TEST_CASE(a_pod_that_was_made_anew_meanwhile) {
  make(small_pod(stage().ns().name(), "again", "node-a"));
  Json object = migration_object(stage().cluster(), stage().ns().name(), "again", "too-late");
  object["spec"]["target"] = {{"node", "node-b"}};
  stage().cluster().kubectl({"-n", stage().ns().name(), "delete", "pod", "again", "--force", "--grace-period=0"});
  make(small_pod(stage().ns().name(), "again", "node-a"));
  const Untouched before{stage(), "again"};
  stage().cluster().apply(object);
  const Row row{"made anew", {"again"}, 3, {"bad-input/again", "anew", "uid"}};
  check_parts(stage().plugin({"status", "too-late"}), row);
  check_aftermath(row, before);
}

BOOST_AUTO_TEST_CASE(a_pod_that_another_migration_holds) {
  const NodeUnderPressure busy{stage().cluster(), "node-b"};
  BOOST_REQUIRE(stage().plugin({"plain", "--node-selector", busy.label(), "--no-wait", "--name", "first"}).succeeded());
  check_parts(stage().plugin({"plain", "--to", "node-b"}),
              {"held", {}, 3, {"bad-input/plain", "first", "kubectl migrate status first"}});
  const auto aborted = stage().plugin({"abort", "first"});
  BOOST_TEST(aborted.succeeded(), text_of(aborted));
}

BOOST_AUTO_TEST_SUITE_END()
