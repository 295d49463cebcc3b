// From words typed so far to what a shell is told; the cluster is in memory.
#include "plugin/completion.h"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "plugin/complete.h"
#include "plugin/name_choices.h"
#include "plugin/similar.h"
#include "shared/migration/node_facts.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

namespace data = boost::unit_test::data;

Json running(const std::string& node) {
  return {{"spec", {{"nodeName", node}}}, {"status", {{"phase", "Running"}}}};
}

kube::ResourcePath set_path(const std::string& name) {
  return {.group = "apps",
          .version = "v1",
          .plural = "statefulsets",
          .namespace_ = "shop",
          .name = name,
          .subresource = {}};
}

NodeFacts facts(const std::string& node, const std::string& criu) {
  NodeFacts made;
  made.node = node;
  made.heartbeat = at(0ms);
  made.runtime = "containerd";
  made.runtime_version = "2.3.7";
  made.criu = criu;
  return made;
}

kube::Kubeconfig kubeconfig() {
  kube::Kubeconfig made;
  made.contexts = {{"arn:aws:eks:eu:1:cluster/a", {}}, {"kind-a", {}}, {"with a blank", {}}};
  made.clusters = {{"kind-a", {}}};
  made.users = {{"jane@kind-a", {}}};
  made.current_context = "kind-a";
  return made;
}

// Namespace shop: Pods orders (running), orders-0 and orders-10 (of a set), ending and pending ones; the set orders;
// Migrations in several phases; two nodes with agents. Namespace bank: one Pod.
struct Shell {
  std::shared_ptr<fakes::Cluster> cluster = std::make_shared<fakes::Cluster>();
  int asked = 0;
  bool is_reached = true;

  Shell() {
    cluster->put(kube::core("namespaces", "", "shop"), {{"metadata", {{"labels", {{kEnabledLabel, "true"}}}}}});
    cluster->put(kube::core("namespaces", "", "bank"), Json::object());
    cluster->put(kube::pod("shop", "orders"), running("node-a"));
    cluster->put(kube::pod("shop", "orders-0"), running("node-a"));
    cluster->put(kube::pod("shop", "orders-10"), running("node-b"));
    cluster->put(kube::pod("shop", "orders-new-1"), running("node-b"));
    cluster->put(kube::pod("shop", "list"), running("node-b"));
    Json ending = running("node-a");
    ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    cluster->put(kube::pod("shop", "orders-ending"), ending);
    cluster->put(kube::pod("shop", "orders-pending"), {{"status", {{"phase", "Pending"}}}});
    cluster->put(kube::pod("bank", "ledger"), running("node-a"));
    cluster->put(set_path("orders"), {{"spec", {{"replicas", 3}}}, {"status", {{"readyReplicas", 2}}}});
    add("done", Phase::succeeded);
    add("doubtful", Phase::in_doubt);
    add("moving", Phase::checkpointing);
    add("restoring", Phase::restoring);
    for (const NodeFacts& one : {facts("node-a", "4.2.1"), facts("node-b", "")})
      cluster->put({.group = kGroup,
                    .version = kVersion,
                    .plural = "migrationnodes",
                    .namespace_ = {},
                    .name = one.node,
                    .subresource = {}},
                   to_json(one));
  }
  void add(const std::string& name, Phase phase) {
    Migration migration = migration_in(phase);
    migration.name = name;
    cluster->put(migrations("shop", name), with_status(migration));
  }
  std::string tell(const Texts& words) {
    std::ostringstream out;
    complete(words,
             {.cluster = [this](const kube::ConfigFlags& flags) -> std::optional<Reached> {
                ++asked;
                if (!is_reached) return std::nullopt;
                return Reached{cluster, flags.namespace_.empty() ? "shop" : flags.namespace_};
              },
              .kubeconfig = [](const kube::ConfigFlags& flags) -> std::optional<kube::Kubeconfig> {
                if (flags.kubeconfig == "/missing") return std::nullopt;
                return kubeconfig();
              }},
             out);
    return out.str();
  }
};

struct Row {
  Texts words;
  std::string told;
};
std::ostream& operator<<(std::ostream& out, const Row& one) {
  return out << '[' << joined(one.words, "] [") << ']';
}

const std::vector<Row> kRows = {
    // commands and Pods in one place
    {{"stat"}, "status\tFollow a migration to its end, or show how it ended\n:4\n"},
    {{"st"},
     "status\tFollow a migration to its end, or show how it ended\nsts/\tOne of a StatefulSet, with --ordinal\n:4\n"},
    {{"sts"}, "sts/\tOne of a StatefulSet, with --ordinal\n:6\n"},
    {{"orders"}, "orders\ton node-a\norders-0\ton node-a\norders-10\ton node-b\norders-new-1\ton node-b\n:4\n"},
    // a Pod that is called like a command is named as pod/NAME
    {{"lis"}, "list\tList migrations\n:4\n"},
    {{"pod/li"}, "pod/list\ton node-b\n:4\n"},
    {{"po/orders-1"}, "po/orders-10\ton node-b\n:4\n"},
    {{"sts/"}, "sts/orders\t2 of 3 Pods ready\n:4\n"},
    {{"statefulset/o"}, "statefulset/orders\t2 of 3 Pods ready\n:4\n"},
    {{"deploy/o"}, ":4\n"},
    {{"nothing-like-it"}, ":4\n"},
    // one name is all that a command takes
    {{"orders", ""}, ":4\n"},
    {{"check", "orders-0"}, "orders-0\ton node-a\n:4\n"},
    {{"check-app", "pod/orders-0"}, "pod/orders-0\ton node-a\n:4\n"},
    {{"status", "done", ""}, ":4\n"},
    {{"list", ""}, ":4\n"},
    {{"nodes", ""}, ":4\n"},
    {{"--", "orders-0"}, "orders-0\ton node-a\n:4\n"},
    // the namespace that was chosen
    {{"-n", "bank", "l"}, "list\tList migrations\nledger\ton node-a\n:4\n"},
    {{"--namespace=bank", "le"}, "ledger\ton node-a\n:4\n"},
    {{"-nbank", "le"}, "ledger\ton node-a\n:4\n"},
    {{"-n=bank", "check", ""},
     "pod/\tA Pod, also one that is called like a command\n"
     "sts/\tOne of a StatefulSet, with --ordinal\nledger\ton node-a\n:4\n"},
    {{"orders", "-n", ""}, "bank\nshop\tmigrations are allowed\n:4\n"},
    {{"orders", "--namespace=s"}, "shop\tmigrations are allowed\n:4\n"},
    // Migrations that the command can do something about
    {{"status", ""},
     "done\tSucceeded, Pod orders to node-b\ndoubtful\tInDoubt, Pod orders to node-b\n"
     "moving\tCheckpointing, Pod orders to node-b\nrestoring\tRestoring, Pod orders to node-b\n:4\n"},
    {{"describe", "mig/do"},
     "mig/done\tSucceeded, Pod orders to node-b\n"
     "mig/doubtful\tInDoubt, Pod orders to node-b\n:4\n"},
    {{"describe", "pod/do"}, ":4\n"},
    {{"abort", ""}, "moving\tCheckpointing, Pod orders to node-b\n:4\n"},
    {{"resolve", ""}, "doubtful\tInDoubt, Pod orders to node-b\n:4\n"},
    {{"resume", "d"}, "doubtful\tInDoubt, Pod orders to node-b\n:4\n"},
    // values
    {{"orders", "--to", ""}, "node-a\tcontainerd 2.3.7, CRIU 4.2.1\nnode-b\tcontainerd 2.3.7, no CRIU\n:4\n"},
    {{"orders", "--to=node-b"}, "node-b\tcontainerd 2.3.7, no CRIU\n:4\n"},
    {{"self-test", "--from", "node-a"}, "node-a\tcontainerd 2.3.7, CRIU 4.2.1\n:4\n"},
    {{"sts/orders", "--ordinal", ""}, "0\ton node-a\n10\ton node-b\n:4\n"},
    {{"check", "sts/orders", "--ordinal=1"}, "10\ton node-b\n:4\n"},
    {{"orders", "--ordinal", ""}, ":4\n"},
    {{"orders", "--strategy", "s"}, "sequential\nstop\n:4\n"},
    {{"orders", "--strategy=l"}, "live\n:4\n"},
    {{"orders", "--checkpoint", ""}, "auto\nkubelet\ndirect\n:4\n"},
    {{"orders", "--restore", "i"}, "image\n:4\n"},
    {{"orders", "--transfer", "r"}, "registry\n:4\n"},
    {{"orders", "--dry-run", ""}, "none\nserver\nclient\n:4\n"},
    {{"orders", "--accept", ""}, "init-containers\npost-start\nemptydir-loss\n:4\n"},
    {{"orders", "--accept", "post-start,e"}, "post-start,emptydir-loss\n:4\n"},
    {{"orders", "--accept=post-start,"}, "post-start,init-containers\npost-start,emptydir-loss\n:4\n"},
    {{"orders", "--accept", "post-start", "--accept", "p"}, ":4\n"},
    {{"check-app", "orders", "--accept", ""}, "touch-queue\n:4\n"},
    {{"orders", "--keep-name="}, "true\nfalse\n:4\n"},
    {{"orders", "--timeout", ""}, ":4\n"},
    {{"orders", "--broker-secret", ""}, ":4\n"},
    {{"resolve", "doubtful", "--keep", ""}, "source\ntarget\n:4\n"},
    {{"list", "-o", ""}, "json\njsonpath=\nname\nwide\nyaml\n:4\n"},
    {{"list", "-o=jsonp"}, "jsonpath=\n:6\n"},
    {{"check", "-o", ""}, "json\nyaml\n:4\n"},
    // of the kubeconfig; what a shell would have to quote is left out
    {{"orders", "--context", ""}, "arn:aws:eks:eu:1:cluster/a\nkind-a\tcurrent\n:4\n"},
    {{"orders", "--cluster", ""}, "kind-a\n:4\n"},
    {{"orders", "--user=jane"}, "jane@kind-a\n:4\n"},
    {{"--kubeconfig", "/missing", "orders", "--context", ""}, ":4\n"},
    {{"--kubeconfig", "/ho"}, ":0\n"},
    {{"--client-key=/ho"}, ":0\n"},
    // flags of the command
    {{"resume", "doubtful", "--f"}, "--from-checkpoint\tRestore the archives once more\n:4\n"},
    {{"orders", "--to", "node-b", "--t"},
     "--transfer\tHow archives travel: direct, from node to node, or registry\n"
     "--timeout\tNot committed by then, it is rolled back\n--tls-server-name\n--token\n:4\n"},
    {{"list", "-A", "--all"}, ":4\n"},
    {{"list", "--se"}, "--selector\tSelector (label query) to filter on, supports '=', '==', ...\n--server\n:4\n"},
    {{"status", "x", "--keep"}, ":4\n"},
    {{"list", "-l"}, "-l\tSelector (label query) to filter on, supports '=', '==', ...\n:4\n"},
    {{"completion", "--"}, "--help\n:4\n"},
    // words of their own
    {{"completion", ""}, "bash\nfish\nzsh\n:4\n"},
    {{"help", "ab"}, "abort\tEnd it with the source running as before\n:4\n"},
    // what cannot be understood
    {{"--no-such-flag", "orders-0"}, "orders-0\ton node-a\n:4\n"},
    {{"--no-such-flag=x", "orders-0"}, "orders-0\ton node-a\n:4\n"},
    {{"orders", "--no-such-flag="}, ":4\n"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(completions)

BOOST_DATA_TEST_CASE(a_word_has_these_choices, data::make(kRows), one) {
  BOOST_TEST(Shell{}.tell(one.words) == one.told);
}

BOOST_AUTO_TEST_CASE(an_empty_word_has_every_command_and_pod) {
  for (const Texts& words : {Texts{}, Texts{""}}) {
    const std::string told = Shell{}.tell(words);
    for (const std::string_view word : verb_words())
      check_says("\n" + told, "\n" + std::string(word) + "\t");
    check_says(told, "\npod/\t");
    check_says(told, "\nsts/\t");
    check_says(told, "\norders\ton node-a\n");
    BOOST_TEST(told.ends_with("\n:4\n"));
  }
}

BOOST_AUTO_TEST_CASE(a_dash_has_every_flag_of_the_command) {
  for (std::size_t i = 0; i < kVerbs; ++i) {
    const auto verb = static_cast<Verb>(i);
    if (!has_options(verb)) continue;
    const std::string told =
        "\n" + Shell{}.tell(verb == Verb::migrate ? Texts{"-"} : Texts{std::string(to_string(verb)), "-"});
    for (const Flag& flag : all_flags()) {
      const std::string line = "\n--" + std::string(flag.name);
      const bool is_told = told.find(line + "\t") != std::string::npos || told.find(line + "\n") != std::string::npos;
      BOOST_TEST(is_told == fits(flag, verb), flag.name << " of " << to_string(verb));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_cluster_is_asked_once_and_only_for_names) {
  for (const Texts& words :
       {Texts{"orders", "--"}, Texts{"orders", "--strategy", ""}, Texts{"list", ""}, Texts{"completion", ""},
        Texts{"orders", "--context", ""}, Texts{"orders", "--kubeconfig", ""}, Texts{"orders", "--ordinal", ""}}) {
    Shell shell;
    (void)shell.tell(words);
    BOOST_TEST(shell.asked == 0, joined(words, " "));
  }
  Shell shell;
  (void)shell.tell({""});
  BOOST_TEST(shell.asked == 1);
}

// What is known without it is told all the same, and nothing else.
BOOST_AUTO_TEST_CASE(without_a_cluster_or_a_right_there_are_no_names) {
  Shell cut_off;
  cut_off.is_reached = false;
  BOOST_TEST(cut_off.tell({"orders", "--to", ""}) == ":4\n");
  BOOST_TEST(cut_off.tell({"sts"}) == "sts/\tOne of a StatefulSet, with --ordinal\n:6\n");
  Shell forbidden;
  forbidden.cluster->forbid("list pods");
  BOOST_TEST(forbidden.tell({"orders"}) == ":4\n");
  Shell not_installed;
  not_installed.cluster->forget_type("migrations");
  BOOST_TEST(not_installed.tell({"status", ""}) == ":4\n");
}

BOOST_AUTO_TEST_CASE(what_others_wrote_cannot_steer_the_shell) {
  Shell shell;
  Migration migration = migration_in(Phase::checkpointing);
  migration.name = "evil";
  migration.spec.pod = "a\tb\n\x1b[31mc";
  shell.cluster->put(migrations("shop", "evil"), with_status(migration));
  const std::string told = shell.tell({"status", "evil"});
  BOOST_TEST(std::count(told.begin(), told.end(), '\n') == 2);
  BOOST_TEST(std::count(told.begin(), told.end(), '\t') == 1);
  BOOST_TEST(told.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(kubectl_calls_it_by_another_name) {
  BOOST_TEST(is_completion_program("/usr/local/bin/kubectl_complete-migrate"));
  BOOST_TEST(is_completion_program("kubectl_complete-migrate_pod"));
  BOOST_TEST(!is_completion_program("/usr/local/bin/kubectl-migrate"));
  BOOST_TEST(!is_completion_program("/opt/kubectl_complete-migrate/kubectl-migrate"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
