// Sets, and states of sets, in which none of their Pods is moved: one reason each, the Pod runs on as it was.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "test/e2e/node_under_pressure.h"
#include "test/e2e/set_objects.h"
#include "test/e2e/small_pods.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

const Stage& stage();

const Cluster& cluster() {
  return stage().cluster();
}

const std::string& ns() {
  return stage().ns().name();
}

// All nodes are one domain: while the one Pod is there nobody else comes in.
void stay_alone(Json& set) {
  const Json term = {{"labelSelector", {{"matchLabels", {{"app", "alone"}}}}}, {"topologyKey", "kubernetes.io/os"}};
  set["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"] = {
      {"requiredDuringSchedulingIgnoredDuringExecution", Json::array({term})}};
}

void roll_out_by_hand(Json& set) {
  set["spec"]["updateStrategy"] = {{"type", "OnDelete"}};
}

void belong_to_operator(Json& set) {
  cluster().kubectl({"-n", ns(), "create", "configmap", "operator"});
  const Json owner = {{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"name", "operator"},
                      {"uid", cluster().field({"configmap", "operator", "-n", ns()}, ".metadata.uid")},
                      {"controller", true}};
  set["metadata"]["ownerReferences"] = Json::array({owner});
}

struct SmallSet {
  const char* name;
  int replicas = 1;
  void (*change)(Json& set) = nullptr;
};

constexpr std::array kSets{SmallSet{"short"},
                           SmallSet{"rolling", 2},
                           SmallSet{"leaving"},
                           SmallSet{"busy", 2},
                           SmallSet{"shrinking", 3},
                           SmallSet{"alone", 1, stay_alone},
                           SmallSet{"spread", 2, spread_over_nodes},
                           SmallSet{"counted"},
                           SmallSet{"still", 1, roll_out_by_hand},
                           SmallSet{"operated", 1, belong_to_operator}};

const Stage& stage() {
  static const Stage made{"set-refusals"};
  return made;
}

Json small_template() {
  Json spec = small_pod(ns(), "any", "").at("spec");
  spec.erase("nodeName");
  spec["affinity"] = two_nodes();
  return {{"metadata", Json::object()}, {"spec", std::move(spec)}};
}

// All sets of Pods that count, at once: they become ready while the first cases run.
struct Sets {
  Sets() {
    for (const auto& [name, replicas, change] : kSets) {
      Json set = stateful_set(ns(), name, {.replicas = replicas, .parallel = false}, small_template());
      if (change != nullptr) change(set);
      cluster().apply(headless_service(ns(), name, name));
      cluster().apply(set);
    }
  }
};

void await_set(const std::string& name) {
  const auto* const set =
      std::find_if(kSets.begin(), kSets.end(), [&](const SmallSet& one) { return one.name == name; });
  for (int i = 0; i < set->replicas; ++i) {
    const std::string pod = fmt::format("{}-{}", name, i);
    eventually("Pod " + pod, [&] { return cluster().run({"kubectl", "-n", ns(), "get", "pod", pod}).succeeded(); });
    cluster().wait_ready(ns(), pod);
  }
}

void patch(const std::string& what, const std::string& name, const Json& change) {
  cluster().kubectl({"-n", ns(), "patch", what, name, "--type=merge", "-p", change.dump()});
}

void set_finalizers(const std::string& what, const std::string& name, const Json& finalizers) {
  patch(what, name, {{"metadata", {{"finalizers", finalizers}}}});
}

void change_template(const std::string& set) {
  patch("statefulset", set, Json::parse(R"({"spec": {"template": {"metadata": {"annotations": {"new": "1"}}}}})"));
  eventually("set " + set + " to have a second revision", [&] {
    const Json status = cluster().get({"statefulset", set, "-n", ns()}).at("status");
    return status.at("currentRevision") != status.at("updateRevision");
  });
}

struct Asked {
  bool names_node = true;  // its other one
  bool somebody_else_moves = false;
};

// It is refused for that reason, with these words in what is printed; the Pod is as before and nothing is left.
void check_refused(const std::string& pod, const std::string& reason, const Words& parts, const Asked& asked = {}) {
  const Untouched before{stage(), pod};
  const auto owners = [&] {
    return cluster().get({"pod", pod, "-n", ns()}).at("metadata").value("ownerReferences", Json::array());
  };
  const Json owners_before = owners();
  static int count = 0;
  const std::string name = fmt::format("refused-{}", ++count);
  const bool is_on_a = stage().pod(pod).at("spec").at("nodeName") == "node-a";
  Words words{pod, "--strategy", "stop", "--name", name};
  if (asked.names_node) words.insert(words.end(), {"--to", is_on_a ? "node-b" : "node-a"});
  const auto answer = stage().plugin(words);
  const std::string said = answer.output + answer.errors;
  BOOST_TEST(code_of(answer) == 3, reason << ": " << text_of(answer) << stage().report(name));
  for (const std::string& part : parts)
    BOOST_TEST(said.find(part) != std::string::npos, reason << ": nothing of '" << part << "' in\n" << said);
  const auto status = cluster().run(
      {"kubectl", "-n", ns(), "get", "migrations.kubectl-migrate.dev", name, "-o", "jsonpath={.status.reason}"});
  BOOST_TEST(status.output == reason, text_of(status) << "\n" << said);
  const std::string trouble = before.trouble();
  BOOST_TEST(trouble.empty(), reason << ": " << pod << ": " << trouble);
  BOOST_TEST(owners() == owners_before, reason << ": its owners are " << owners().dump());
  if (status.succeeded() && !asked.somebody_else_moves) stage().check_nothing_left(name);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Sets);

BOOST_AUTO_TEST_SUITE(set_refusals)

BOOST_AUTO_TEST_CASE(an_ordinal_that_is_not_there) {
  await_set("short");
  const auto answer = stage().plugin({"sts/short", "--ordinal", "7", "--to", "node-b"});
  BOOST_TEST(!answer.succeeded(), text_of(answer));
  BOOST_TEST((answer.output + answer.errors).find('7') != std::string::npos, text_of(answer));
  for (const Words& words : {Words{"sts/short", "--to", "node-b"}, Words{"short-0", "--ordinal", "0"},
                             Words{"sts/short", "--ordinal", "first", "--to", "node-b"}})
    BOOST_TEST(code_of(stage().plugin(words)) == 2, fmt::format("{}", fmt::join(words, " ")));
  BOOST_TEST(!stage().plugin({"sts/nobody", "--ordinal", "0", "--to", "node-b"}).succeeded());
}

BOOST_AUTO_TEST_CASE(a_rollout_is_in_progress) {
  await_set("rolling");
  // The highest goes first, and this one takes its time.
  set_finalizers("pod", "rolling-1", Json::array({"example.com/mine"}));
  const Undo undo{[] { set_finalizers("pod", "rolling-1", nullptr); }};
  change_template("rolling");
  check_refused("rolling-0", "SetRollingOut", {"set-refusals/rolling", "roll"});
}

BOOST_AUTO_TEST_CASE(the_set_is_being_deleted) {
  await_set("leaving");
  set_finalizers("statefulset", "leaving", Json::array({"example.com/mine"}));
  const Undo undo{[] { set_finalizers("statefulset", "leaving", nullptr); }};
  cluster().kubectl({"-n", ns(), "delete", "statefulset", "leaving", "--wait=false"});
  check_refused("leaving-0", "SetDeleting", {"leaving", "delet"});
}

BOOST_AUTO_TEST_CASE(the_set_wants_fewer_and_has_not_come_to_this_one_yet) {
  await_set("shrinking");
  // The highest goes first, and all others wait for it.
  set_finalizers("pod", "shrinking-2", Json::array({"example.com/mine"}));
  const Undo undo{[] { set_finalizers("pod", "shrinking-2", nullptr); }};
  cluster().kubectl({"-n", ns(), "scale", "statefulset/shrinking", "--replicas=1"});
  eventually("shrinking-2 to be told to end", [] {
    return cluster().get({"pod", "shrinking-2", "-n", ns()}).at("metadata").contains("deletionTimestamp");
  });
  check_refused("shrinking-1", "OrdinalOutOfRange", {"shrinking", "1"});
}

BOOST_AUTO_TEST_CASE(another_migration_of_the_set_is_under_way) {
  await_set("busy");
  const bool is_on_b = stage().pod("busy-0").at("spec").at("nodeName") == "node-b";
  const NodeUnderPressure busy{cluster(), is_on_b ? "node-a" : "node-b"};
  const auto begun = stage().plugin({"busy-0", "--node-selector", busy.label(), "--no-wait", "--name", "first-of-set"});
  BOOST_REQUIRE_MESSAGE(begun.succeeded(), text_of(begun));
  stage().await("the first one to wait for a node", "first-of-set", [] {
    return stage().migration("first-of-set").value(Json::json_pointer{"/status/phase"}, "") == "Placing";
  });
  check_refused("busy-1", "OtherMigrationOfSet", {"first-of-set", "busy"}, {.somebody_else_moves = true});
  const auto aborted = stage().plugin({"abort", "first-of-set"});
  BOOST_TEST(aborted.succeeded(), text_of(aborted));
  stage().check_nothing_left("first-of-set");
}

BOOST_AUTO_TEST_CASE(its_owner_is_neither_a_stateful_set_nor_a_replica_set) {
  Json pod = small_template();
  pod["spec"]["restartPolicy"] = "Never";
  cluster().apply({{"apiVersion", "batch/v1"},
                   {"kind", "Job"},
                   {"metadata", {{"name", "job"}, {"namespace", ns()}}},
                   {"spec", {{"template", pod}}}});
  std::string name;
  eventually("the Job's Pod", [&] {
    name = cluster()
               .run({"kubectl", "-n", ns(), "get", "pods", "-l", "batch.kubernetes.io/job-name=job", "-o",
                     "jsonpath={.items[0].metadata.name}"})
               .output;
    return !name.empty();
  });
  cluster().wait_ready(ns(), name);
  check_refused(name, "OwnerUnknown", {"set-refusals/" + name, "Job job"});
}

BOOST_AUTO_TEST_CASE(its_anti_affinity_cannot_hold_twice) {
  await_set("alone");
  check_refused("alone-0", "AntiAffinity", {"alone-0", "kubernetes.io/os"});
  check_refused("alone-0", "AntiAffinity", {"alone-0", "kubernetes.io/os"}, {.names_node = false});
}

BOOST_AUTO_TEST_CASE(its_spread_would_not_hold_once_the_source_is_gone) {
  await_set("spread");
  check_refused("spread-0", "Spread", {"spread-0", "kubernetes.io/hostname"});
  check_refused("spread-1", "Spread", {"spread-1", "kubernetes.io/hostname"}, {.names_node = false});
}

BOOST_AUTO_TEST_CASE(a_quota_does_not_allow_one_more) {
  await_set("counted");
  const auto pods = cluster().get({"pods", "-n", ns()}).at("items").size();
  cluster().kubectl({"-n", ns(), "create", "quota", "full", fmt::format("--hard=pods={}", pods)});
  const Undo undo{[] { cluster().kubectl({"-n", ns(), "delete", "quota", "full"}); }};
  eventually("the quota to be counted", [] {
    return cluster().get({"quota", "full", "-n", ns()}).value(Json::json_pointer{"/status/used/pods"}, "") != "";
  });
  check_refused("counted-0", "TargetNotAdmitted", {"counted-0", "exceeded quota: full"});
}

// A rollout that never comes to its Pods is nothing to wait for: it is moved, and stays.
BOOST_AUTO_TEST_CASE(a_set_that_deletes_nothing_by_itself_has_another_revision) {
  await_set("still");
  change_template("still");
  const auto moved = stage().plugin({"still-0", "--strategy", "stop", "--name", "still"});
  BOOST_TEST(moved.succeeded(), text_of(moved) << stage().report("still"));
  cluster().wait_ready(ns(), "still-0");
  const Untouched after{stage(), "still-0"};
  patch("statefulset", "still", Json::parse(R"({"metadata": {"annotations": {"look": "again"}}})"));
  std::this_thread::sleep_for(std::chrono::seconds{2});
  BOOST_TEST(after.trouble().empty(), after.trouble());
}

// It is moved, and said.
BOOST_AUTO_TEST_CASE(a_set_that_an_operator_owns_is_moved_with_a_warning) {
  await_set("operated");
  const auto moved = stage().plugin({"operated-0", "--strategy", "stop", "--name", "operated"});
  BOOST_TEST(moved.succeeded(), text_of(moved) << stage().report("operated"));
  const std::string said = moved.output + moved.errors;
  BOOST_TEST(said.find("ConfigMap operator") != std::string::npos, said);
  const Json warnings = stage().migration("operated").at("status").value("warnings", Json::array());
  BOOST_TEST(warnings.dump().find("ConfigMap operator") != std::string::npos, warnings.dump());
}

BOOST_AUTO_TEST_SUITE_END()
