// As a new user meets what is broken: `check` says what it is and what to do about it, a dry run says the same, nothing
// is touched; once it is put right, `check` is well, the dry run plans, and the migration goes through. Where all is
// well from the beginning: preflight_test.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/breakages.h"
#include "test/e2e/preflight_checks.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;
using std::chrono::seconds;

namespace {

constexpr const char* kNamespace = "preflight-faults";
constexpr const char* kTo = "node-b";

const Stage& stage() {
  static const Stage made{kNamespace};
  return made;
}

const Cluster& cluster() {
  return stage().cluster();
}

void expect(const std::string& trouble) {
  BOOST_TEST(trouble.empty(), trouble);
}

migrate::Completed check_all() {
  return stage().plugin({"check"});
}

Words joined(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// What a migration that is over has left, its target too.
void clear_away(const std::string& migration) {
  stage().check_nothing_left(migration);
  cluster().kubectl({"-n", kNamespace, "delete", "migrations.kubectl-migrate.dev", migration});
  cluster().kubectl({"-n", kNamespace, "delete", "pods", "--all", "--grace-period=0"});
}

// A Pod on node-a for one case.
class SmallPod {
 public:
  explicit SmallPod(const std::string& name) : name_(name) {
    print_in_ascii();
    cluster().apply(small_pod(kNamespace, name, "node-a"));
    cluster().wait_ready(kNamespace, name);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] migrate::Completed check(const Words& words = {}) const {
    return stage().plugin(joined({"check", name_, "--to", kTo}, words));
  }
  [[nodiscard]] migrate::Completed dry_run(const Words& words = {}) const {
    return stage().plugin(joined({name_, "--to", kTo, "--dry-run=server"}, words));
  }
  // What was in the way is put right: well by `check`, by a dry run and by the migration itself. No Pod stays: a target
  // is a container of the handler whose lines may be taken away next.
  void go(const Words& words = {}) const {
    const std::string ns_and_name = fmt::format("{}/{}", kNamespace, name_);
    expect(trouble(check(words), 0, {{fmt::format("ok   the controller would migrate Pod {}: ", ns_and_name)}}));
    expect(trouble_of_words(dry_run(words), 0, {fmt::format("Dry run: Pod {}, node-a to {}", ns_and_name, kTo)}));
    BOOST_TEST(migrations_left(stage()) == "");
    const auto moved = stage().plugin(joined({name_, "--to", kTo, "--name", name_}, words));
    stage().require(code_of(moved) == 0, text_of(moved), name_);
    clear_away(name_);
  }

 private:
  std::string name_;
};

void await_well(const std::string& line, seconds limit = seconds{180}) {
  await_check(check_all, 0, {{line}}, limit);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(preflight_faults)

BOOST_AUTO_TEST_CASE(a_handler_that_is_missing) {
  const SmallPod pod{"no-handler"};
  const NothingTouched before{stage(), pod.name()};
  auto broken = take_handler_away(cluster(), kTo);
  const CheckLine line{"FAIL runtime handler `migrate` on node-b",
                       {"containerd 2.", "does not know it: nothing can be restored there",
                        "\n        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.migrate]\n",
                        "BinaryName = '/opt/kubectl-migrate/bin/migrate-runc'"},
                       "nohandler"};
  await_check(check_all, 1, {line, {"ok   runtime handler `migrate` on node-a and node-c"}});
  expect(trouble(pod.check(), 1,
                 {line,
                  {"FAIL NoHandler",
                   {"on node node-b does not know the runtime handler", "kubectl migrate check shows the lines"},
                   "nohandler"}}));
  expect(trouble_of_words(pod.dry_run(), 3, {"NoHandler: ", "see docs/troubleshooting.md#nohandler for hints"}));
  expect(before.trouble());
  broken.reset();
  await_well("ok   runtime handler `migrate` on node-a, node-b and node-c");
  pod.go();
}

BOOST_AUTO_TEST_CASE(a_containerd_without_the_switch_for_restores_from_images) {
  const SmallPod pod{"no-switch"};
  const NothingTouched before{stage(), pod.name()};
  auto broken = take_restore_switch_away(cluster(), kTo);
  const Words how{
      "set `enable_experimental_restore_via_create = true` below [plugins.'io.containerd.cri.v1.runtime'] in "
      "/etc/containerd/config.toml there and restart it"};
  // Only who asks for it needs it.
  await_check(
      check_all, 0,
      {{"note restores from images on node-b", joined(how, {"Only --restore image needs it"}), "noimagerestore"},
       {"ok   restores from images on node-a and node-c"}});
  expect(trouble(pod.check(), 0, {}));
  const Words by_image{"--restore", "image"};
  expect(trouble(pod.check(by_image), 1,
                 {{"FAIL restores from images on node-b", how, "noimagerestore"},
                  {"FAIL NoImageRestore", how, "noimagerestore"}}));
  expect(trouble_of_words(pod.dry_run(by_image), 3, joined(how, {"NoImageRestore: ", "or use --restore runtime"})));
  expect(before.trouble());
  broken.reset();
  await_well("ok   restores from images on node-a, node-b and node-c");
  pod.go(by_image);
}

// Direct checkpoints do not need it, so it is in the way of nobody but who asks for the kubelet's.
BOOST_AUTO_TEST_CASE(agents_without_the_right_to_the_kubelets_checkpoint) {
  const SmallPod pod{"no-checkpoint"};
  const NothingTouched before{stage(), pod.name()};
  auto broken = take_checkpoint_right_away(cluster(), "node-a");
  const Words how{"the agent has no right to create nodes/checkpoint: kubectl apply -k manifests/ gives it"};
  await_check(check_all, 0,
              {{"note the kubelet of node-a makes checkpoints", joined(how, {"direct checkpoints do not need it"}),
                "kubeletcheckpoint"}});
  expect(trouble(pod.check(), 0, {}));
  const Words by_kubelet{"--checkpoint", "kubelet"};
  expect(trouble(pod.check(by_kubelet), 1,
                 {{"FAIL the kubelet of node-a makes checkpoints", how, "kubeletcheckpoint"},
                  {"FAIL KubeletCheckpoint",
                   {"it answered 403", "needs create on nodes/checkpoint", "--checkpoint direct"},
                   "kubeletcheckpoint"}}));
  expect(trouble_of_words(pod.dry_run(by_kubelet), 3,
                          {"KubeletCheckpoint: ", "see docs/troubleshooting.md#kubeletcheckpoint for hints"}));
  expect(before.trouble());
  broken.reset();
  // Another kubelet may have begun to refuse meanwhile; a refusal holds for 30 s and is asked about every minute.
  await_well("ok   the kubelet of node-a, node-b and node-c makes checkpoints", seconds{300});
  pod.go(by_kubelet);
}

BOOST_AUTO_TEST_CASE(a_user_without_the_right_to_exec_into_the_pod) {
  const SmallPod pod{"no-exec"};
  const NothingTouched before{stage(), pod.name()};
  const auto as_user = [&](const Words& words) {
    return migrate_command(cluster(), joined(words, {"-n", kNamespace}), "newcomer");
  };
  const Words check{"check", pod.name(), "--to", kTo};
  const Words dry_run{pod.name(), "--to", kTo, "--dry-run=server"};
  give_rights(cluster(), kNamespace, "newcomer", false);
  // The API server knows of new rights a moment later.
  await_check(
      [&] { return as_user(check); }, 1,
      {{"ok   it knows who you are: newcomer"},
       {fmt::format("ok   you may create migrations.kubectl-migrate.dev in namespace {}", kNamespace)},
       {fmt::format("FAIL you may create pods/exec of {} in namespace {}", pod.name(), kNamespace),
        {"an administrator gives the right", fmt::format("kubectl auth can-i create pods/exec -n {}", kNamespace)},
        "missing-right"},
       {"skip the controller looks at Pod", {"you may not create the Migration that asks it"}}});
  expect(trouble_of_words(as_user(dry_run), 1, {"newcomer", "pods/exec"}));
  expect(before.trouble());
  give_rights(cluster(), kNamespace, "newcomer", true);
  await_check([&] { return as_user(check); }, 0, {{"ok   the controller would migrate Pod "}});
  expect(trouble_of_words(as_user(dry_run), 0, {"Dry run: Pod"}));
  BOOST_TEST(code_of(as_user({pod.name(), "--to", kTo, "--name", "by-newcomer"})) == 0);
  clear_away("by-newcomer");
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_down) {
  const SmallPod pod{"no-agent"};
  const NothingTouched before{stage(), pod.name()};
  auto broken = take_agent_away(cluster(), kTo);
  const CheckLine line{"FAIL the agent of node-b is alive",
                       {"it has been silent for ", "kubectl -n kubectl-migrate get pods"},
                       "agentdown"};
  await_check(check_all, 1, {line, {"ok   the agent of node-a and node-c is alive"}});
  expect(trouble(pod.check(), 1, {line, {"FAIL AgentDown", {"of node node-b has been silent for "}, "agentdown"}}));
  expect(trouble_of_words(pod.dry_run(), 3, {"AgentDown: ", "see docs/troubleshooting.md#agentdown for hints"}));
  expect(trouble_of_words(stage().plugin({"nodes"}), 0, {"NotAlive "}));
  expect(before.trouble());
  broken.reset();
  await_well("ok   the agent of node-a, node-b and node-c is alive");
  pod.go();
}

BOOST_AUTO_TEST_CASE(an_extender_that_is_scaled_to_none) {
  const SmallPod pod{"no-extender"};
  const NothingTouched before{stage(), pod.name()};
  auto broken = scale_extender_to_none(cluster());
  const std::vector<CheckLine> lines{
      {"FAIL Deployment migrate-extender: 0 of 0 replicas are available",
       {"it is scaled to none: kubectl -n kubectl-migrate scale deploy/migrate-extender --replicas=2"},
       "deployment-down"},
      {"FAIL a controller leads", {"nobody is at work"}, "no-controller"},
      {"FAIL Service migrate-extender has ready endpoints",
       {"places no migrated Pod without an answer"},
       "extender-down"}};
  await_check(check_all, 1, lines);
  std::vector<CheckLine> with_pod = lines;
  with_pod.push_back({"skip the controller looks at Pod", {"no controller is at work"}});
  expect(trouble(pod.check(), 1, with_pod));
  expect(trouble_of_words(pod.dry_run(), 1, {"no controller has taken it up within 30 s", "kubectl migrate check"}));
  expect(before.trouble());
  broken.reset();
  await_well("ok   Service migrate-extender has ready endpoints");
  pod.go();
}

// The application has its own, and works on.
BOOST_AUTO_TEST_CASE(a_broker_password_that_is_wrong) {
  print_in_ascii();
  Scene scene{"preflight-broker"};
  scene.start(Scene::consumer_on("node-a"));
  const Words check{"check", scene.consumer(), "--to", kTo};
  const Words dry_run{scene.consumer(), "--to", kTo, "--dry-run=server"};
  const NothingTouched before{scene.stage(), scene.consumer()};
  auto broken = forget_broker_password(scene.cluster(), scene.stage().ns().name());
  expect(trouble(scene.stage().plugin(check), 1,
                 {{"FAIL Broker", {"the broker answered 401 to user guest", "check its password"}, "broker"}}));
  expect(trouble_of_words(scene.stage().plugin(dry_run), 3,
                          {"Broker: ", "check its password", "see docs/troubleshooting.md#broker for hints"}));
  expect(before.trouble());
  broken.reset();
  expect(trouble(scene.stage().plugin(check), 0, {{"ok   the controller reaches the broker of Secret rabbitmq"}}));
  expect(trouble_of_words(scene.stage().plugin(dry_run), 0, {"Dry run: Pod"}));
  BOOST_TEST(migrations_left(scene.stage()) == "");
  const auto move = scene.move({"--to", kTo});
  scene.stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
  const Verdict verdict = scene.judge();
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_SUITE_END()
